#include "textsemiseg/methods/plus.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/losses/copy_paste.h"
#include "textsemiseg/losses/deep_supervision.h"
#include "textsemiseg/losses/ramps.h"
#include "textsemiseg/methods/method_options.h"
#include "textsemiseg/modules/ema.h"

namespace tss {

void PlusOptions::check() const {
  check_share("plus.confidence", confidence);
  check_weight("plus.weight", weight);
  check_share("plus.burn_in", burn_in);
  check_share("plus.ramp_end", ramp_end);
  if (ramp_end < burn_in) throw InputError("plus.ramp_end", concat("found ", ramp_end), "plus.burn_in or more");
  check_share("plus.teacher_decay", teacher_decay);
  check_share("plus.mix_probability", mix_probability);
  check_share("plus.mix_labelled", mix_labelled);
  check_share("plus.box_low", box_low);
  check_share("plus.box_high", box_high);
  if (box_high < box_low) throw InputError("plus.box_high", concat("found ", box_high), "plus.box_low or more");
  if (!(gate == 0 || gate > 1)) throw InputError("plus.gate", concat("found ", gate), "a factor above 1, or 0 for none");
  if (every < 1) throw InputError("plus.every", concat("found ", every), "at least 1");
}

double plus_weight(const PlusOptions& options, int64_t iteration, int64_t iterations) {
  const double at = static_cast<double>(iteration) / static_cast<double>(iterations);
  if (at < options.burn_in) return 0;
  return options.weight * gaussian_ramp(at - options.burn_in, options.ramp_end - options.burn_in);
}

PseudoLabels mix_boxes(const PlusOptions& options, const PseudoLabels& unlabelled, const torch::Tensor& image,
                       const torch::Tensor& label, const std::vector<ClassGroups>& groups) {
  const int64_t samples = unlabelled.image.size(0), labelled = image.size(0);
  const Sides3 patch{image.size(2), image.size(3), image.size(4)};
  const auto uniform = [] { return torch::rand({1}, torch::kFloat64).item<double>(); };
  PseudoLabels mixed{unlabelled.image.clone(), unlabelled.label.clone(), unlabelled.certain.clone()};
  for (int64_t i = 0; i < samples; ++i) {
    if (uniform() >= options.mix_probability) continue;
    const bool from_labelled = samples == 1 || uniform() < options.mix_labelled;
    const int64_t partner = from_labelled ? torch::randint(labelled, {1}).item<int64_t>()
                                          : (i + 1 + torch::randint(samples - 1, {1}).item<int64_t>()) % samples;
    Sides3 sides;
    for (size_t a = 0; a < 3; ++a) {
      const double share = options.box_low + (options.box_high - options.box_low) * uniform();
      sides[a] = std::clamp<int64_t>(std::llround(share * static_cast<double>(patch[a])), 1, patch[a]);
    }
    const torch::Tensor outside = outside_box(patch, draw_box_corner(patch, sides), sides, image);
    const torch::Tensor sure = from_labelled && !groups.empty()
                                   ? told_apart(label[partner], groups[static_cast<size_t>(partner)]).to(mixed.certain.dtype())
                                   : torch::ones_like(unlabelled.certain[i]);
    mixed.image[i].copy_(paste(unlabelled.image[i], (from_labelled ? image : unlabelled.image)[partner], outside));
    mixed.label[i].copy_(paste(unlabelled.label[i], (from_labelled ? label : unlabelled.label)[partner], outside));
    mixed.certain[i].copy_(paste(unlabelled.certain[i], from_labelled ? sure : unlabelled.certain[partner], outside));
  }
  return mixed;
}

torch::Tensor told_apart(const torch::Tensor& label, const ClassGroups& groups) {
  torch::Tensor out = torch::ones_like(label, torch::kBool);
  for (const auto& group : groups.groups())
    if (group.size() > 1) out.logical_and_(label != group.front());
  return out;
}

Plus::Plus(const PlusOptions& options, const MethodSetup& setup)
    : options_(options),
      student_(register_module("network", DeepVNet(setup.network, options.deep_supervision))),
      teacher_(register_module("teacher", DeepVNet(setup.network, options.deep_supervision))),
      label_shares_(register_buffer("label_shares", torch::zeros({setup.network.classes}))),
      pseudo_shares_(register_buffer("pseudo_shares", torch::zeros({setup.network.classes}))) {
  start_average(*teacher_, *student_);
}

PseudoLabels Plus::ask_teacher_on(const Batch& batch) {
  torch::NoGradGuard no_grad;
  // Its running statistics are averages as its weights are; those of one batch of two patches would be noise.
  teacher_->eval();
  const torch::Tensor weak = batch.weak.defined() ? batch.weak : batch.unlabelled_image();
  const auto [largest, label] = torch::softmax(teacher_->forward_one(weak, 0), 1).max(1);
  return {batch.unlabelled_image(), label, (largest >= options_.confidence).to(largest.scalar_type())};
}

PseudoLabels Plus::fill_labels(const Batch& batch) {
  torch::NoGradGuard no_grad;
  teacher_->eval();
  torch::Tensor q = torch::softmax(teacher_->forward_one(batch.labelled_image(), 0), 1);
  std::vector<torch::Tensor> open;
  for (int64_t i = 0; i < batch.labelled(); ++i) {
    const ClassGroups& groups = batch.groups[static_cast<size_t>(i)];
    open.push_back(told_apart(batch.label[i], groups).logical_not());
    for (const auto& group : groups.groups())
      for (const int64_t k : group) q[i][k].mul_(batch.label[i] == group.front());
  }
  const auto [largest, label] = q.max(1);
  return {batch.labelled_image(), label,
          (largest >= options_.confidence).logical_and_(torch::stack(open)).to(largest.scalar_type())};
}

namespace {

// Of the labels those that tell all classes apart, [n, X, Y, Z].
torch::Tensor fully_labelled(const Batch& batch) {
  if (batch.groups.empty()) return batch.label;
  std::vector<int64_t> which;
  for (size_t i = 0; i < batch.groups.size(); ++i)
    if (batch.groups[i].tells_all_apart()) which.push_back(static_cast<int64_t>(i));
  return batch.label.index_select(0, torch::tensor(which, torch::kInt64).to(batch.label.device()));
}

}  // namespace

torch::Tensor Plus::open_gate(const Batch& batch, const torch::Tensor& pseudo) {
  torch::NoGradGuard no_grad;
  constexpr double kDecay = 0.98;  // about 50 steps
  const auto shares = [&](const torch::Tensor& classes) {
    std::vector<torch::Tensor> each;
    for (int64_t k = 0; k < label_shares_.size(0); ++k) each.push_back((classes == k).to(label_shares_.dtype()).mean());
    return torch::stack(each);
  };
  const auto follow = [&](torch::Tensor& running, const torch::Tensor& now) {
    running.copy_(torch::where(running.sum() > 0, kDecay * running + (1 - kDecay) * now, now));
  };
  // Labels that merge classes know no shares.
  const torch::Tensor label = fully_labelled(batch);
  if (label.size(0) > 0) follow(label_shares_, shares(label));
  follow(pseudo_shares_, shares(pseudo));
  if (options_.gate == 0) return torch::ones({}, label_shares_.options());
  const torch::Tensor labels = label_shares_.slice(0, 1), pseudos = pseudo_shares_.slice(0, 1);
  // A class that no labelled patch has shown lately says nothing.
  const torch::Tensor within =
      (labels == 0).logical_or((pseudos <= options_.gate * labels).logical_and(options_.gate * pseudos >= labels));
  return within.all().to(label_shares_.dtype());
}

void Plus::train_step(const Batch& batch, Context& context) {
  const double weight = plus_weight(options_, context.iteration(), context.iterations());
  context.log("consistency_weight", weight);
  const int64_t labelled = batch.labelled();
  const bool asks = weight > 0 && batch.image.size(0) > labelled && context.iteration() % options_.every == 0;
  if (!asks) {
    const torch::Tensor loss =
        deep_segmentation_loss(student_->forward_levels(batch.labelled_image()), batch.label, batch.groups);
    context.log("supervised", loss);
    context.log("loss", loss);
    return context.minimise("all", loss);
  }
  const PseudoLabels pseudo = ask_teacher_on(batch);
  const torch::Tensor gate = open_gate(batch, pseudo.label);
  const PseudoLabels mixed = mix_boxes(options_, pseudo, batch.labelled_image(), batch.label, batch.groups);
  // One forward pass: batch norm sees labelled and mixed patches as one population.
  const std::vector<torch::Tensor> levels = student_->forward_levels(torch::cat({batch.labelled_image(), mixed.image}));
  std::vector<torch::Tensor> first, rest;
  for (const torch::Tensor& logits : levels) {
    first.push_back(logits.narrow(0, 0, labelled));
    rest.push_back(logits.narrow(0, labelled, logits.size(0) - labelled));
  }
  const torch::Tensor supervised = deep_segmentation_loss(first, batch.label, batch.groups);
  const torch::Tensor consistency = deep_segmentation_loss(rest, mixed.label, mixed.certain);
  torch::Tensor loss = supervised + weight * gate * consistency;
  if (options_.fill && !batch.groups.empty()) {
    const PseudoLabels filled = fill_labels(batch);
    const torch::Tensor fill = deep_segmentation_loss(first, filled.label, filled.certain);
    loss = loss + weight * gate * fill;
    context.log("fill", fill);
    context.log("filled_share", filled.certain.mean());
  }
  context.log("supervised", supervised);
  context.log("consistency", consistency);
  context.log("certain_share", pseudo.certain.mean());
  context.log("gate", gate);
  context.log("loss", loss);
  context.minimise("all", loss);
}

void Plus::after_step(int64_t iteration) {
  update_average(*teacher_, *student_, ema_factor(iteration, options_.teacher_decay), Buffers::kAveraged);
}

torch::Tensor Plus::predict(const torch::Tensor& windows) { return torch::softmax(teacher_->forward_one(windows, 0), 1); }

}  // namespace tss
