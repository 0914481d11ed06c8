// What the program says of an exception that ended a verb, or the work on one scan of many.
#pragma once

#include <exception>
#include <string>

#include "textsemiseg/base/error.h"

namespace tss {

struct Failure {
  std::string message;  // one line
  ExitCode code;
};
// verb: for the advice where memory ran out.
Failure failure_of(const std::exception_ptr& error, const std::string& verb);

}  // namespace tss
