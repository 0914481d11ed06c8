// Where the time of a training step goes.
//
//   bench_step [--side 96] [--repeats 5] [--threads 2] [--bf16] [--only vnet|text]
//
// vnet: a VNet-16 step on 4 labelled patches through method and engine, against the same network, loss and optimiser in a bare
//       loop. The two take turns, so that what else the machine does meets both; believe the ratio.
// text: a Text-SemiSeg step (variant paper, 2 + 2 patches, mixing active) through method and engine, and its parts. The parts are
//       the step put together here from the same modules; that they compute the same loss is checked in every run.
#include <cmath>
#include <iomanip>
#include <iostream>

#include "measure.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/engine/optimisation.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/ramps.h"
#include "textsemiseg/methods/supervised.h"
#include "textsemiseg/methods/text_semiseg.h"
#include "textsemiseg/text/text_factory.h"

namespace {

using namespace bench;

void row(const std::string& name, double seconds, double total) {
  std::cout << "  " << std::left << std::setw(34) << name << std::right << std::fixed << std::setprecision(3) << std::setw(9)
            << seconds << " s";
  if (total > 0) std::cout << std::setprecision(1) << std::setw(8) << 100 * seconds / total << " %";
  std::cout << "\n";
}

void bench_vnet(const Options& options) {
  torch::manual_seed(kSeed);
  tss::MethodSetup setup;
  tss::Supervised method({}, setup);
  tss::Optimisation engine(method, {}, options.bf16);

  tss::VNet net(setup.network, std::vector{tss::UpSampling::kTransposed});
  torch::optim::SGD sgd(net->parameters(), torch::optim::SGDOptions(0.01).momentum(0.9).weight_decay(1e-4));
  net->train();

  const tss::Batch batch = batch_of(options.side, 4, 0);
  const auto through_engine = [&] { engine.step(batch, kSeed, 0, kRun); };
  const auto bare = [&] {
    torch::Tensor loss;
    {
      const tss::PrecisionScope scope(options.bf16, torch::kCPU);
      loss = 0.5 * tss::cross_entropy_and_dice(net->forward(batch.image)[0], batch.label);
    }
    sgd.zero_grad();
    loss.backward();
    sgd.step();
  };
  std::vector<double> seconds_engine, seconds_bare, ratios;
  for (int i = 0; i < 2; ++i) {  // memory and kernels warm
    through_engine();
    bare();
  }
  for (int64_t i = 0; i < options.repeats; ++i) {
    double with = 0, without = 0;
    if (i % 2 == 0) with = timed(through_engine);
    without = timed(bare);
    if (i % 2 == 1) with = timed(through_engine);
    seconds_engine.push_back(with);
    seconds_bare.push_back(without);
    ratios.push_back(with / without);
  }
  std::cout << "VNet-16 step, 4 x " << options.side << "^3\n";
  row("bare loop, median", median(seconds_bare), 0);
  row("method and engine, median", median(seconds_engine), 0);
  row("bare loop, least", least(seconds_bare), 0);
  row("method and engine, least", least(seconds_engine), 0);
  std::cout << std::setprecision(3) << "  ratio engine / bare: of the least times " << least(seconds_engine) / least(seconds_bare)
            << ", median of the pairs " << median(ratios) << "\n";
}

// One Text-SemiSeg step from its modules, with a stopwatch between them.
class StepInParts {
 public:
  explicit StepInParts(const tss::TextSemiSeg& method, bool bf16, int64_t side_multiple)
      : network_(std::dynamic_pointer_cast<tss::VNetImpl>(method.named_children()["network"])),
        tmr_(std::dynamic_pointer_cast<tss::MultiplanarRepresentationImpl>(method.named_children()["tmr"])),
        projection_(std::dynamic_pointer_cast<torch::nn::Conv3dImpl>(method.named_children()["projection"])),
        text_(std::dynamic_pointer_cast<tss::TextSource>(method.named_children()["text"])),
        sgd_(method.parameters(), torch::optim::SGDOptions(0.01).momentum(0.9).weight_decay(1e-4)),
        bf16_(bf16),
        block_(side_multiple) {}

  // Loss of the step; with update = false the weights stay.
  double run(const tss::Batch& batch, int64_t t, bool update) {
    seconds_.clear();
    torch::manual_seed(tss::random_key(kSeed, tss::Stream::kStep, static_cast<uint64_t>(t)));  // as the engine does
    torch::Tensor loss;
    {
      const tss::PrecisionScope scope(bf16_, torch::kCPU);
      loss = forward(batch, t);
    }
    if (!update) return loss.item<double>();
    part("backward", [&] {
      sgd_.zero_grad();
      loss.backward();
    });
    part("optimiser", [&] { sgd_.step(); });
    return loss.item<double>();
  }

  const std::vector<std::pair<std::string, double>>& seconds() const { return seconds_; }

 private:
  void part(const std::string& name, const std::function<void()>& action) { seconds_.emplace_back(name, timed(action)); }

  tss::Skips encode(const torch::Tensor& image, const torch::Tensor& text, const std::string& suffix,
                    torch::Tensor* deepest = nullptr) {
    tss::Skips skips;
    part("encoder" + suffix, [&] { skips = network_->encoder->forward(tss::pad_to_multiple(image, block_)); });
    if (deepest) *deepest = skips.back();
    part("TMR" + suffix, [&] { skips.back() = tmr_->forward(skips.back(), text); });
    return skips;
  }

