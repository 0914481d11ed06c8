#include "textsemiseg/engine/collapse.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/validation.h"

namespace tss {
namespace {

constexpr double kWorthLosing = 0.3, kLeftOfScore = 0.5, kLearnt = 0.5;
// Three unlabelled cases of runs that had collapsed got 0.0001, 0.007, 0.18, 0.23 and 15 times the labels' foreground, of one that had
// not 0.88 (docs/results/normalisation.md).
constexpr double kLeastForeground = 0.25, kMostForeground = 4;
constexpr int kInARow = 2;
constexpr const char* kRemedy = ". On small patches --set network.normalisation=instance helped";
constexpr size_t kMostLabelled = 10;

double voxel_volume(const CachedCase& one) {
  const Vector3& spacing = one.geometry.spacing;
  return spacing[0] * spacing[1] * spacing[2];
}

int64_t labelled_voxels(const CachedCase& one, const std::string& id) {
  if (!one.label) throw InputError("labelled case " + id, "has no label", "a case with a label");
  const auto* first = one.label->data<uint8_t>();
  const Size3& size = one.geometry.size;
  return std::count_if(first, first + size[0] * size[1] * size[2], [](uint8_t value) { return value > 0; });
}

}  // namespace

std::string CollapseWatch::after_score(const char* what, double score, double best, int64_t best_iteration) {
  low_scores_ = best >= kWorthLosing && score < kLeftOfScore * best ? low_scores_ + 1 : 0;
  if (warned_ || low_scores_ < kInARow) return {};
  warned_ = true;
  return concat(what, " Dice fell from ", fixed(best, 3), " at iteration ", best_iteration, " to ", fixed(score, 3),
                ", which the loss need not show: the method may have begun to agree with itself on one class. The checkpoint of "
                "iteration ",
                best_iteration, " is kept and used", kRemedy);
}

std::string CollapseWatch::after_foreground(double share, size_t cases, double labelled_score) {
  if (warned_ || labelled_score < kLearnt || (share >= kLeastForeground && share <= kMostForeground)) return {};
  warned_ = true;
  return concat(
      "the foreground found in ", cases, " unlabelled cases is ", fixed(share, 2),
      " times what the labels hold: the network may know the labelled cases by heart and answer one class elsewhere. Without "
      "validation cases the last checkpoint is used, whatever it is: 'prepare --validation N' sets some aside",
      kRemedy);
}

double foreground_share(Method& method, const Dataset& dataset, const std::vector<std::string>& unlabelled,
                        const WindowOptions& window, torch::Device device) {
  torch::NoGradGuard no_grad;
  method.eval();
  method.begin_prediction();
  double found = 0, expected = 0;
  for (const std::string& id : unlabelled) {
    const CachedCase one = dataset.load(id, LabelUse::kLeftAlone);
    const torch::Tensor labels = predict_case(method, one, dataset.channels(), window, device).argmax(0);
    found += static_cast<double>(labels.count_nonzero().item<int64_t>()) * voxel_volume(one);
  }
  const auto& labelled = dataset.cases(Role::kLabelled);
  const size_t looked_at = std::min(labelled.size(), kMostLabelled);
  for (size_t i = 0; i < looked_at; ++i) {
    const CachedCase one = dataset.load(labelled[i]);
    expected += static_cast<double>(labelled_voxels(one, labelled[i])) * voxel_volume(one);
  }
  if (unlabelled.empty() || expected <= 0) return 0;
  return found / static_cast<double>(unlabelled.size()) / (expected / static_cast<double>(looked_at));
}

}  // namespace tss
