#include "textsemiseg/methods/text_semiseg.h"

#include <cmath>
#include <type_traits>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/ramps.h"
#include "textsemiseg/methods/method_options.h"

namespace tss {

void FusionOptions::check() const {
  if (fusion != "multiplanar" && fusion != "repeat" && fusion != "none")
    throw InputError("text_semiseg.tmr.fusion", "found '" + fusion + "'", "multiplanar, repeat or none");
  if (!std::isfinite(text_scale))
    throw InputError("text_semiseg.tmr.text_scale", concat("found ", text_scale), "a finite number");
  MultiplanarOptions block;
  block.attention = attention;
  block.dimension = dimension;
  block.heads = heads;
  block.dropout = dropout;
  block.check();
}

namespace {

// Every field's full name and printed value.
struct Printed {
  template <class T>
  void operator()(const char* key, T& field) {
    if constexpr (requires { field.visit(*this); }) {
      Printed inner{prefix + key + ".", {}};
      field.visit(inner);
      fields.insert(fields.end(), inner.fields.begin(), inner.fields.end());
    } else if constexpr (std::is_same_v<T, bool>) {
      fields.emplace_back(prefix + key, field ? "true" : "false");
    } else {
      fields.emplace_back(prefix + key, concat(field));
    }
  }
  std::string prefix;
  std::vector<std::pair<std::string, std::string>> fields;
};

// The released code has no switches: one that is set and has no effect would mislead.
void check_switches_unused(TextSemiSegOptions given) {
  TextSemiSegOptions defaults;
  defaults.variant = given.variant;
  defaults.consistency_weight = given.consistency_weight;
  defaults.tmr.dropout = given.tmr.dropout;
  Printed found{"text_semiseg.", {}}, expected{"text_semiseg.", {}};
  given.visit(found);
  defaults.visit(expected);
  for (size_t i = 0; i < found.fields.size(); ++i)
    if (found.fields[i] != expected.fields[i])
      throw InputError(found.fields[i].first, "found " + found.fields[i].second + " with variant 'reference'",
                       expected.fields[i].second + ", because the released code has no such switch (variant 'paper' has)");
}

}  // namespace

void TextSemiSegOptions::check() const {
  check_variant("text_semiseg", variant);
  check_weight("text_semiseg.consistency_weight", consistency_weight);
  tmr.check();
  csa.check();
  dca.check();
  if (variant == "reference") check_switches_unused(*this);
}

TextSemiSeg::TextSemiSeg(const TextSemiSegOptions& options, const MethodSetup& setup)
    : TextMethod("text_semiseg", setup.text), options_(options), side_multiple_(setup.network.side_multiple()) {
  network_ = register_module("network", VNet(setup.network, std::vector{UpSampling::kTransposed, UpSampling::kTrilinear}));
  register_text();
  const int64_t channels = setup.network.widths.back(), dimension = text_dimension();
  if (options.tmr.fusion == "multiplanar") {
    MultiplanarOptions tmr;
    tmr.channels = channels;
    for (size_t a = 0; a < 3; ++a) tmr.size[a] = (setup.patch[a] + side_multiple_ - 1) / side_multiple_;
    tmr.text_dimension = dimension;
    tmr.dimension = options.tmr.dimension;
    tmr.heads = options.tmr.heads;
    tmr.dropout = options.tmr.dropout;
    tmr.attention = options.tmr.attention;
    tmr_ = register_module("tmr", MultiplanarRepresentation(tmr));
  } else if (options.tmr.fusion == "repeat") {
    prompt_ = register_module("prompt", VoxelPrompt(channels, setup.network.classes, dimension));
  }
  if (options.csa.enabled)
    projection_ = register_module("projection", torch::nn::Conv3d(torch::nn::Conv3dOptions(channels, dimension, 1)));
}

// The deepest feature F_v, text-enhanced; F_v itself goes to *deepest.
Skips TextSemiSeg::encode(const torch::Tensor& x, const torch::Tensor& text, torch::Tensor* deepest) {
  Skips skips = network_->encoder->forward(pad_to_multiple(x, side_multiple_));
  if (deepest) *deepest = skips.back();
  if (tmr_) skips.back() = tmr_->forward(skips.back(), text * options_.tmr.text_scale);
  if (prompt_) skips.back() = prompt_->forward(skips.back(), text * options_.tmr.text_scale);
  return skips;
}

void TextSemiSeg::train_step(const Batch& batch, Context& context) {
  const int64_t labelled = batch.labelled(), unlabelled = batch.image.size(0) - labelled;
  const torch::Tensor text = training_texts();
  torch::Tensor deepest;
  const Skips skips = encode(batch.image, text, &deepest);

  std::array<torch::Tensor, 2> logits, supervised, pseudo;
  for (size_t i = 0; i < 2; ++i) {
    logits[i] = crop_like(network_->decoders[i]->forward(skips).logits, batch.image);
    supervised[i] = cross_entropy_and_dice(logits[i].narrow(0, 0, labelled), batch.label);
    pseudo[i] = logits[i].detach().narrow(0, labelled, unlabelled).argmax(1);
  }
  torch::Tensor loss = supervised[0] + supervised[1];
  context.log("supervised_1", supervised[0]);
  context.log("supervised_2", supervised[1]);

  const double weight = options_.consistency_weight *
                        gaussian_ramp(static_cast<double>(context.iteration() + 1), static_cast<double>(context.iterations()));
  context.log("consistency_weight", weight);
  if (unlabelled > 0) {
    torch::Tensor consistency;
    for (size_t i = 0; i < 2; ++i) {
      const torch::Tensor term = cross_entropy_and_dice(logits[i].narrow(0, labelled, unlabelled), pseudo[1 - i]);
      consistency = i == 0 ? term : consistency + term;
    }
    context.log("consistency", consistency);
    loss = loss + weight * consistency;
  }

  if (options_.csa.enabled) {
    const torch::Tensor projected = projection_->forward(deepest).to(text.scalar_type());
    torch::Tensor alignment;
    for (size_t i = 0; i < 2; ++i) {
      const torch::Tensor term = alignment_loss(projected, torch::softmax(logits[i], 1), text, side_multiple_, options_.csa);
      alignment = i == 0 ? term : alignment + term;
    }
    context.log("alignment", alignment);
    loss = loss + alignment;
  }

  const bool mixing = options_.dca.enabled && unlabelled > 0 &&
                      static_cast<double>(context.iteration()) >= options_.dca.start * static_cast<double>(context.iterations());
  context.log("mixing", mixing ? 1.0 : 0.0);
  if (mixing) {
    // Ties make decoder 2 the better one, as released.
    const size_t better = (supervised[0] < supervised[1]).item<bool>() ? 0 : 1;
    const torch::Tensor mixed = mixed_loss(batch, pseudo[better], 1 - better, text);
    context.log("mixed", mixed);
    context.log("better_decoder", static_cast<double>(better + 1));
    loss = loss + mixed;
  }
  context.log("loss", loss);
  context.minimise("all", loss);
}

torch::Tensor TextSemiSeg::mixed_loss(const Batch& batch, const torch::Tensor& pseudo, size_t weaker, const torch::Tensor& text) {
  const MixedPatches mixed = mix_foregrounds(batch.labelled_image(), batch.label, batch.unlabelled_image(), pseudo);
  const torch::Tensor image = torch::cat({mixed.image_l, mixed.image_u});
  const torch::Tensor logits = crop_like(network_->decoders[weaker]->forward(encode(image, text)).logits, image);
  const int64_t n = mixed.image_l.size(0);
  return cross_entropy_and_dice(logits.narrow(0, 0, n), mixed.label_l) +
         cross_entropy_and_dice(logits.narrow(0, n, n), mixed.label_u);
}

torch::Tensor TextSemiSeg::predict(const torch::Tensor& windows) {
  const Skips skips = encode(windows, prediction_texts());
  return torch::softmax(crop_like(network_->decoders[0]->forward(skips).logits, windows), 1);
}

}  // namespace tss
