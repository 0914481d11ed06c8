// BS-Net: two networks follow each other's moving average while a critic learns to tell masks of labelled images from those of unlabelled
// ones (He et al., IEEE TMI 2024; NKUhealong/BSNet; docs/methods.md#bs_net). The release is two-dimensional: everything 3D here is ours.
#pragma once

#include <functional>

#include "textsemiseg/methods/method.h"
#include "textsemiseg/networks/critic.h"

namespace tss {

struct BsNetOptions {
  std::string variant = "paper";
  double consistency_weight = 0.1;
  double warm_up = 0.1;
  bool dice = true;
  double teacher_rate = 0.1;
  double critic_rate = 1.0;
  // paper: largest difference of the critic's two logits, reached softly (bounded_verdict); 0: none, as released.
  double critic_bound = 5.0;
  std::string ramp = "run";  // paper: lambda(t / t_max) | released: full at iteration 30,000, as reference has it

  template <class V>
  void visit(V& v) {
    v("variant", variant, "paper (times are shares of the run) or reference (released times, learning rates and loss)");
    v("consistency_weight", consistency_weight, "lambda at the end of the run, 0 or more");
    v("warm_up", warm_up,
      "variant paper: share of the run before the networks learn from each other, 0 to 1 (released: 300 iterations)");
    v("dice", dice,
      "variant paper: true (labelled samples teach by cross-entropy and Dice) or false (by cross-entropy, as released)");
    v("teacher_rate", teacher_rate, "learning rate of the teacher as a part of the run's");
    v("critic_rate", critic_rate, "learning rate of the critic as a part of the run's");
    v("critic_bound", critic_bound,
      "variant paper: largest difference of the critic's two logits, reached softly; 0: none, as released");
    v("ramp", ramp, "variant paper: run (lambda by the length of the run) or released (in iterations, as reference has it)");
  }
  void check() const;
};

// lambda of step `iteration`: ramped_weight over the whole run; reference: over 200 virtual epochs of 150 iterations.
double bs_net_weight(const BsNetOptions& options, int64_t iteration, int64_t iterations);

// Logits [N, 2] of the critic with their difference d made bound * tanh(d / bound) and their mean 0: no verdict costs more than
// ln(1 + e^bound), and a critic that is sure of itself has no gradient left, neither for itself nor for those who should convince it.
torch::Tensor bounded_verdict(const torch::Tensor& logits, double bound);

// What a step works on: any networks whose outputs fit, of any number of dimensions.
struct BsNetNetworks {
  std::function<torch::Tensor(const torch::Tensor& x)> student, teacher;                         // f_a, f_b: logits [N, K, ...]
  std::function<torch::Tensor(const torch::Tensor& foreground, const torch::Tensor& x)> critic;  // [N, K - 1, ...] -> [N, 2]
  std::function<void(double alpha)> teacher_follows, student_follows;  // own parameters <- alpha own + (1 - alpha) the other's
};

// One iteration, five stages: student and teacher together on
//   L = L_sup(f_a) + lambda (mean (p_a - p_b)^2 + CE(f_a, argmax p_b) + CE(D(p_a), 1) + CE(D(p_b), 1)),
// the last four on unlabelled samples, the first two of them after the warm-up; the teacher follows the student; the critic on
// CE(D(p_a), is labelled) + CE(D(p_b), is labelled); the teacher on L_sup(f_b) + CE(f_b, argmax p_a) on unlabelled samples, the latter
// after the warm-up; the student follows the teacher. The critic sees one channel per foreground class, its probability.
// Groups: "student", "teacher", "critic". lambda: see bs_net_weight.
void bs_net_step(const BsNetOptions& options, double lambda, const Batch& batch, const BsNetNetworks& networks, Context& context);

class BsNet : public Method {
 public:
  BsNet(const BsNetOptions& options, const MethodSetup& setup);
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // student
  std::vector<ParameterGroup> parameter_groups() override;

 private:
  BsNetOptions options_;
  VNet student_{nullptr}, teacher_{nullptr};
  Critic critic_{nullptr};
};

}  // namespace tss
