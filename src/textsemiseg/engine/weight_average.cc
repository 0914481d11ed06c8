#include "textsemiseg/engine/weight_average.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/modules/ema.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {

WeightAverage::WeightAverage(const Method& method, double decay) : decay_(decay) {
  for (const auto& [name, tensor] : state_of(method)) average_[name] = tensor.clone();
}

void WeightAverage::update(const Method& method, int64_t t) {
  std::vector<torch::Tensor> own, theirs;
  for (const auto& [name, tensor] : state_of(method)) {
    own.push_back(average_.at(name));
    theirs.push_back(tensor);
  }
  move_average(own, theirs, ema_factor(t, decay_));
}

void WeightAverage::load(const TensorMap& state, const std::string& source) {
  torch::NoGradGuard no_grad;
  for (auto& [name, own] : average_) {
    const auto found = state.find(name);
    if (found == state.end()) throw InputError(source, "has no average of '" + name + "'", "one, because train.average is set");
    if (found->second.sizes() != own.sizes())
      throw InputError(source + ": average of '" + name + "'", "has shape " + shape_text(found->second.sizes()),
                       shape_text(own.sizes()));
    own.copy_(found->second);
  }
}

void WeightAverage::exchange(Method& method) {
  torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : state_of(method)) {
    torch::Tensor& own = average_.at(name);
    const torch::Tensor before = tensor.clone();
    torch::Tensor(tensor).copy_(own);
    own.copy_(before);
  }
}

}  // namespace tss
