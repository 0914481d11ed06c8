#include "textsemiseg/modules/ema.h"

#include <vector>

#include "textsemiseg/base/error.h"

namespace tss {
namespace {

using Tensors = torch::OrderedDict<std::string, torch::Tensor>;

std::pair<std::vector<torch::Tensor>, std::vector<torch::Tensor>> paired(const Tensors& average, const Tensors& network) {
  std::pair<std::vector<torch::Tensor>, std::vector<torch::Tensor>> out;
  for (const auto& item : network) {
    const torch::Tensor* own = average.find(item.key());
    if (!own || own->sizes() != item.value().sizes())
      throw InputError("average of " + item.key(), own ? c10::str("has shape ", own->sizes()) : "has no such parameter",
                       c10::str(item.value().sizes(), " as the network"));
    out.first.push_back(own->detach());
    out.second.push_back(item.value().detach());
  }
  return out;
}

}  // namespace

void move_average(const std::vector<torch::Tensor>& average, const std::vector<torch::Tensor>& value, double alpha) {
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> own, theirs;
  for (size_t i = 0; i < average.size(); ++i) {
    if (average[i].is_floating_point()) {
      own.push_back(average[i]);
      theirs.push_back(value[i]);
    } else {
      average[i].copy_(value[i]);
    }
  }
  if (own.empty()) return;
  torch::_foreach_mul_(own, alpha);
  torch::_foreach_add_(own, theirs, 1 - alpha);
}

void update_average(torch::nn::Module& average, const torch::nn::Module& network, double alpha, Buffers buffers) {
  const auto [own, theirs] = paired(average.named_parameters(), network.named_parameters());
  move_average(own, theirs, alpha);
  if (buffers == Buffers::kLeftAlone) return;
  const auto [own_buffers, their_buffers] = paired(average.named_buffers(), network.named_buffers());
  move_average(own_buffers, their_buffers, alpha);
}

void start_average(torch::nn::Module& average, const torch::nn::Module& network) {
  torch::NoGradGuard no_grad;
  for (const auto& [own, theirs] :
       {paired(average.named_parameters(), network.named_parameters()), paired(average.named_buffers(), network.named_buffers())})
    for (size_t i = 0; i < own.size(); ++i) own[i].copy_(theirs[i]);
  for (auto& parameter : average.parameters()) parameter.requires_grad_(false);
}

}  // namespace tss
