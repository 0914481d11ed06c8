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

TeacherPrediction ask_teacher(const std::function<torch::Tensor(const torch::Tensor& x)>& teacher, const torch::Tensor& x,
                              const DropoutOptions& dropout) {
  TeacherPrediction out;
  if (x.size(0) == 0) return out;
  torch::NoGradGuard no_grad;
  out.target = torch::softmax(teacher(with_noise(x, dropout)), 1);
  out.mean = mean_prediction(teacher, x, dropout);
  return out;
}

UaMtLoss ua_mt_loss(const UaMtOptions& options, const torch::Tensor& logits, const torch::Tensor& label,
                    const TeacherPrediction& teacher, int64_t iteration, int64_t iterations) {
  UaMtLoss loss;
  const int64_t labelled = label.size(0), unlabelled = logits.size(0) - labelled;
  const torch::Tensor z = logits.narrow(0, 0, labelled);
  const torch::Tensor dice = dice_loss_squared(torch::softmax(z, 1), label, options.dice == "all" ? 0 : 1, 1e-5);
  loss.supervised = 0.5 * (F::cross_entropy(z, label) + dice);
  const Ramp ramp{.weight = options.consistency_weight,
                  .share = options.ramp_share,
                  .published_epochs = static_cast<double>(options.ramp_epochs)};
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

void minimise(const UaMtLoss& loss, const torch::Tensor& alignment, Context& context) {
  torch::Tensor total = loss.total;
  context.log("supervised", loss.supervised);
  context.log("consistency_weight", loss.consistency_weight);
  if (loss.consistency.defined()) {
    context.log("consistency", loss.consistency);
    context.log("certain_share", loss.certain.mean());
  }
  if (alignment.defined()) {
    context.log("alignment", alignment);
    total = total + alignment;
  }
  context.log("loss", total);
  context.minimise("all", total);
}

UaMt::UaMt(const UaMtOptions& options, const MethodSetup& setup, DropoutOptions dropout)
    : TextMethod("ua_mt", setup.text, options.text),
      options_(options),
      dropout_(std::move(dropout)),
      student_(make_network("network", setup)),
      teacher_(make_network("teacher", setup)) {
  dropout_.passes = options.passes;
  start_average(*teacher_.vnet, *student_.vnet);
  register_text();
}

UaMt::Network UaMt::make_network(const std::string& name, const MethodSetup& setup) {
  VNet vnet = register_module(name, VNet(setup.network, std::vector{UpSampling::kTransposed}));
  if (!options_.text) return {vnet, TextGuidance(setup.network)};
  return {vnet, TextGuidance(*vnet, options_.tmr, options_.csa, setup.network, setup.patch, text_dimension())};
}

torch::Tensor UaMt::Network::forward(const torch::Tensor& x, const torch::Tensor& text, torch::Tensor* deepest) {
  const Skips skips = guidance.encode(vnet->encoder, x, text, deepest);
  return crop_like(vnet->decoders[0]->forward(skips).logits, x);
}

void UaMt::train_step(const Batch& batch, Context& context) {
  const torch::Tensor text = training_texts();
  torch::Tensor deepest, alignment;
  const torch::Tensor logits = student_.forward(batch.image, text, &deepest);
  const TeacherPrediction teacher =
      ask_teacher([&](const torch::Tensor& x) { return teacher_.forward(x, text); }, batch.unlabelled_image(), dropout_);
  const UaMtLoss loss = ua_mt_loss(options_, logits, batch.label, teacher, context.iteration(), context.iterations());
  if (student_.guidance.aligns()) alignment = student_.guidance.alignment(deepest, {torch::softmax(logits, 1)}, text);
  minimise(loss, alignment, context);
}

void UaMt::after_step(int64_t iteration) {
  update_average(*teacher_.vnet, *student_.vnet, ema_factor(iteration, options_.teacher_decay));
}

torch::Tensor UaMt::predict(const torch::Tensor& windows) {
  return torch::softmax(student_.forward(windows, prediction_texts()), 1);
}

}  // namespace tss
