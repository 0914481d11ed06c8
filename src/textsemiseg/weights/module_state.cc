#include "textsemiseg/weights/module_state.h"

#include <algorithm>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// "'a', 'b', 'c' and 12 more".
std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 3;
  std::vector<std::string> quoted;
  for (size_t i = 0; i < std::min(kShown, names.size()); ++i) quoted.push_back("'" + names[i] + "'");
  return join(quoted, ", ") + (names.size() > kShown ? concat(" and ", names.size() - kShown, " more") : "");
}

void check(const TensorMap& own, const TensorMap& given, const std::string& source) {
  std::vector<std::string> missing, unknown;
  for (const auto& [name, tensor] : own) {
    if (!given.contains(name)) missing.push_back(name);
  }
  for (const auto& [name, tensor] : given) {
    if (!own.contains(name)) unknown.push_back(name);
  }
  const char* hint = " (same method, network options and number of classes?)";
  if (!missing.empty()) {
    const std::string beside = unknown.empty() ? "" : " and holds " + listed(unknown) + " instead";
    throw InputError(source, "lacks " + listed(missing) + beside, concat("the ", own.size(), " tensors of this model", hint));
  }
  if (!unknown.empty()) {
    throw InputError(source, "holds " + listed(unknown), concat("only the ", own.size(), " tensors of this model", hint));
  }
  for (const auto& [name, tensor] : own) {
    const torch::Tensor& value = given.at(name);
    if (value.sizes() != tensor.sizes()) {
      throw InputError(source, "tensor '" + name + "' has shape " + shape_text(value.sizes()), shape_text(tensor.sizes()) + hint);
    }
    // The other way round is legal: a module moved to another float type has its counters converted too.
    if (value.is_floating_point() && !tensor.is_floating_point()) {
      throw InputError(source, concat("tensor '", name, "' has type ", torch::toString(value.scalar_type())),
                       torch::toString(tensor.scalar_type()));
    }
  }
}

}  // namespace

TensorMap state_of(const torch::nn::Module& module) {
  TensorMap out;
  for (const auto& items : {module.named_parameters(), module.named_buffers()}) {
    for (const auto& item : items) {
      if (item.value().defined()) out[item.key()] = item.value().detach();
    }
  }
  return out;
}

void load_into(torch::nn::Module& module, const TensorMap& tensors, const std::string& source) {
  const TensorMap own = state_of(module);
  check(own, tensors, source);
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : own) tensor.copy_(tensors.at(name));
}

}  // namespace tss
