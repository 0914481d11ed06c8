// DTC: one network draws the structure and its signed distance, and the two must agree (Luo et al., AAAI 2021;
// docs/methods.md#dtc), and its text-enhanced variant (Table 4 of Text-SemiSeg; docs/methods.md#texts-in-ua_mt-and-dtc). The
// released network with texts is methods/released/dtc_text.h.
#pragma once

#include "textsemiseg/methods/text_method.h"
#include "textsemiseg/modules/text_guidance.h"
#include "textsemiseg/networks/two_task_vnet.h"

namespace tss {

struct DtcOptions {
  std::string variant = "paper";
  double distance_weight = 0.3;
  double consistency_weight = 1.0;
  double ramp_share = 1.0;
  double steepness = 1500;
  std::string ramp = "run";                 // paper: that | released: lambda as reference has it
  std::string absent_class = "complement";  // paper: of the Dice (AbsentClass): complement | formula, which reference always has
  bool text = false;
  FusionOptions tmr;
  AlignmentOptions csa;

  template <class V>
  void visit(V& v) {
    v("variant", variant, "paper (lambda by the length of the run) or reference (released epochs of 150 iterations, R = 40)");
    v("distance_weight", distance_weight, "of the error of the signed distance, 0 or more");
    v("consistency_weight", consistency_weight, "lambda at its full value, 0 or more");
    v("ramp_share", ramp_share,
      "share of the run until lambda is at its full value, 0 to 1 (released: R = 40 of 6,000 iterations)");
    v("steepness", steepness, "of the sigmoid that makes a mask of a distance, above 0");
    v("ramp", ramp, "variant paper: run (lambda by the length of the run) or released (in iterations, as reference has it)");
    v("absent_class", absent_class, "variant paper: Dice of a class that the labels of a batch lack: complement or formula");
    v("text", text, "true or false: class texts guide the network (TMR and CSA)");
    v("tmr", tmr);
    v("csa", csa);
  }
  void check() const;
  bool released_network() const { return text && variant == "reference"; }
};

struct DtcLoss {
  torch::Tensor dice, sdf_mse, consistency, total;
  torch::Tensor mask;  // [N, K - 1, X, Y, Z], of the predicted distances
  double consistency_weight = 0;
};

// Both heads' outputs on all samples; label [L, X, Y, Z] of the first L of them. Published text-free loss.
// Every foreground class is a structure of its own, against all the rest: sigmoid probabilities, one distance map each.
DtcLoss dtc_loss(const DtcOptions& options, const TwoTaskOutput& output, const torch::Tensor& label, int64_t iteration,
                 int64_t iterations);
// Logs the loss by its terms, adds L_cog (undefined without texts) and takes the step.
void minimise(const DtcLoss& loss, const torch::Tensor& alignment, Context& context);

// Probabilities [N, K, X, Y, Z] of K classes from the K - 1 logits: softmax of (0, z_1, ..., z_K-1); (1 - p, p), p = sigmoid(z),
// for two.
// The background has the largest one where no logit is above 0.
torch::Tensor dtc_class_maps(const torch::Tensor& logits);

class Dtc : public TextMethod {
 public:
  Dtc(const DtcOptions& options, const MethodSetup& setup);
  // L = D1 + 0.3 MSE of the distance on labelled samples + lambda L_con on all; with texts + L_cog on all.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // segmentation head

 private:
  DtcOptions options_;
  TwoTaskVNet network_{nullptr};
  TextGuidance guidance_;  // the texts behind its encoder
};

}  // namespace tss
