#include "textsemiseg/methods/ua_mt.h"

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/methods/method_options.h"
#include "textsemiseg/methods/option_fields.h"
#include "textsemiseg/modules/ema.h"

namespace tss {

namespace F = torch::nn::functional;

void UaMtOptions::check() const {
  check_variant("ua_mt", variant);
  if (dice != "all" && dice != "foreground") throw InputError("ua_mt.dice", "found '" + dice + "'", "all or foreground");
  check_weight("ua_mt.consistency_weight", consistency_weight);
  check_share("ua_mt.ramp_share", ramp_share);
  check_share("ua_mt.teacher_decay", teacher_decay);
  if (ramp_epochs < 0) throw InputError("ua_mt.ramp_epochs", concat("found ", ramp_epochs), "0 or more");
  if (passes < 2 || passes % 2 != 0) throw InputError("ua_mt.passes", concat("found ", passes), "an even number, 2 or more");
  check_text_options("ua_mt", *this);
}

UaMt::UaMt(const UaMtOptions& options, const MethodSetup& setup, DropoutOptions dropout)
    : TextMethod("ua_mt", setup.text, options.text),
      options_(options),
      dropout_(std::move(dropout)),
      student_{nullptr, TextGuidance(setup.network), nullptr},
      teacher_(student_) {
  dropout_.passes = options.passes;
  student_ = make_network("network", setup);
  teacher_ = make_network("teacher", setup);
  start_average(module_of(teacher_), module_of(student_));
  register_text();
}

UaMt::Network UaMt::make_network(const std::string& name, const MethodSetup& setup) {
  Network out{nullptr, TextGuidance(setup.network), nullptr};
  const std::vector decoders = {UpSampling::kTransposed};
  if (options_.text && options_.variant == "reference") {
    const auto block = released_text_block(setup.network, setup.patch, text_dimension(), options_.tmr.dropout);
    out.released = register_module(name, TextVNet(setup.network, block, decoders));
    return out;
  }
  out.plain = register_module(name, VNet(setup.network, decoders));
  if (options_.text)
    out.guidance = TextGuidance(*out.plain, options_.tmr, options_.csa, setup.network, setup.patch, text_dimension());
  return out;
}

torch::nn::Module& UaMt::module_of(Network& network) {
  if (network.released) return *network.released;
  return *network.plain;
}

UaMt::Output UaMt::forward(Network& network, const torch::Tensor& x, const torch::Tensor& text) {
  if (network.released) {
    const TextVNetOutput out = network.released->forward(x, text);
    return {out.logits[0], out.features[0]};
  }
  Output out;
  const Skips skips = network.guidance.encode(network.plain->encoder, x, text, &out.feature);
  out.logits = crop_like(network.plain->decoders[0]->forward(skips).logits, x);
  return out;
}

TeacherPrediction UaMt::ask_teacher(const torch::Tensor& x, const torch::Tensor& text) {
  torch::NoGradGuard no_grad;
  const auto logits = [&](const torch::Tensor& noised) { return forward(teacher_, noised, text).logits; };
  TeacherPrediction out;
  out.target = torch::softmax(logits(with_noise(x, dropout_)), 1);
  out.mean = mean_prediction(logits, x, dropout_);
  return out;
}

UaMtLoss ua_mt_loss(const UaMtOptions& options, const torch::Tensor& logits, const torch::Tensor& label,
                    const TeacherPrediction& teacher, int64_t iteration, int64_t iterations) {
  UaMtLoss loss;
  const int64_t labelled = label.size(0), unlabelled = logits.size(0) - labelled;
  const torch::Tensor z = logits.narrow(0, 0, labelled);
  const torch::Tensor dice = dice_loss_squared(torch::softmax(z, 1), label, options.dice == "all" ? 0 : 1, 1e-5);
  loss.supervised = 0.5 * (F::cross_entropy(z, label) + dice);
  const Ramp ramp{options.consistency_weight, options.ramp_share, static_cast<double>(options.ramp_epochs), false};
  loss.consistency_weight = ramped_weight(ramp, options.variant, iteration, iterations);
  loss.threshold = certainty_threshold(static_cast<double>(iteration), static_cast<double>(iterations), logits.size(1));
  loss.total = loss.supervised;
  if (unlabelled == 0) return loss;
  loss.uncertainty = entropy(teacher.mean);
  loss.certain = (loss.uncertainty < loss.threshold).to(logits.scalar_type());
  loss.consistency = masked_consistency(torch::softmax(logits.narrow(0, labelled, unlabelled), 1), teacher.target, loss.certain);
  loss.total = loss.supervised + loss.consistency_weight * loss.consistency;
  return loss;
}

torch::Tensor UaMt::alignment(const Output& student, const torch::Tensor& text) {
  if (!student_.released) return student_.guidance.alignment(student.feature, {torch::softmax(student.logits, 1)}, text);
  return released_alignment(released_class_vectors(torch::sigmoid(student.logits), normalise_depth(student.feature)), text);
}

void UaMt::train_step(const Batch& batch, Context& context) {
  const torch::Tensor text = training_texts();
  const Output student = forward(student_, batch.image, text);
  TeacherPrediction teacher;
  if (batch.image.size(0) > batch.labelled()) teacher = ask_teacher(batch.unlabelled_image(), text);
  const UaMtLoss loss = ua_mt_loss(options_, student.logits, batch.label, teacher, context.iteration(), context.iterations());
  torch::Tensor total = loss.total;
  context.log("supervised", loss.supervised);
  context.log("consistency_weight", loss.consistency_weight);
  if (loss.consistency.defined()) {
    context.log("consistency", loss.consistency);
    context.log("certain_share", loss.certain.mean());
  }
  if (student_.released || student_.guidance.aligns()) {
    const torch::Tensor term = alignment(student, text);
    context.log("alignment", term);
    total = total + term;
  }
  context.log("loss", total);
  context.minimise("all", total);
}

void UaMt::after_step(int64_t iteration) {
  update_average(module_of(teacher_), module_of(student_), ema_factor(iteration, options_.teacher_decay));
}

torch::Tensor UaMt::predict(const torch::Tensor& windows) {
  const torch::Tensor text = prediction_texts();
  if (student_.released) return torch::softmax(student_.released->forward_first(windows, text), 1);
  return torch::softmax(forward(student_, windows, text).logits, 1);
}

}  // namespace tss
