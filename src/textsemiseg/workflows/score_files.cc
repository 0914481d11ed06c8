#include "textsemiseg/workflows/score_files.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/segmentation.h"
#include "textsemiseg/source/source.h"
#include "textsemiseg/volume/align.h"

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
                      const std::vector<std::string>& class_names, const ScoreOptions& options) {
  const std::string difference = grid_difference(prediction.geometry, reference.geometry);
  if (!difference.empty()) throw InputError(files.prediction.string(), difference, "the grid of " + files.reference.string());
  if (class_names.empty()) return {files.id, score_present_classes(prediction, reference, options)};
  require_known_labels(prediction, class_names.size() - 1, files.prediction.string());
  require_known_labels(reference, class_names.size() - 1, files.reference.string());
  std::vector<int> labels(class_names.size() - 1);
  std::iota(labels.begin(), labels.end(), 1);
  return {files.id, score_classes(prediction, reference, labels, options)};
}

CaseScores score_files(const FilePair& files, const std::vector<std::string>& class_names, const ScoreOptions& options) {
  LabelMap prediction = Scan::open(files.prediction)->read_label();
  const LabelMap reference = Scan::open(files.reference)->read_label();
  bool placed = false;  // what still differs, score_maps says
  align_labels(prediction, reference.geometry, &placed);
  if (placed)
    log_warning(files.prediction.string() + ": has no place of its own, taken to lie where " + files.reference.string() +
                " does");
  return score_maps(files, prediction, reference, class_names, options);
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
