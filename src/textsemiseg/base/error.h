// Errors that carry an exit code. Every message is one line: which file or option, what was found, what was expected. Words from outside
// in it (names of files and of records in them) cannot break it: what would is made visible.
#pragma once

#include <stdexcept>
#include <string>

#include "textsemiseg/base/printable.h"

namespace tss {

enum class ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kBadInput = 3, kInterrupted = 130 };

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, ExitCode code = ExitCode::kFailed)
      : std::runtime_error(printable(message)), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// Something the user gave cannot be used: a file, a field of a file, a value of an option (exit code 3).
class InputError : public Error {
 public:
  // subject: file, field or option; found and expected complete the line "subject: found; expected ...".
  InputError(const std::string& subject, const std::string& found, const std::string& expected = "")
      : Error(subject + ": " + found + (expected.empty() ? "" : "; expected " + expected), ExitCode::kBadInput) {}
};

// The command line itself is wrong (exit code 2).
class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(message, ExitCode::kUsage) {}
};

// The user stopped the program; state was saved first (exit code 130).
class Interrupted : public Error {
 public:
  explicit Interrupted(const std::string& message) : Error(message, ExitCode::kInterrupted) {}
};

}  // namespace tss
