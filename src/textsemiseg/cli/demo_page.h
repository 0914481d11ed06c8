// The page that shows finished runs side by side, from the files they left.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/report/page.h"

namespace tss {

struct ShownRun {
  std::string name;              // of the method
  std::filesystem::path folder;  // of the run: log.jsonl, run.json, results/<role>/
};

struct ShownCase {
  std::string id;
  std::filesystem::path image, reference;
};

// Scores on the test cases, curves, slices of the given cases, protocol, environment and text sources. All runs must have the same
// classes. Throws InputError naming the file that is missing or lacks something.
Page page_of_runs(const std::vector<ShownRun>& runs, const std::vector<ShownCase>& cases);

}  // namespace tss
