// The networks there are, for `list`; which one a method uses is the method's own decision.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tss {

inline const std::vector<std::pair<std::string, std::string>>& networks() {
  static const std::vector<std::pair<std::string, std::string>> table = {
      {"vnet", "VNet-16, one decoder with transposed convolutions (supervised)"},
      {"vnet_two_decoders", "the same encoder with a transposed and a trilinear decoder (mc_net)"},
      {"vnet_text", "two decoders behind a text-enhanced multiplanar block at the deepest level (text_semiseg)"},
  };
  return table;
}

}  // namespace tss
