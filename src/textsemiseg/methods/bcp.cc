#include "textsemiseg/methods/bcp.h"

#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/pseudo_labels.h"
#include "textsemiseg/losses/sum.h"
#include "textsemiseg/methods/method_options.h"
#include "textsemiseg/modules/ema.h"

namespace tss {

namespace F = torch::nn::functional;

void BcpOptions::check() const {
  if (flavour != "left_atrium" && flavour != "pancreas")
    throw InputError("bcp.flavour", "found '" + flavour + "'", "left_atrium or pancreas");
  check_share("bcp.pretrain_share", pretrain_share);
  check_share("bcp.box_share", box_share);
  check_weight("bcp.pseudo_weight", pseudo_weight);
  check_share("bcp.teacher_decay", teacher_decay);
}

namespace {

// Rows first, first + 1, ..., first + n - 1, where after the last one the first follows.
torch::Tensor rows(const torch::Tensor& x, int64_t first, int64_t n) {
  if (first + n <= x.size(0)) return x.narrow(0, first, n);
  return x.index_select(0, torch::arange(first, first + n, torch::dtype(torch::kInt64).device(x.device())).remainder(x.size(0)));
}

int64_t half(int64_t n) { return (n + 1) / 2; }

}  // namespace

std::array<CopyPasteHalf, 2> copy_paste_halves(const Batch& batch) {
  const int64_t labelled = batch.labelled(), unlabelled = batch.image.size(0) - labelled;
  const int64_t n = half(std::max(labelled, unlabelled));
  std::array<CopyPasteHalf, 2> halves;
  for (size_t i = 0; i < 2; ++i) {
    const int64_t first = static_cast<int64_t>(i) * n;
    halves[i].labelled = rows(batch.labelled_image(), first, n);
    halves[i].label = rows(batch.label, first, n);
    if (unlabelled > 0) halves[i].unlabelled = rows(batch.unlabelled_image(), first, n);
  }
  return halves;
}

torch::Tensor bcp_pseudo_label(const BcpOptions& options, const torch::Tensor& teacher_logits) {
  return largest_component_per_class(teacher_logits.argmax(1), options.pancreas() ? 18 : 26);
}

std::array<MixedInput, 2> bcp_mixtures(const BcpOptions& options, const std::array<CopyPasteHalf, 2>& halves,
                                       const torch::Tensor& mask) {
  const auto labelled_outside = [&](const CopyPasteHalf& outer, const CopyPasteHalf& inner) {
    return MixedInput{paste(outer.labelled, inner.unlabelled, mask), {outer.label, 1}, {inner.pseudo, options.pseudo_weight}};
  };
  const auto labelled_inside = [&](const CopyPasteHalf& outer, const CopyPasteHalf& inner) {
    return MixedInput{paste(outer.unlabelled, inner.labelled, mask), {outer.pseudo, options.pseudo_weight}, {inner.label, 1}};
  };
  const auto& [a, b] = halves;
  if (options.pancreas()) return {labelled_inside(a, b), labelled_outside(a, b)};
  return {labelled_outside(a, a), labelled_inside(b, b)};
}

Bcp::Bcp(const BcpOptions& options, const MethodSetup& setup) : options_(options) {
  network_ = register_module("network", VNet(setup.network, std::vector{UpSampling::kTransposed}));
  teacher_ = register_module("teacher", VNet(setup.network, std::vector{UpSampling::kTransposed}));
  start_average(*teacher_, *network_);
}

std::vector<Phase> Bcp::phases() const {
  const double released = options_.pancreas() ? 1800.0 / 6800 : 2000.0 / 17000;
  const double share = options_.pretrain_share > 0 ? options_.pretrain_share : released;
  Phase pretrain, self_train;
  pretrain.name = "pretrain";
  pretrain.share = share;
  pretrain.uses_unlabelled = false;
  pretrain.schedule = "constant";
  self_train.name = "self_train";
  self_train.share = 1 - share;
  self_train.starts_from_best = true;
  return {pretrain, self_train};
}

void Bcp::begin_phase(const std::string&) { start_average(*teacher_, *network_); }

torch::Tensor Bcp::draw_mask(const torch::Tensor& image) {
  const Sides3 patch{image.size(2), image.size(3), image.size(4)};
  Sides3 box{};
  // The small number keeps 2/3 of 96 at 64.
  for (size_t a = 0; a < 3; ++a)
    box[a] = static_cast<int64_t>(std::floor(options_.box_share * static_cast<double>(patch[a]) + 1e-6));
  return outside_box(patch, draw_corner(patch, box), box, image);
}

torch::Tensor Bcp::mixed_labelled_loss(const Batch& batch) {
  const auto [a, b] = copy_paste_halves({batch.labelled_image(), batch.label});
  const torch::Tensor mask = draw_mask(batch.image);
  const torch::Tensor logits = network_->forward_one(paste(a.labelled, b.labelled, mask), 0);
  const torch::Tensor label = paste(a.label, b.label, mask);
  return 0.5 * (F::cross_entropy(logits, label) + dice_loss_masked(torch::softmax(logits, 1), label));
}

torch::Tensor Bcp::self_training_loss(const Batch& batch, Context& context) {
  auto halves = copy_paste_halves(batch);
  for (size_t i = 0; i < 2; ++i) {
    torch::NoGradGuard no_grad;
    halves[i].pseudo = bcp_pseudo_label(options_, teacher_->forward_one(halves[i].unlabelled, 0));
    context.log(concat("pseudo_share_", i + 1), (halves[i].pseudo > 0).to(torch::kFloat64).mean());
  }
  const torch::Tensor mask = draw_mask(batch.image);
  const auto mixtures = bcp_mixtures(options_, halves, mask);
  torch::Tensor total;
  for (size_t i = 0; i < 2; ++i) {  // a pass each, as released: batch norm sees one kind of mixture at a time
    const MixedInput& one = mixtures[i];
    const torch::Tensor loss = copy_paste_loss(network_->forward_one(one.image, 0), one.background, one.patch, mask);
    context.log(concat("loss_", i + 1), loss);
    add_to(total, loss);
  }
  return total;
}

void Bcp::train_step(const Batch& batch, Context& context) {
  const bool pretrain = context.phase() == "pretrain", unlabelled = batch.image.size(0) > batch.labelled();
  const torch::Tensor loss = pretrain || !unlabelled ? mixed_labelled_loss(batch) : self_training_loss(batch, context);
  context.log("loss", loss);
  context.minimise("all", loss);
  if (!pretrain) update_average(*teacher_, *network_, options_.teacher_decay);
}

torch::Tensor Bcp::predict(const torch::Tensor& windows) { return torch::softmax(network_->forward_one(windows, 0), 1); }

}  // namespace tss
