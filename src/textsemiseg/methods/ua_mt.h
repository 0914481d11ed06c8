// UA-MT: a mean teacher whose targets count where its Monte-Carlo dropout is certain (Yu et al., MICCAI 2019;
// docs/methods.md#ua_mt), and its text-enhanced variant (Table 4 of Text-SemiSeg; docs/methods.md#texts-in-ua_mt-and-dtc). The
// released network with texts is methods/released/ua_mt_text.h.
#pragma once

#include <functional>

#include "textsemiseg/losses/uncertainty.h"
#include "textsemiseg/methods/text_method.h"
#include "textsemiseg/modules/text_guidance.h"

namespace tss {

struct UaMtOptions {
  std::string variant = "paper";
  std::string dice = "all";
  double consistency_weight = 0.1;
  double ramp_share = 1.0;
  int64_t ramp_epochs = 200;
  double teacher_decay = 0.99;
  int64_t passes = 8;
  bool text = false;
  FusionOptions tmr;
  AlignmentOptions csa;

  template <class V>
  void visit(V& v) {
    v("variant", variant, "paper (lambda by the length of the run) or reference (released epochs of 150 iterations)");
    v("dice", dice, "classes of the Dice loss: all (SSL4MIS) or foreground (yulequan/UA-MT)");
    v("consistency_weight", consistency_weight, "lambda at its full value, 0 or more");
    v("ramp_share", ramp_share, "variant paper: share of the run until lambda is at its full value, 0 to 1");
    v("ramp_epochs", ramp_epochs, "variant reference: the same in epochs; 200 in SSL4MIS, 40 in yulequan/UA-MT");
    v("teacher_decay", teacher_decay, "of the teacher's moving average, from 0, below 1");
    v("passes", passes, "predictions under dropout and noise, an even number");
    v("text", text, "true or false: class texts guide the network (TMR and CSA)");
    v("tmr", tmr);
    v("csa", csa);
  }
  void check() const;
  bool released_network() const { return text && variant == "reference"; }
};

// What the teacher says about the unlabelled samples, without gradient.
struct TeacherPrediction {
  torch::Tensor target;  // [U, K, X, Y, Z] probabilities on one noised copy
  torch::Tensor mean;    // [U, K, X, Y, Z] mean over the passes under dropout, for the uncertainty
};
// teacher: logits [N, K, X, Y, Z] of a network in training mode. Empty where x [U, C, X, Y, Z] holds no sample.
TeacherPrediction ask_teacher(const std::function<torch::Tensor(const torch::Tensor& x)>& teacher, const torch::Tensor& x,
                              const DropoutOptions& dropout);

struct UaMtLoss {
  torch::Tensor supervised, consistency, total;  // consistency undefined without unlabelled samples
  torch::Tensor uncertainty, certain;            // [U, 1, X, Y, Z]: entropy; 1 where it is below the threshold
  double consistency_weight = 0, threshold = 0;
};

// logits [L + U, K, X, Y, Z] of the student; label [L, X, Y, Z] of the first L samples. Published text-free loss.
UaMtLoss ua_mt_loss(const UaMtOptions& options, const torch::Tensor& logits, const torch::Tensor& label,
                    const TeacherPrediction& teacher, int64_t iteration, int64_t iterations);
// Logs the loss by its terms, adds L_cog (undefined without texts) and takes the step.
void minimise(const UaMtLoss& loss, const torch::Tensor& alignment, Context& context);

class UaMt : public TextMethod {
 public:
  // dropout.passes is taken from the options.
  UaMt(const UaMtOptions& options, const MethodSetup& setup, DropoutOptions dropout = {});
  // L = 0.5 (CE + Dice) + lambda L_con, L_con on unlabelled samples; with texts + L_cog of the student on all samples.
  void train_step(const Batch& batch, Context& context) override;
  void after_step(int64_t iteration) override;                   // the teacher's average
  torch::Tensor predict(const torch::Tensor& windows) override;  // student

 private:
  // Student or teacher: a V-Net with the texts behind its encoder.
  struct Network {
    VNet vnet{nullptr};
    TextGuidance guidance;
    // Logits [N, K, X, Y, Z]; the encoder's feature, which L_cog is about, goes to *deepest.
    torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& text, torch::Tensor* deepest = nullptr);
  };
  Network make_network(const std::string& name, const MethodSetup& setup);

  UaMtOptions options_;
  DropoutOptions dropout_;
  Network student_, teacher_;
};

}  // namespace tss
