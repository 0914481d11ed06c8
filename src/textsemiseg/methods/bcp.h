// BCP: bidirectional copy-paste between labelled and unlabelled patches, with a mean teacher (Bai et al., CVPR 2023; docs/methods.md#bcp).
//
// Phase "pretrain": the network learns from labelled patches pasted into one another. Phase "self_train", from the best of those weights:
// it learns from labelled patches pasted into unlabelled ones and the reverse, where the teacher says what the unlabelled part shows.
#pragma once

#include <array>

#include "textsemiseg/losses/copy_paste.h"
#include "textsemiseg/methods/method.h"

namespace tss {

struct BcpOptions {
  std::string flavour = "left_atrium";
  double pretrain_share = 0;
  double box_share = 2.0 / 3;
  double pseudo_weight = 0.5;
  double teacher_decay = 0.99;

  template <class V>
  void visit(V& v) {
    v("flavour", flavour, "left_atrium or pancreas: which of the two released programs");
    v("pretrain_share", pretrain_share,
      "share of the run for pre-training, 0 to 1; 0: the flavour's own, 2,000 of 17,000 or 1,800 of 6,800");
    v("box_share", box_share, "sides of the pasted box as a share of the patch's, above 0, below 1");
    v("pseudo_weight", pseudo_weight, "of the part of a mixture that carries a pseudo label, 0 or more");
    v("teacher_decay", teacher_decay, "of the teacher's moving average, from 0, below 1");
  }
  void check() const;
  bool pancreas() const { return flavour == "pancreas"; }
};

// Half of a batch, n samples each of labelled and unlabelled patches.
struct CopyPasteHalf {
  torch::Tensor labelled, label;     // [n, C, X, Y, Z], [n, X, Y, Z]
  torch::Tensor unlabelled, pseudo;  // [n, C, X, Y, Z], [n, X, Y, Z]; undefined without unlabelled samples
};
// Halves a and b without their pseudo labels. n is half of the larger stream, rounded up; where a stream has fewer than 2n samples it
// begins again, so that one labelled sample stands in both halves.
std::array<CopyPasteHalf, 2> copy_paste_halves(const Batch& batch);

// The teacher's most likely class, of every foreground class only its largest component (26 neighbours; 18 for the pancreas).
torch::Tensor bcp_pseudo_label(const BcpOptions& options, const torch::Tensor& teacher_logits);

struct MixedInput {
  torch::Tensor image;              // [n, C, X, Y, Z]
  WeightedLabel background, patch;  // outside and inside of the box
};
// Left atrium: (labelled a | unlabelled a), (unlabelled b | labelled b); pancreas: (unlabelled a | labelled b), (labelled a | unlabelled
// b), each as (background | patch). mask [X, Y, Z], 1 outside the box.
std::array<MixedInput, 2> bcp_mixtures(const BcpOptions& options, const std::array<CopyPasteHalf, 2>& halves,
                                       const torch::Tensor& mask);

class Bcp : public Method {
 public:
  Bcp(const BcpOptions& options, const MethodSetup& setup);
  // pretrain: 0.5 (CE + D5) of one mixture of labelled patches; self_train: copy_paste_loss of both mixtures, summed.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // student
  std::vector<Phase> phases() const override;
  void begin_phase(const std::string& name) override;  // the teacher starts as a copy of the student

 protected:
  // Corner of the box in a patch, drawn anew in every step.
  virtual Sides3 draw_corner(const Sides3& patch, const Sides3& box) { return draw_box_corner(patch, box); }

 private:
  torch::Tensor draw_mask(const torch::Tensor& image);
  torch::Tensor mixed_labelled_loss(const Batch& batch);
  torch::Tensor self_training_loss(const Batch& batch, Context& context);

  BcpOptions options_;
  VNet network_{nullptr}, teacher_{nullptr};
};

}  // namespace tss
