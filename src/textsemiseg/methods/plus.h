// plus: one student, one averaged teacher, mixed patches (docs/methods.md#plus). Made of published parts:
// a mean teacher (Tarvainen and Valpola, NeurIPS 2017) whose buffers are averaged too (EMAN; Cai et al., CVPR 2021) labels weakly changed
// patches; the student learns those labels, where the teacher is confident, on strongly changed patches (FixMatch; Sohn et al., NeurIPS
// 2020) into which boxes of others are mixed (CutMix; French et al., BMVC 2020; BCP, CVPR 2023). The teacher predicts.
#pragma once

#include "textsemiseg/methods/method.h"
#include "textsemiseg/networks/deep_vnet.h"

namespace tss {

struct PlusOptions {
  double confidence = 0.8;
  double weight = 1;
  double burn_in = 0.1;
  double ramp_end = 0.4;
  double teacher_decay = 0.99;
  double mix_probability = 1;
  double mix_labelled = 0.5;
  double box_low = 0.5;
  double box_high = 0.67;
  double gate = 4;
  int64_t every = 1;
  bool deep_supervision = true;
  bool fill = false;

  template <class V>
  void visit(V& v) {
    v("confidence", confidence, "0 to 1: voxels where the teacher's largest probability is lower are left out");
    v("weight", weight, "lambda at its full height, 0 or more");
    v("burn_in", burn_in, "share of the run with the labelled samples alone, 0 to 1");
    v("ramp_end", ramp_end, "share of the run at which lambda has its full height, 0 to 1");
    v("teacher_decay", teacher_decay, "of the teacher's moving average, from 0, below 1");
    v("mix_probability", mix_probability, "of a box of another patch in an unlabelled one, 0 to 1");
    v("mix_labelled", mix_labelled, "share of these boxes that come from labelled patches, 0 to 1");
    v("box_low", box_low, "smallest side of a box, share of the patch's");
    v("box_high", box_high, "largest side of a box, share of the patch's");
    v("gate", gate, "lambda is 0 while a class's share of the pseudo labels is this many times off the labels'; 0: no gate");
    v("every", every, "the unlabelled term is taken in every n-th step, at least 1");
    v("deep_supervision", deep_supervision, "true or false: heads at the coarser levels");
    v("fill", fill, "true or false: where labels merge classes, the teacher says which class of the group it is");
  }
  void check() const;
};

// What the student is asked on the unlabelled samples, without gradient.
struct PseudoLabels {
  torch::Tensor image;    // [U, C, X, Y, Z]
  torch::Tensor label;    // [U, X, Y, Z] int64
  torch::Tensor certain;  // [U, X, Y, Z]: 1 where the label counts
};

// lambda(t): 0 before the burn-in's end, a Gaussian ramp up to ramp_end, weight after it.
double plus_weight(const PlusOptions& options, int64_t iteration, int64_t iterations);

// Into each unlabelled sample, with mix_probability, a box of another one or of a labelled one (whose label is certain where it tells its
// class apart). Drawn from torch's generator. image [L, C, X, Y, Z], label [L, X, Y, Z] and groups (none: all tell all classes apart): the
// labelled samples.
PseudoLabels mix_boxes(const PlusOptions& options, const PseudoLabels& unlabelled, const torch::Tensor& image,
                       const torch::Tensor& label, const std::vector<ClassGroups>& groups = {});

// Where a label [X, Y, Z] tells the class of a voxel apart from all others.
torch::Tensor told_apart(const torch::Tensor& label, const ClassGroups& groups);

class Plus : public Method {
 public:
  Plus(const PlusOptions& options, const MethodSetup& setup);
  // L = L_labelled + lambda (L_mixed + L_fill); L_fill only with fill and labels that merge classes.
  void train_step(const Batch& batch, Context& context) override;
  void after_step(int64_t iteration) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // the teacher

 private:
  PseudoLabels ask_teacher_on(const Batch& batch);
  // Of the labelled samples: the likeliest of the classes that a voxel's label allows, certain where the label leaves several open and the
  // teacher is confident.
  PseudoLabels fill_labels(const Batch& batch);
  // 1 while the running shares of every class of the pseudo labels are within `gate` times those of the labels, else 0. [].
  torch::Tensor open_gate(const Batch& batch, const torch::Tensor& pseudo);

  PlusOptions options_;
  DeepVNet student_{nullptr}, teacher_{nullptr};
  torch::Tensor label_shares_, pseudo_shares_;  // [K] running shares, buffers; all 0 before the first unlabelled step
};

}  // namespace tss
