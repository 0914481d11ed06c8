// From a source folder to a dataset folder: reads every scan once, checks it, applies the recipe, fills the cache, and writes
// dataset.json and split.json last, so that a folder with a split.json is complete.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/data/cache.h"
#include "textsemiseg/data/recipe.h"
#include "textsemiseg/data/source.h"
#include "textsemiseg/data/split.h"

namespace tss {

struct PrepareOptions {
  std::filesystem::path source;
  std::filesystem::path dataset;
  Recipe recipe;
  std::vector<std::string> classes;  // names where the source has no dataset.json; empty: as the source or the recipe says
  SplitOptions split;
  std::string split_file;  // a split.json to use as it is; empty: make one
  bool overwrite = false;  // replace a dataset.json of another recipe and a split.json of other roles
  int64_t threads = 0;     // 0: one per core
};

struct PrepareSummary {
  int64_t prepared = 0;  // cases done in this call
  int64_t kept = 0;      // cases that were current
  Split split;
  bool split_kept = false;  // an existing split.json was left as it is
};

// Throws InputError (file or option, what was found, what was expected); then cases already prepared stay in the cache, and
// dataset.json and split.json are untouched.
PrepareSummary prepare_dataset(const PrepareOptions& options);

// Throws InputError naming the file, the number of NaN and infinite voxels and the first of them.
void check_finite(const Image& image, const std::filesystem::path& file);

// One case: reads, checks (grids, finite values, label values below `classes`) and applies the recipe.
PreparedCase prepare_case(const SourceCase& item, const Recipe& recipe, const std::vector<std::string>& class_names);

}  // namespace tss