  torch::Tensor forward(const tss::Batch& batch, int64_t t) {
    const int64_t labelled = batch.labelled(), unlabelled = batch.image.size(0) - labelled;
    const tss::TextSemiSegOptions defaults;
    torch::Tensor text, deepest, loss, consistency, alignment, mixed_loss;
    std::array<torch::Tensor, 2> logits, supervised, pseudo;
    part("text", [&] { text = text_->features(); });
    const tss::Skips skips = encode(batch.image, text, "", &deepest);
    for (size_t i = 0; i < 2; ++i)
      part(tss::concat("decoder ", i + 1),
           [&] { logits[i] = tss::crop_like(network_->decoders[i]->forward(skips).logits, batch.image); });
    part("losses and pseudo labels", [&] {
      for (size_t i = 0; i < 2; ++i) {
        supervised[i] = tss::cross_entropy_and_dice(logits[i].narrow(0, 0, labelled), batch.label);
        pseudo[i] = logits[i].detach().narrow(0, labelled, unlabelled).argmax(1);
      }
      consistency = tss::cross_entropy_and_dice(logits[0].narrow(0, labelled, unlabelled), pseudo[1]) +
                    tss::cross_entropy_and_dice(logits[1].narrow(0, labelled, unlabelled), pseudo[0]);
    });
    part("CSA", [&] {
      const torch::Tensor projected = projection_->forward(deepest).to(text.scalar_type());
      alignment = tss::alignment_loss(projected, torch::softmax(logits[0], 1), text, block_, defaults.csa) +
                  tss::alignment_loss(projected, torch::softmax(logits[1], 1), text, block_, defaults.csa);
    });
    const size_t better = (supervised[0] < supervised[1]).item<bool>() ? 0 : 1;
    tss::MixedPatches mixed;
    torch::Tensor image, mixed_logits;
    part("DCA: mixing of patches", [&] {
      mixed = tss::mix_foregrounds(batch.labelled_image(), batch.label, batch.unlabelled_image(), pseudo[better]);
      image = torch::cat({mixed.image_l, mixed.image_u});
    });
    const tss::Skips mixed_skips = encode(image, text, " on mixed patches");
    part("weaker decoder on mixed patches",
         [&] { mixed_logits = tss::crop_like(network_->decoders[1 - better]->forward(mixed_skips).logits, image); });
    part("losses on mixed patches", [&] {
      const int64_t n = mixed.image_l.size(0);
      mixed_loss = tss::cross_entropy_and_dice(mixed_logits.narrow(0, 0, n), mixed.label_l) +
                   tss::cross_entropy_and_dice(mixed_logits.narrow(0, n, n), mixed.label_u);
    });
    const double weight = defaults.consistency_weight * tss::gaussian_ramp(static_cast<double>(t + 1), static_cast<double>(kRun));
    return supervised[0] + supervised[1] + weight * consistency + alignment + mixed_loss;
  }

  tss::VNet network_;
  tss::MultiplanarRepresentation tmr_;
  torch::nn::Conv3d projection_;
  std::shared_ptr<tss::TextSource> text_;
  torch::optim::SGD sgd_;
  bool bf16_;
  int64_t block_;
  std::vector<std::pair<std::string, double>> seconds_;
};

void bench_text(const Options& options) {
  torch::manual_seed(kSeed);
  constexpr int64_t kMixing = kRun - 1;  // every term active
  tss::MethodSetup setup;
  setup.patch = {options.side, options.side, options.side};
  setup.text = tss::make_text_source({}, {"background", "pancreas"}, kSeed);
  tss::TextSemiSeg method(tss::TextSemiSegOptions{}, setup);
  tss::Optimisation engine(method, {}, options.bf16);
  StepInParts in_parts(method, options.bf16, setup.network.side_multiple());
  const tss::Batch batch = batch_of(options.side, 2, 2);

  method.train();
  const double expected = in_parts.run(batch, kMixing, false);
  reset_peak_memory();
  engine.step(batch, kSeed, kMixing, kRun, 0.01);
  const double peak = peak_memory(), found = engine.logged().at("loss").item<double>();
  if (!(std::abs(found - expected) <= 1e-5 * std::abs(expected)))
    throw tss::Error(
        tss::concat("the parts give a loss of ", expected, ", the method one of ", found, ": bench/step.cc is out of date"));

  in_parts.run(batch, kMixing, true);  // its optimiser's buffers
  std::vector<double> totals, here;
  std::vector<std::vector<double>> parts;
  for (int64_t i = 0; i < options.repeats; ++i) {
    totals.push_back(timed([&] { engine.step(batch, kSeed, kMixing, kRun, 0.01); }));
    here.push_back(timed([&] { in_parts.run(batch, kMixing, true); }));
    parts.resize(in_parts.seconds().size());
    for (size_t p = 0; p < parts.size(); ++p) parts[p].push_back(in_parts.seconds()[p].second);
  }
  const double total = median(totals);
  std::cout << "Text-SemiSeg step (paper), 2 + 2 x " << options.side
            << "^3, mixing active, text: " << setup.text->classes()[1].source << "\n";
  double sum = 0;
  for (size_t p = 0; p < parts.size(); ++p) {
    row(in_parts.seconds()[p].first, median(parts[p]), total);
    sum += median(parts[p]);
  }
  row("sum of the parts", sum, total);
  row("the parts, and freeing memory", median(here), total);
  row("step through method and engine", total, total);
  std::cout << std::setprecision(2) << "  peak memory " << peak << " GiB\n";
}

void run(const Options& options) {
  if (!options.only.empty() && options.only != "vnet" && options.only != "text")
    throw tss::UsageError("--only: found '" + options.only + "'; expected vnet or text");
  if (options.only != "text") bench_vnet(options);
  if (options.only != "vnet") bench_text(options);
}

}  // namespace

int main(int argc, char** argv) { return bench::main_of(argc, argv, {.side = 96}, run); }
