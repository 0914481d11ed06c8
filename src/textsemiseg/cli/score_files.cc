#include "textsemiseg/cli/score_files.h"

#include <algorithm>
#include <numeric>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/data/source.h"

namespace tss {
namespace {

void check_labels(const std::filesystem::path& file, const LabelMap& map, size_t classes) {
  const uint8_t highest = map.voxels.empty() ? 0 : *std::max_element(map.voxels.begin(), map.voxels.end());
  if (highest >= classes) {
    throw InputError(file.string(), concat("holds label ", int{highest}), concat("labels 0 to ", classes - 1));
  }
}

}  // namespace

CaseScores score_maps(const FilePair& files, const LabelMap& prediction, const LabelMap& reference,
                      const std::vector<std::string>& class_names, const ScoreOptions& options) {
  const std::string difference = grid_difference(prediction.geometry, reference.geometry);
  if (!difference.empty()) throw InputError(files.prediction.string(), difference, "the grid of " + files.reference.string());
  if (class_names.empty()) return {files.id, score_present_classes(prediction, reference, options)};
  check_labels(files.prediction, prediction, class_names.size());
  check_labels(files.reference, reference, class_names.size());
  std::vector<int> labels(class_names.size() - 1);
  std::iota(labels.begin(), labels.end(), 1);
  return {files.id, score_classes(prediction, reference, labels, options)};
}

CaseScores score_files(const FilePair& files, const std::vector<std::string>& class_names, const ScoreOptions& options) {
  return score_maps(files, read_scan_label(files.prediction), read_scan_label(files.reference), class_names, options);
}

ScoreSet score_pairs(const std::vector<FilePair>& pairs, const std::vector<std::string>& class_names,
                     const ScoreOptions& options) {
  ScoreSet set;
  set.class_names = class_names;
  set.empty = options.empty;
  Progress progress("scoring", static_cast<int64_t>(pairs.size()));
  for (size_t i = 0; i < pairs.size(); ++i) {
    set.cases.push_back(score_files(pairs[i], class_names, options));
    if (pairs.size() > 1) progress.update(static_cast<int64_t>(i) + 1, pairs[i].id);
  }
  set.fill_absent_classes();
  return set;
}

}  // namespace tss
