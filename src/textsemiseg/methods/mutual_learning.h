// What MC-Net and the methods that grew out of its program (MC-Net+, MLRP, VCLIPSeg) have in common: decoders on one encoder,
// their foreground Dice D2 on the labelled samples and a term in which they teach each other, on all samples,
//   L = supervised_weight sum_dec D2(p_dec, y) + lambda L_con.
#pragma once

#include "textsemiseg/methods/method.h"

namespace tss {

struct MutualOptions {
  std::string variant = "paper";  // paper: lambda(t / (ramp_share t_max)) | reference: released 150-iteration epochs, R = 40
  double supervised_weight = 0.5;
  double consistency_weight = 1.0;  // lambda at the end of its ramp
  double ramp_share = 0.4;          // of the run until lambda is at its full value (R = 40 of a 15,000-iteration run)

  template <class V>
  void visit(V& v) {
    v("variant", variant);
    v("supervised_weight", supervised_weight);
    v("consistency_weight", consistency_weight);
    v("ramp_share", ramp_share);
  }
  void check(const std::string& method) const;  // throws InputError naming the field
};

// Probabilities [N, K, X, Y, Z] of each decoder from its logits, and its D2 on the first L samples, label [L, X, Y, Z].
struct DecoderDice {
  std::vector<torch::Tensor> probabilities, dice;
  torch::Tensor sum;
};
DecoderDice decoder_dice(const std::vector<torch::Tensor>& logits, const torch::Tensor& label);

struct MutualLoss {
  torch::Tensor dice_sum, consistency_sum, total;
  double consistency_weight = 0;
};
MutualLoss mutual_loss(const MutualOptions& options, const torch::Tensor& dice_sum, const torch::Tensor& consistency_sum,
                       int64_t iteration, int64_t iterations);

// Logs the loss by its terms and takes the step.
void minimise(const MutualLoss& loss, Context& context);

}  // namespace tss
