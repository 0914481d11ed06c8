// How class texts guide a V-Net, whatever its decoders and heads (Fig. 1 of Text-SemiSeg, MICCAI 2025): a fusion block (TMR)
// behind the encoder, and the alignment (CSA) of the encoder's projected feature with the texts. text_semiseg composes it, and so
// do ua_mt and dtc where they take texts (Table 4).
#pragma once

#include <array>
#include <string>
#include <vector>

#include "textsemiseg/modules/multiplanar_representation.h"
#include "textsemiseg/modules/semantic_alignment.h"
#include "textsemiseg/modules/voxel_prompt.h"
#include "textsemiseg/networks/vnet.h"

namespace tss {

struct FusionOptions {
  std::string fusion = "multiplanar";
  std::string attention = "text_queries";
  int64_t dimension = 512;
  int64_t heads = 8;
  double dropout = 0.1;
  double text_scale = 1.0;

  template <class V>
  void visit(V& v) {
    v("fusion", fusion, "multiplanar (TMR), repeat (Table 3) or none");
    v("attention", attention, "text_queries (Eq. 2) or visual_queries");
    v("dimension", dimension, "of a token of the fusion, above 0");
    v("heads", heads, "of its attention; they divide the dimension");
    v("dropout", dropout, "in the fusion, 0 to 1");
    v("text_scale", text_scale, "multiplies the unit text features before the attention");
  }
  // Throws InputError. section: where the options stand, "text_semiseg.tmr".
  void check(const std::string& section) const;
};

class TextGuidance {
 public:
  // Without texts: features pass as they are.
  explicit TextGuidance(const VNetOptions& network) : side_multiple_(network.side_multiple()) {}
  // Registers with `owner` the block ("tmr" or "prompt", none where tmr.fusion is none) and, where csa.enabled, the "projection".
  // patch: the training patch, whose deepest feature the position vectors are made for.
  TextGuidance(torch::nn::Module& owner, const FusionOptions& tmr, const AlignmentOptions& csa, const VNetOptions& network,
               const std::array<int64_t, 3>& patch, int64_t text_dimension);

  // Features of every level, the deepest one F_v enhanced by the texts [K, d]; F_v itself goes to *deepest. x: any side, padded
  // here.
  Skips encode(VNetEncoder& encoder, const torch::Tensor& x, const torch::Tensor& text, torch::Tensor* deepest = nullptr);

  bool aligns() const { return !projection_.is_empty(); }
  // L_cog (Eq. 4), summed over decoders: F_v against the class maps [N, K, X, Y, Z] that each decoder predicts. Needs aligns().
  torch::Tensor alignment(const torch::Tensor& deepest, const std::vector<torch::Tensor>& maps, const torch::Tensor& text);

 private:
  AlignmentOptions csa_;
  double text_scale_ = 1;
  int64_t side_multiple_;
  MultiplanarRepresentation tmr_{nullptr};
  VoxelPrompt prompt_{nullptr};
  torch::nn::Conv3d projection_{nullptr};
};

}  // namespace tss
