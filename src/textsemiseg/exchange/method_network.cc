#include "textsemiseg/exchange/method_network.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {

torch::nn::Module& network_of(Method& method, const NetworkUse& use) {
  const auto children = method.named_children();
  const auto* found = children.find(use.child);
  if (!found) throw Error("method '" + use.method + "' has no network '" + use.child + "'");
  return **found;
}

void load_network(Method& method, const NetworkUse& use, const ImportedNetwork& imported, const std::string& source) {
  torch::nn::Module& network = network_of(method, use);
  const TensorMap own = state_of(network);
  TensorMap tensors = imported.tensors;
  std::erase_if(tensors, [&](const auto& item) {
    const auto& unused = imported.network->unused;
    return !own.contains(item.first) &&
           std::any_of(unused.begin(), unused.end(), [&](const auto& p) { return starts_with(item.first, p); });
  });
  load_into(network, tensors, source);
}

}  // namespace tss
