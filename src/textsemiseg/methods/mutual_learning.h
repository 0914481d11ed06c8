// What MC-Net and the methods that grew out of its program (MC-Net+, MLRP, VCLIPSeg) have in common: decoders on one encoder,
// their foreground Dice D2 on the labelled samples and a term in which they teach each other, on all samples,
//   L = supervised_weight sum_dec D2(p_dec, y) + lambda L_con.
#pragma once

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/methods/method.h"

namespace tss {

struct MutualOptions {
  std::string variant = "paper";
  double supervised_weight = 0.5;
  double consistency_weight = 1.0;
  double ramp_share = 0.4;
  std::string ramp = "run";                 // paper: that | released: lambda as reference has it
  std::string absent_class = "complement";  // paper: of the Dice (AbsentClass): complement | formula, which reference always has

  template <class V>
  void visit(V& v) {
    v("variant", variant, "paper (lambda by the length of the run) or reference (released epochs of 150 iterations, R = 40)");
    v("supervised_weight", supervised_weight, "of the decoders' Dice losses, 0 or more");
    v("consistency_weight", consistency_weight, "lambda at its full value, 0 or more");
    v("ramp_share", ramp_share,
      "share of the run until lambda is at its full value, 0 to 1 (released: R = 40 of 15,000 iterations)");
    v("ramp", ramp, "variant paper: run (lambda by the length of the run) or released (in iterations, as reference has it)");
    v("absent_class", absent_class, "variant paper: Dice of a class that the labels of a batch lack: complement or formula");
  }
  void check(const std::string& method) const;  // throws InputError naming the field
};

// Probabilities [N, K, X, Y, Z] of each decoder from its logits, and its D2 on the first L samples, label [L, X, Y, Z].
struct DecoderDice {
  std::vector<torch::Tensor> probabilities, dice;
  torch::Tensor sum;
};
DecoderDice decoder_dice(const std::vector<torch::Tensor>& logits, const torch::Tensor& label, AbsentClass absent);

struct MutualLoss {
  torch::Tensor dice_sum, consistency_sum, total;
  double consistency_weight = 0;
};
MutualLoss mutual_loss(const MutualOptions& options, const torch::Tensor& dice_sum, const torch::Tensor& consistency_sum,
                       int64_t iteration, int64_t iterations);

// Logs the loss by its terms and takes the step.
void minimise(const MutualLoss& loss, Context& context);

}  // namespace tss
