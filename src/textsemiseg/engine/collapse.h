// Signs that a training has collapsed. A network that is rewarded for agreeing with itself can do so on one class, everywhere but in
// the few labelled cases, and the losses need not show it: MC-Net scores 0.94 on its labelled cases and 0.07 elsewhere in
// docs/results/first_runs.md.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/inference/sliding_window.h"
#include "textsemiseg/methods/method.h"

namespace tss {

// Gives its warning once. Empty: nothing to say.
class CollapseWatch {
 public:
  // After a validation: warns at the second score in a row below half of the best one (of 0.3 at least: what has not learnt cannot
  // collapse). what: "validation".
  std::string after_score(const char* what, double score, double best, int64_t best_iteration);
  // Where no cases choose the checkpoint: warns when labelled cases score 0.5 at least and the foreground of unlabelled cases is below a
  // quarter of the labels' or above four times as much.
  std::string after_foreground(double share, size_t cases, double labelled_score);
  void begin_phase() { low_scores_ = 0; }

 private:
  int low_scores_ = 0;
  bool warned_ = false;
};

// Foreground that the method finds in unlabelled cases, as a share of what the labels of the first ten labelled cases hold: mean volumes
// in mm^3. 0 where these labels are empty.
double foreground_share(Method& method, const Dataset& dataset, const std::vector<std::string>& unlabelled,
                        const WindowOptions& window, torch::Device device);

}  // namespace tss
