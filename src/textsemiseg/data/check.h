// A look at a prepared dataset before hours are spent training on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "textsemiseg/data/dataset.h"

namespace tss {

struct ClassPresence {
  std::map<Role, int64_t> cases;  // cases of each role in which the class occurs
  int64_t voxels = 0;             // in all cases with a label, on the prepared grid
};

struct DatasetCheck {
  std::vector<ClassPresence> classes;  // by class, 0 is the background
  std::vector<std::string> warnings;   // worth a look
  std::vector<std::string> errors;     // training would be unsound
};

// Errors: no labelled case, a class that no labelled case shows. Warnings: names that mean nothing, a class that no validation or
// test case shows (its score is undefined), classes below 0.01 % of the voxels, no unlabelled cases. Throws InputError as Dataset::open.
DatasetCheck check_dataset(const std::filesystem::path& folder, const std::string& split = "");

Json to_json(const DatasetCheck& check, const std::vector<std::string>& class_names);

}  // namespace tss
