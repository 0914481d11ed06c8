// What each method costs: training step, prediction, parameters, memory.
//
//   bench_methods [--side 48] [--repeats 5] [--threads 2] [--bf16] [--only METHOD]
//
// Every method of the registry with its own default configuration and batch, on noise, in the last step of a run (ramps full, warm-ups
// over, last phase). Steps of all methods take turns, so that what else the machine does meets all; believe the ratio, which is the
// median over the turns of a method's step to the step of `supervised` in the same turn. Memory is what building the method and its
// steps add to the process. Prediction is one window in single precision.
#include <iomanip>
#include <iostream>

#include "measure.h"
#include "textsemiseg/engine/costs.h"
#include "textsemiseg/engine/optimisation.h"
#include "textsemiseg/engine/phases.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/text/text_factory.h"

namespace {

using namespace bench;
using tss::Json;

struct Entry {
  std::string name, method;
  Json options = Json::object();
};

std::vector<Entry> entries() {
  std::vector<Entry> out;
  for (const auto& info : tss::methods()) {
    out.push_back({info.name, info.name});
    if (info.text == tss::TextUse::kOption) out.push_back({info.name + ", text", info.name, {{"text", true}}});
    if (info.name == "urpc") out.push_back({"urpc, unet3d", info.name, {{"backbone", "unet3d"}}});
    if (info.name == "text_semiseg") out.push_back({"text_semiseg, repeat", info.name, {{"tmr", {{"fusion", "repeat"}}}}});
  }
  return out;
}

class Contender {
 public:
  Contender(const Entry& entry, const Options& options) : name_(entry.name) {
    reset_peak_memory();
    const double before = memory_gib("VmRSS:");
    build(entry, options);
    step();
    step();
    reset_peak_memory();
    step();
    memory_ = peak_memory() - before;
  }

  void step() {
    seconds_.push_back(timed([&] { optimisation_->step(batch_, kSeed, kRun - 1, kRun, kRate); }));
  }
  void forget_steps() { seconds_.clear(); }
  void predict() {
    if (!optimisation_->finite()) throw tss::Error(name_ + ": a loss is not finite");
    prediction_ = tss::prediction_cost(*method_, 1, window_, torch::kCPU);
  }

  const std::string& text_source() const { return text_source_; }  // empty: without text

  void print(const Contender& baseline) const {
    std::vector<double> ratios;
    for (size_t i = 0; i < seconds_.size(); ++i) ratios.push_back(seconds_[i] / baseline.seconds_[i]);
    const auto millions = [](int64_t count) { return static_cast<double>(count) / 1e6; };
    const int64_t labelled = batch_.labelled(), unlabelled = batch_.image.size(0) - labelled;
    std::cout << std::fixed << std::setprecision(2) << "| " << std::left << std::setw(20) << name_ << std::right << " | "
              << labelled << " + " << unlabelled << " | " << std::setw(6) << least(seconds_) << " | " << std::setw(6)
              << median(seconds_) << " | " << std::setw(5) << median(ratios) << " | " << std::setprecision(3) << std::setw(6)
              << prediction_.seconds << " | " << std::setprecision(2) << std::setw(6)
              << millions(tss::trainable_parameters(*method_)) << " | " << std::setw(6) << millions(prediction_.parameters)
              << " | " << std::setw(5) << memory_ << " |\n";
  }

 private:
  // Small, so that many steps on one batch of noise stay finite whatever the method's own rate is.
  static constexpr double kRate = 1e-4;

  void build(const Entry& entry, const Options& options) {
    window_ = std::vector<int64_t>(3, options.side);
    const Json tree = {{"method", entry.method}, {entry.method, entry.options}, {"sampler", {{"patch", window_}}}};
    const tss::RunConfig config = tss::make_run_config(tree, entry.name);
    const std::vector<std::string> classes{"background", "pancreas"};
    std::shared_ptr<tss::TextSource> text;
    if (tss::method_info(entry.method).uses_text(config.method_options)) {
      text = tss::make_text_source(config.text, classes, kSeed);
      text_source_ = text->classes()[1].source;
    }
    method_ = tss::build_method(config, classes, 1, text);
    optimisation_ = std::make_unique<tss::Optimisation>(*method_, config.optimiser, options.bf16);
    const tss::Phase phase = tss::phase_spans(method_->phases(), kRun).back().phase;
    method_->begin_phase(phase.name);
    batch_ = batch_of(options.side, config.sampler.labelled, phase.uses_unlabelled ? config.sampler.unlabelled : 0);
  }

  std::string name_, text_source_;
  std::vector<int64_t> window_;
  std::shared_ptr<tss::Method> method_;
  std::unique_ptr<tss::Optimisation> optimisation_;
  tss::Batch batch_;
  std::vector<double> seconds_;
  tss::PredictionCost prediction_;
  double memory_ = 0;
};

void run(const Options& options) {
  if (!options.only.empty()) tss::method_info(options.only);  // throws with the names known
  std::vector<std::unique_ptr<Contender>> all;
  for (const Entry& entry : entries())  // supervised, the measure of the others, is the first
    if (all.empty() || options.only.empty() || entry.method == options.only)
      all.push_back(std::make_unique<Contender>(entry, options));
  for (auto& one : all) one->forget_steps();
  for (int64_t i = 0; i < options.repeats; ++i)
    for (auto& one : all) one->step();
  for (auto& one : all) one->predict();
  const auto with_text = std::find_if(all.begin(), all.end(), [](const auto& one) { return !one->text_source().empty(); });
  if (with_text != all.end()) std::cout << "class texts: " << (*with_text)->text_source() << "\n";
  std::cout << "window " << options.side
            << "^3; seconds per step: least and median; its ratio to supervised; seconds per predicted"
            << " window; millions of parameters trained and used at prediction; GiB\n"
            << "| method | patches | least | median | ratio | window | trained | used | memory |\n"
            << "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
  for (const auto& one : all) one->print(*all.front());
}

}  // namespace

int main(int argc, char** argv) { return bench::main_of(argc, argv, {.side = 48}, run); }
