// The networks there are, for `list`; which one a method uses is the method's own decision.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tss {

inline const std::vector<std::pair<std::string, std::string>>& networks() {
  static const std::vector<std::pair<std::string, std::string>> table = {
      {"vnet", "VNet-16, one decoder with transposed convolutions (supervised; UA-MT, BCP, BS-Net, MCF's V branch)"},
      {"vnet_two_decoders", "the same encoder with a transposed and a trilinear decoder (mc_net); with a nearest one (mlrp)"},
      {"vnet_three_decoders", "with all three (mc_net_plus)"},
      {"vnet_two_tasks", "one decoder, heads for signed distance and segmentation (DTC)"},
      {"vnet_residual", "ResNet-34-like encoder before the V-Net decoder (MCF's R branch)"},
      {"vnet_pyramid", "one decoder with a head at each of its levels (URPC, backbone of the comparison)"},
      {"unet3d", "3D U-Net with instance norm"},
      {"unet3d_pyramid", "the same with a head at each decoder level (URPC as released)"},
      {"vnet_text", "decoders behind text-enhanced multiplanar blocks (text_semiseg; one, two or three decoders)"},
      {"vnet_two_tasks_text", "one such decoder with the two heads of DTC"},
      {"vnet_voxel_prompt", "two decoders behind a voxel-wise class prompt, with projections into the text space (vclip_seg)"},
      {"critic", "judges whether a mask belongs to a labelled image (BS-Net)"},
  };
  return table;
}

}  // namespace tss
