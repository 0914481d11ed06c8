#include "textsemiseg/workflows/score_files.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/segmentation.h"
#include "textsemiseg/source/source.h"
#include "textsemiseg/workflows/scored_maps.h"

namespace tss {

std::vector<std::string> class_name_list(const std::string& text) {
  const std::vector<std::string> names = comma_list(text);
  if (names.size() == 1) throw UsageError("--classes: found '" + text + "'; expected two names or more, background first");
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (name.empty() || !seen.insert(name).second)
      throw UsageError("--classes: found " + (name.empty() ? "an empty name" : "'" + name + "' twice") +
                       "; expected a name of its own for each class");
  }
  return names;
}

CaseScores score_maps(const FilePair& files, const LabelMap& prediction, const LabelMap& reference,
                      const std::vector<std::string>& class_names, const ScoreOptions& options, double grid_tolerance) {
  const Geometry &own = prediction.geometry, &grid = reference.geometry;
  if (const std::string difference = grid_difference(own, grid, grid_tolerance); !difference.empty()) {
    const std::string apart = own.size == grid.size ? concat("; its corners are up to ", grid_distance(own, grid),
                                                             " voxels away, more than ", grid_tolerance, " (--grid-tolerance)")
                                                    : "";
    throw InputError(files.prediction.string(), difference + apart, "the grid of " + files.reference.string());
  }
  if (class_names.empty()) return {files.id, score_present_classes(prediction, reference, options)};
  require_known_labels(prediction, class_names.size() - 1, files.prediction.string());
  require_known_labels(reference, class_names.size() - 1, files.reference.string());
  std::vector<int> labels(class_names.size() - 1);
  std::iota(labels.begin(), labels.end(), 1);
  return {files.id, score_classes(prediction, reference, labels, options)};
}

ScoreSet score_pairs(const std::vector<FilePair>& pairs, const std::vector<std::string>& class_names, const ScoreOptions& options,
                     double grid_tolerance) {
  ScoreSet set;
  const ScoredMapReader reader(pairs, class_names);
  set.class_names = reader.class_names();
  set.empty = options.empty;
  Progress progress("scoring", static_cast<int64_t>(pairs.size()));
  for (size_t i = 0; i < pairs.size(); ++i) {
    const ScoredMaps maps = reader.read(pairs[i], grid_tolerance);
    set.cases.push_back(score_maps(pairs[i], maps.prediction, maps.reference, class_names, options, grid_tolerance));
    for (ClassScore& score : set.cases.back().classes)
      if (!maps.values.empty()) score.label = maps.values[static_cast<size_t>(score.label)];
    if (pairs.size() > 1) progress.update(static_cast<int64_t>(i) + 1, pairs[i].id);
  }
  set.fill_absent_classes();
  return set;
}

}  // namespace tss
