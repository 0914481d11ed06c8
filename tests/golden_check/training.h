// train_* : complete optimiser steps through the method's train_step and the engine's Optimisation.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "golden_check/golden.h"
#include "textsemiseg/engine/optimisation.h"

namespace golden {

// The class texts as one trainable tensor, as they are.
class TrainableTexts : public tss::TextSource {
 public:
  explicit TrainableTexts(const torch::Tensor& features) { features_ = register_parameter("features", features); }
  torch::Tensor features() override { return features_; }
  int64_t dimension() const override { return features_.size(1); }
  std::vector<tss::ClassText> classes() const override { return {}; }

 private:
  torch::Tensor features_;
};

// Names in a file and ours, by their beginnings: {"student: ", "student."}; the first that fits counts. Names may also be whole. What
// follows a beginning is named as in `layout` (networks/published_layout.h).
struct Prefix {
  std::string theirs, ours, layout = "nested";
};
using Prefixes = std::vector<Prefix>;

struct TrainingRun {
  Prefixes names = {{"text", "text.features"}, {"net: ", "network."}, {"", "network."}};
  std::map<std::string, std::string> logged = {};  // our name of a logged scalar -> the file's, where they differ
  tss::OptimiserOptions optimiser = {};            // the rate of the first step is the base rate, whatever the schedule
  int64_t iterations = 30'000;                     // length of the run
  // Sets up what the step cannot draw by itself (formula noise, fixed boxes).
  std::function<void(const tss::Batch&, int64_t t, const Json& step)> before = nullptr;
  // Checks what is no named number; called after each step.
  std::function<void(const Json& step, const tss::Optimisation& engine)> after = nullptr;
};

// The steps of one case: losses, gradients, parameters after each, running statistics where given.
void run_steps(const Json& c, tss::Method& method, const TrainingRun& run, Checker& check);

// The child of the method that holds a network; "network" is the one it predicts with.
torch::nn::Module& network_of(tss::Method& method, const std::string& name = "network");
// Weights of the network's own file ("net_vnet_uamt"), whose names are those of `layout`; dropout 0.
void set_network(torch::nn::Module& network, const std::string& network_file, int64_t stream_offset = 0,
                 const std::string& layout = "nested");

}  // namespace golden
