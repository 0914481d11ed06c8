// What a check has found: one thing, the cases it concerns, and what to do about it.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/base/config.h"

namespace tss {

enum class Severity { kNote, kWarning, kError };  // kError: training would be unsound, or prepare refuses
const char* severity_name(Severity severity);

struct Finding {
  Severity severity = Severity::kWarning;
  std::string code;                // "grid_mismatch"; docs/check.md lists them all
  std::vector<std::string> cases;  // ids; empty: the data set as a whole
  std::string message;             // one line: which file, what was found, what was expected
  std::string advice;              // what to do
};

Json to_json(const Finding& finding);
// Errors first; then by code and by first case.
void sort_findings(std::vector<Finding>& findings);
// "a, b, c and 12 more"
std::string few_of(const std::vector<std::string>& names, size_t most = 5);

}  // namespace tss
