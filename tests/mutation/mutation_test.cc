// Every reader, a thousand damaged files each: a file is read or refused in one line, nothing else. No signal, no other kind of error, no
// words of a library on the terminal. TSS_MUTATIONS=N takes N of them, TSS_MUTATION_SEED another series.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <torch/types.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "mutation/mutate.h"
#include "mutation/readers.h"
#include "support/testing.h"
#include "textsemiseg/base/log.h"

namespace tss::mutation_test {

namespace fs = std::filesystem;

int64_t environment_number(const char* name, int64_t otherwise) {
  const char* value = std::getenv(name);
  return value ? std::strtoll(value, nullptr, 10) : otherwise;
}

// What is written to a file descriptor while it lives goes to a file.
class Captured {
 public:
  Captured(int descriptor, const fs::path& file) : descriptor_(descriptor), kept_(dup(descriptor)), file_(file) {
    const int to = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    dup2(to, descriptor_);
    close(to);
  }
  ~Captured() {
    dup2(kept_, descriptor_);
    close(kept_);
  }
  // Since the last call.
  std::string take() {
    std::ifstream in(file_, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!text.empty()) fs::resize_file(file_, 0);
    return text;
  }

 private:
  int descriptor_, kept_;
  fs::path file_;
};

// Without the program's own warnings, which are lines of their own.
std::string foreign_words(const std::string& words) {
  std::istringstream lines(words);
  std::string out, line;
  while (std::getline(lines, line))
    if (!line.starts_with("warning: ")) out += line + "\n";
  return out;
}

std::string outcome_of(const testing::Reader& reader, const fs::path& file) {
  try {
    reader.read(file);
  } catch (const InputError& error) {
    const std::string message = error.what();
    return message.find('\n') == std::string::npos ? "" : "more than one line: " + message;
  } catch (const std::exception& error) {
    return std::string("another error than InputError: ") + error.what();
  }
  return "";
}

class Mutation : public ::testing::TestWithParam<testing::Reader> {};

TEST_P(Mutation, IsReadOrRefusedInOneLine) {
  set_log_level(LogLevel::kQuiet);
  torch::manual_seed(1);  // the writers draw values: the same bytes each time
  const testing::TemporaryFolder folder, captures;
  const fs::path file = GetParam().write(folder.path());
  ASSERT_EQ(outcome_of(GetParam(), file), "") << "the file as it was written";
  const std::string right = read_text_file(file, int64_t{1} << 30);
  const int64_t count = environment_number("TSS_MUTATIONS", 1000);
  const auto seed = static_cast<uint64_t>(environment_number("TSS_MUTATION_SEED", 1));
  int failures = 0;
  for (int64_t number = 0; number < count && failures < 5; ++number) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << testing::mutated(right, seed, static_cast<uint64_t>(number));
    std::string words, outcome;
    {
      Captured out(STDOUT_FILENO, captures / "out"), error(STDERR_FILENO, captures / "error");
      outcome = outcome_of(GetParam(), file);
      words = foreign_words(out.take() + error.take());
    }
    if (!outcome.empty()) {
      ++failures;
      ADD_FAILURE() << "mutation " << number << ": " << outcome.substr(0, 300);
    }
    if (!words.empty()) {
      ++failures;
      ADD_FAILURE() << "mutation " << number << " made a library speak: " << words.substr(0, 300);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Readers, Mutation, ::testing::ValuesIn(testing::readers()), [](const auto& test) {
  std::string name(test.param.name);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

// A header that promises more than there is must not be believed: a read that asks for gigabytes fails here.
class Limits : public ::testing::Environment {
  void SetUp() override {
    const rlimit limit{rlim_t{12} << 30, rlim_t{12} << 30};
    setrlimit(RLIMIT_AS, &limit);
  }
};
const auto* const kLimits = ::testing::AddGlobalTestEnvironment(new Limits);

}  // namespace tss::mutation_test
