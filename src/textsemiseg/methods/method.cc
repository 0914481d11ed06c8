#include "textsemiseg/methods/method.h"

namespace tss {

std::vector<ParameterGroup> Method::parameter_groups() {
  ParameterGroup all{"all", {}};
  for (auto& parameter : parameters())
    if (parameter.requires_grad()) all.parameters.push_back(parameter);
  return {all};
}

}  // namespace tss
