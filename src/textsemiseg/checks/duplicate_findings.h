// Duplicates among the cases as findings.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "textsemiseg/checks/case_facts.h"
#include "textsemiseg/checks/duplicates.h"
#include "textsemiseg/checks/finding.h"

namespace tss {

// "b is the same scan as a, cropped ...": what a user is told of two cases.
std::string describe(const DuplicateMatch& match, const std::string& first, const std::string& second);

// read: the sketched channel of a case, as its sketch was made from; called for the few cases that are suspected. An error where the
// scans of one group play different parts (training, validation, test), else a warning.
void judge_duplicates(const std::vector<CaseFacts>& cases, const std::function<Image(size_t)>& read,
                      std::vector<Finding>& findings);

}  // namespace tss
