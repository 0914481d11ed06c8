// What tests of several folders need: a folder of their own, the place of real scans, the message of an expected error.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/temporary_folder.h"

namespace tss::testing {

using tss::TemporaryFolder;

// The folder of real scans; empty where there is none (the test says "skipped: no data").
inline std::optional<std::filesystem::path> test_data() {
  const char* folder = std::getenv("TSS_TEST_DATA");
  if (!folder || !std::filesystem::is_directory(folder)) return std::nullopt;
  return std::filesystem::path(folder);
}

// The message of the InputError that action() throws; "no error" without one. Checks that it is one line.
template <class Action>
std::string input_error_of(const Action& action) {
  try {
    action();
  } catch (const InputError& error) {
    const std::string message = error.what();
    return message.find('\n') == std::string::npos ? message : "more than one line: " + message;
  }
  return "no error";
}

// The file's bytes without the last `missing`.
inline void truncate_copy(const std::filesystem::path& from, const std::filesystem::path& to, size_t missing) {
  const std::string bytes = read_text_file(from, kMostLogBytes);
  std::ofstream(to, std::ios::binary) << bytes.substr(0, bytes.size() - missing);
}

}  // namespace tss::testing
