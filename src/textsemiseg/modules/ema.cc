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

void update_average(torch::nn::Module& average, const torch::nn::Module& network, double alpha, Buffers buffers) {
  torch::NoGradGuard no_grad;
  const auto [own, theirs] = paired(average.named_parameters(), network.named_parameters());
  torch::_foreach_mul_(own, alpha);
  torch::_foreach_add_(own, theirs, 1 - alpha);
  if (buffers == Buffers::kLeftAlone) return;
  const auto [own_buffers, their_buffers] = paired(average.named_buffers(), network.named_buffers());
  for (size_t i = 0; i < own_buffers.size(); ++i) {
    torch::Tensor own_buffer = own_buffers[i];
    if (own_buffer.is_floating_point())
      own_buffer.mul_(alpha).add_(their_buffers[i], 1 - alpha);
    else
      own_buffer.copy_(their_buffers[i]);
  }
}

void start_average(torch::nn::Module& average, const torch::nn::Module& network) {
  torch::NoGradGuard no_grad;
  for (const auto& [own, theirs] :
       {paired(average.named_parameters(), network.named_parameters()), paired(average.named_buffers(), network.named_buffers())})
    for (size_t i = 0; i < own.size(); ++i) own[i].copy_(theirs[i]);
  for (auto& parameter : average.parameters()) parameter.requires_grad_(false);
}

}  // namespace tss
