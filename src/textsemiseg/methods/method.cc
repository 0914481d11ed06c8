#include "textsemiseg/methods/method.h"

namespace tss {

std::vector<ParameterGroup> Method::parameter_groups() { return {{"all", parameters()}}; }

}  // namespace tss
