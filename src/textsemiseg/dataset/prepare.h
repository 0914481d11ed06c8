// From a source folder to a dataset folder: reads every scan once, checks it, applies the recipe, fills the cache, and writes
// dataset.json and split.json last, so that a folder with a split.json is complete.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/dataset/cache.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/dataset/make_split.h"
#include "textsemiseg/dataset/source_classes.h"
#include "textsemiseg/recipe/recipe.h"
#include "textsemiseg/source/label_table.h"
#include "textsemiseg/source/published_dataset.h"
#include "textsemiseg/source/source.h"

namespace tss {

// One of several sources.
struct SourceFolder {
  std::string name;
  std::filesystem::path folder;
  std::vector<LabelRule> label_map;  // goes before what the source says
};

struct PrepareOptions {
  std::filesystem::path source;
  std::vector<SourceFolder> sources;   // two or more, in place of `source`; their labels may differ in their classes
  std::vector<ClassRule> class_rules;  // of `sources`
  std::filesystem::path dataset;
  Recipe recipe;
  DatasetFacts facts;  // what the recipe's file knows of the data set, where the source does not say
  // Names where the source has no dataset.json; empty: as the source or the facts say. Of several sources: those of the dataset; empty:
  // those of the first.
  std::vector<std::string> classes;
  std::vector<LabelRule> label_map;  // goes before what the source says
  SplitOptions split;
  std::string split_file;  // a split.json to use as it is, nnU-Net's list of folds, or a name of configs/splits; empty: make one
  std::optional<int64_t> fold;  // of that list, or of the folds in the source's dataset.json
  SourceOptions files;          // which files of the source are what; its fold is set from `fold`
  // Replace a dataset.json of another recipe, and a split.json or folds that differ from what the split options ask for; without split
  // options these stay. Scans are compared with what was prepared in full.
  bool overwrite = false;
  int64_t threads = 0;  // 0: one per core
};

struct PrepareSummary {
  int64_t prepared = 0;  // cases done in this call
  int64_t kept = 0;      // cases that were current
  Split split;
  bool split_kept = false;  // an existing split.json was left as it is
  int64_t fell_back = 0;    // cases prepared in this call that a crop around the label found without one
};

// Throws InputError (file or option, what was found, what was expected); then cases already prepared stay in the cache, and
// dataset.json and split.json are untouched.
PrepareSummary prepare_dataset(const PrepareOptions& options);

// Throws InputError naming the file, the number of NaN and infinite voxels and the first of them.
void check_finite(const Image& image, const std::filesystem::path& file);

// The source with the names, classes and files that the options and the facts add, as dataset.json will say; nothing is prepared.
// Throws InputError where classes are unknown or contradict each other.
DatasetRecord record_of_source(const PrepareOptions& options);
// The split that prepare would use; where the source has no label to train on, none: every role is empty.
Split split_of_source(const PrepareOptions& options, const DatasetRecord& record);
std::vector<std::string> labelled_cases(const PrepareOptions& options, const DatasetRecord& record);

}  // namespace tss
