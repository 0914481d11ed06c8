// How the released programs name the tensors of networks that stand here under a slightly different structure, as data.
//
// Most releases nest encoder and decoders as we do and need no renaming: MC-Net, MC-Net+, MLRP, Text-SemiSeg, UA-MT + text, URPC and
// the plain U-Net ("nested").
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "textsemiseg/base/error.h"

namespace tss {

struct PublishedLayout {
  std::string_view name;
  // {prefix of the published name, prefix of ours}; the first that fits counts, a name that none fits stays as it is.
  std::vector<std::pair<std::string_view, std::string_view>> prefixes;
};

inline const std::vector<PublishedLayout>& published_layouts() {
  // One module for encoder and decoder: UA-MT, both branches of MCF, DTC (whose heads are not the decoder's).
  using Prefixes = std::vector<std::pair<std::string_view, std::string_view>>;
  static const Prefixes blocks = {
      {"block_five_up", "decoder1.block_five_up"}, {"block_six", "decoder1.block_six"},   {"block_seven", "decoder1.block_seven"},
      {"block_eight", "decoder1.block_eight"},     {"block_nine", "decoder1.block_nine"}, {"block_", "encoder.block_"},
  };
  const auto blocks_and = [](Prefixes first) {
    first.insert(first.end(), blocks.begin(), blocks.end());
    return first;
  };
  static const std::vector<PublishedLayout> table = {
      {"nested", {}},
      {"flat", blocks_and({{"out_conv.", "decoder1.out_conv."}})},
      {"flat_two_heads", blocks},
      {"flat_branches", blocks_and({{"branchs.0.0.", "decoder1.block_nine."}, {"branchs.0.1.", "decoder1.out_conv."}})},
      // BCP on the left atrium, DTC + text.
      {"one_decoder", {{"decoder.", "decoder1."}}},
      // MC-Net+ + text.
      {"decoders_from_zero", {{"decoder0.", "decoder1."}, {"decoder1.", "decoder2."}, {"decoder2.", "decoder3."}}},
      // The projection heads are stored twice; the first entry of a pair is the name to write.
      {"vclip_seg",
       {{"decoder1.proj_header.proj.", "decoder1.proj_header.proj."},
        {"decoder1.proj_header.mlp2.", "decoder1.proj_header.proj."},
        {"decoder2.proj_header.proj.", "decoder2.proj_header.proj."},
        {"decoder2.proj_header.mlp2.", "decoder2.proj_header.proj."},
        {"txt2vis.", "prompt.text."},
        {"en_fea_conv.conv.", "prompt.reduce.0."},
        {"en_fea_conv.bn.", "prompt.reduce.1."},
        {"fusion_mlp.l1.", "prompt.weigh.0."},
        {"fusion_mlp.l2.", "prompt.weigh.2."},
        {"fusion_conv.conv.", "prompt.merge.0."},
        {"fusion_conv.bn.", "prompt.merge.1."}}},
  };
  return table;
}

// Throws InputError for a name that is not in the table.
inline const PublishedLayout& published_layout(std::string_view name) {
  for (const auto& layout : published_layouts())
    if (layout.name == name) return layout;
  std::string known;
  for (const auto& layout : published_layouts()) known += (known.empty() ? "" : ", ") + std::string(layout.name);
  throw InputError("layout", "found '" + std::string(name) + "'", known);
}

inline std::string own_name(const PublishedLayout& layout, std::string_view published) {
  for (const auto& [theirs, ours] : layout.prefixes)
    if (published.starts_with(theirs)) return std::string(ours) + std::string(published.substr(theirs.size()));
  return std::string(published);
}

// The inverse, for writing checkpoints that the released programs read.
inline std::string published_name(const PublishedLayout& layout, std::string_view own) {
  for (const auto& [theirs, ours] : layout.prefixes)
    if (own.starts_with(ours)) return std::string(theirs) + std::string(own.substr(ours.size()));
  return std::string(own);
}

}  // namespace tss
