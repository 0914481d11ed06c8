// Least values of numeric options; CLI11's own checks of this kind print ranges of 309 digits.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

namespace number_checks {

template <class Holds>
CLI::Validator expect(const std::string& what, Holds holds) {
  const auto check = [what, holds](std::string& text) {
    try {
      if (holds(parse_number("", text))) return std::string();
    } catch (const InputError&) {
    }
    return "found " + text + "; expected " + what;
  };
  return CLI::Validator(check, "");
}

}  // namespace number_checks

// Message: "--threads: found -1; expected at least 1".
inline CLI::Validator at_least(int least) {
  return number_checks::expect(concat("at least ", least), [least](double value) { return value >= least; });
}

inline CLI::Validator above_zero() {
  return number_checks::expect("a number above 0", [](double value) { return value > 0; });
}

}  // namespace tss
