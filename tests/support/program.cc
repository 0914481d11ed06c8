#include "support/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "support/testing.h"
#include "textsemiseg/base/error.h"

namespace tss::testing {
namespace {

int code_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

int start(const std::string& program, const std::vector<std::string>& words, const std::filesystem::path& output,
          const std::filesystem::path& messages) {
  const int pid = ::fork();
  if (pid < 0) throw Error("cannot start " + program);
  if (pid > 0) return pid;
  const auto redirect = [](const std::filesystem::path& path, int to) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(file, to);
  };
  redirect(output, STDOUT_FILENO);
  redirect(messages, STDERR_FILENO);
  std::vector<char*> arguments{const_cast<char*>(program.c_str())};
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(program.c_str(), arguments.data());
  ::_exit(127);
}

}  // namespace

std::string program_path() { return TSS_PROGRAM; }

ProgramResult run_textsemiseg(const std::vector<std::string>& words) { return run_words(program_path(), words); }

ProgramResult run_words(const std::string& program, const std::vector<std::string>& words) {
  const TemporaryFolder folder;
  const int pid = start(program, words, folder / "output", folder / "messages");
  int status = 0;
  ::waitpid(pid, &status, 0);
  return {code_of(status), read_text_file(folder / "output"), read_text_file(folder / "messages")};
}

BackgroundProgram::BackgroundProgram(const std::vector<std::string>& words)
    : pid_(start(TSS_PROGRAM, words, "/dev/null", "/dev/null")) {}

BackgroundProgram::~BackgroundProgram() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait();
}

void BackgroundProgram::signal(int number) { ::kill(pid_, number); }

int BackgroundProgram::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return code_of(status);
}

}  // namespace tss::testing
