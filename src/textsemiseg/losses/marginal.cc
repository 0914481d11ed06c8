#include "textsemiseg/losses/marginal.h"

#include <algorithm>
#include <utility>

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/sum.h"

namespace tss {
namespace {

torch::Tensor indices(const std::vector<int64_t>& values, const torch::Tensor& like) {
  return torch::tensor(values, torch::kInt64).to(like.device());
}

// The place of each class's group in groups.groups(), [K].
std::vector<int64_t> group_of_class(const ClassGroups& groups) {
  std::vector<int64_t> out(groups.lowest.size());
  const auto all = groups.groups();
  for (size_t g = 0; g < all.size(); ++g)
    for (const int64_t k : all[g]) out[static_cast<size_t>(k)] = static_cast<int64_t>(g);
  return out;
}

torch::Tensor loss_of_groups(const torch::Tensor& logits, const torch::Tensor& label, const ClassGroups& groups) {
  if (groups.tells_all_apart()) return cross_entropy_and_dice(logits, label);
  const torch::Tensor log_p = marginal_log_probabilities(logits, groups);
  const torch::Tensor group = indices(group_of_class(groups), label).index_select(0, label.flatten()).view_as(label);
  return torch::nn::functional::nll_loss(log_p, group) + dice_loss_squared(log_p.exp(), group, 0, 1e-5);
}

}  // namespace

torch::Tensor marginal_log_probabilities(const torch::Tensor& logits, const ClassGroups& groups) {
  const torch::Tensor log_p = torch::log_softmax(logits, 1);
  std::vector<torch::Tensor> out;
  for (const auto& classes : groups.groups()) {
    const torch::Tensor of_group = log_p.index_select(1, indices(classes, logits));
    out.push_back(classes.size() == 1 ? of_group : of_group.logsumexp(1, true));
  }
  return torch::cat(out, 1);
}

torch::Tensor marginal_cross_entropy_and_dice(const torch::Tensor& logits, const torch::Tensor& label,
                                              const std::vector<ClassGroups>& groups) {
  std::vector<std::pair<ClassGroups, std::vector<int64_t>>> batches;  // samples of the same groups
  for (size_t n = 0; n < groups.size(); ++n) {
    const auto same = std::find_if(batches.begin(), batches.end(), [&](const auto& batch) { return batch.first == groups[n]; });
    (same == batches.end() ? batches.emplace_back(groups[n], std::vector<int64_t>{}) : *same)
        .second.push_back(static_cast<int64_t>(n));
  }
  if (batches.empty()) return cross_entropy_and_dice(logits, label);
  if (batches.size() == 1) return loss_of_groups(logits, label, batches.front().first);
  torch::Tensor sum;
  for (const auto& [of, samples] : batches) {
    const torch::Tensor which = indices(samples, logits);
    const double weight = static_cast<double>(samples.size()) / static_cast<double>(groups.size());
    add_to(sum, weight * loss_of_groups(logits.index_select(0, which), label.index_select(0, which), of));
  }
  return sum;
}

}  // namespace tss
