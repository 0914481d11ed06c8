// The smallest networks, texts and batches that methods can be tried on, and a Context that keeps what a step hands it.
#pragma once

#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/methods/method.h"

namespace tss::testing {

class StepRecord : public Context {
 public:
  StepRecord(int64_t iteration, int64_t iterations, std::string phase = "train")
      : iteration_(iteration), iterations_(iterations), phase_(std::move(phase)) {}

  void minimise(const std::string& group, const torch::Tensor& loss) override { minimise_together({group}, loss); }
  void minimise_together(const std::vector<std::string>& names, const torch::Tensor& loss) override {
    minimised.push_back(loss);
    std::vector<torch::optim::Optimizer*> stepping;
    for (const std::string& group : names) {
      groups.push_back(group);
      if (torch::optim::Optimizer* const own = optimisers.contains(group) ? optimisers.at(group).get() : optimiser)
        stepping.push_back(own);
    }
    for (torch::optim::Optimizer* one : stepping) one->zero_grad();
    if (!stepping.empty() || gradients) loss.backward();
    for (torch::optim::Optimizer* one : stepping) one->step();
  }
  using Context::log;
  void log(const std::string& name, const torch::Tensor& value) override { logged[name] = value.item<double>(); }
  int64_t iteration() const override { return iteration_; }
  int64_t iterations() const override { return iterations_; }
  const std::string& phase() const override { return phase_; }

  torch::optim::Optimizer* optimiser = nullptr;                                // steps, when given
  std::map<std::string, std::shared_ptr<torch::optim::Optimizer>> optimisers;  // of a group, in place of it
  bool gradients = false;  // without an optimiser: every loss is differentiated at once
  std::map<std::string, double> logged;
  std::vector<torch::Tensor> minimised;
  std::vector<std::string> groups;

 private:
  int64_t iteration_, iterations_;
  std::string phase_;
};

inline VNetOptions tiny_network(int64_t classes, int64_t channels = 1) {
  VNetOptions options;
  options.in_channels = channels;
  options.classes = classes;
  options.widths = {4, 8, 8};
  options.depths = {1, 1, 1};
  options.dropout = false;
  return options;
}

// Unit vectors that are trained themselves.
inline std::shared_ptr<TextSource> tiny_texts(int64_t classes, int64_t dimension = 16) {
  std::vector<ClassText> names;
  for (int64_t k = 0; k < classes; ++k) names.push_back({concat("class ", k), "drawn"});
  return std::make_shared<FixedText>(torch::randn({classes, dimension}), names, true);
}

inline MethodSetup tiny_setup(int64_t classes, int64_t side = 8, int64_t channels = 1) {
  MethodSetup setup;
  setup.network = tiny_network(classes, channels);
  setup.patch = {side, side, side};
  setup.text = tiny_texts(classes);
  return setup;
}

// Noise, brighter where the class is higher; each class fills its slab along z.
inline Batch tiny_batch(int64_t labelled, int64_t unlabelled, int64_t classes, std::vector<int64_t> sides, int64_t channels = 1) {
  const int64_t n = labelled + unlabelled;
  const torch::Tensor depth = torch::arange(sides[2]).mul(classes).div(sides[2], "floor").view({1, 1, 1, sides[2]});
  const torch::Tensor label = depth.expand({n, sides[0], sides[1], sides[2]}).contiguous();
  Batch batch;
  batch.image = torch::randn({n, channels, sides[0], sides[1], sides[2]}) * 0.3 + label.unsqueeze(1).to(torch::kFloat32);
  batch.label = label.narrow(0, 0, labelled).clone();
  return batch;
}

inline Batch to_double(Batch batch) {
  batch.image = batch.image.to(torch::kFloat64);
  return batch;
}

}  // namespace tss::testing
