// What a method is: the training step and the prediction of one publication. A method knows no files, no loop, no options parsing.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/networks/vnet.h"
#include "textsemiseg/text/text_source.h"
#include "textsemiseg/volume/class_groups.h"

namespace tss {

// One training batch, labelled samples first.
struct Batch {
  torch::Tensor image;  // [N, C, X, Y, Z] float
  torch::Tensor label;  // [L, X, Y, Z] int64, classes of the first L samples; L <= N
  torch::Tensor weak =
      {};  // [N - L, C, X, Y, Z]: the unlabelled samples before their intensities were changed (sampler.weak_views)
  // Which classes each of the L labels tells apart; empty: all of them all classes. Only for methods that say they take it
  // (MethodInfo::partial_labels).
  std::vector<ClassGroups> groups = {};

  int64_t labelled() const { return label.size(0); }
  torch::Tensor labelled_image() const { return image.narrow(0, 0, labelled()); }
  torch::Tensor unlabelled_image() const { return image.narrow(0, labelled(), image.size(0) - labelled()); }
};

// What the engine offers to a training step.
class Context {
 public:
  virtual ~Context() = default;
  // Backward, clipping, averaging over ranks and one optimiser step for the parameters of `group`.
  virtual void minimise(const std::string& group, const torch::Tensor& loss) = 0;
  // The same for one loss on which the optimisers of several groups step.
  virtual void minimise_together(const std::vector<std::string>& groups, const torch::Tensor& loss) = 0;
  // A named scalar for the log; it reaches the host only when a line is written.
  virtual void log(const std::string& name, const torch::Tensor& value) = 0;
  void log(const std::string& name, double value) { log(name, torch::tensor(value, torch::kFloat64)); }
  virtual int64_t iteration() const = 0;         // completed training steps of the phase, from 0
  virtual int64_t iterations() const = 0;        // length of the phase, t_max; of the run where there is one phase
  virtual const std::string& phase() const = 0;  // name of the phase
};

// What every method is built from; the options of a method itself are its own struct.
struct MethodSetup {
  VNetOptions network;                       // classes and channels already set from the data
  std::array<int64_t, 3> patch{96, 96, 96};  // training patch
  std::shared_ptr<TextSource> text;          // features of the class names, for methods that use text
};

// Parameters that share an optimiser.
struct ParameterGroup {
  std::string name;
  std::vector<torch::Tensor> parameters;
  double rate_factor = 1.0;  // of the run's learning rate
  // Factor on optimiser.learning_rate in step t of a phase of t_max, in place of rate_factor and schedule. BS-Net as released has three
  // rates that no schedule of [optimiser] draws (docs/methods.md#bs_net), and it is the engine that steps the optimisers.
  std::function<double(int64_t t, int64_t t_max)> own_schedule = nullptr;
};

// A stage of the run. The engine starts each with fresh optimisers and a selection of its own.
struct Phase {
  std::string name = "train";
  double share = 1.0;             // of the run's iterations; the shares of all phases sum to 1
  bool uses_unlabelled = true;    // false: batches of labelled samples alone
  bool starts_from_best = false;  // from the checkpoint selected in the phase before, where one was selected
  std::string schedule;           // of the learning rate over the phase; empty: optimiser.schedule
};

class Method : public torch::nn::Module {
 public:
  // One optimiser step (or several, through the context) on one batch.
  virtual void train_step(const Batch& batch, Context& context) = 0;
  // For teachers: called after each optimiser step.
  virtual void after_step(int64_t /*iteration*/) {}
  // Probabilities [N, K, X, Y, Z] of windows [N, C, X, Y, Z]; their argmax is the decision.
  virtual torch::Tensor predict(const torch::Tensor& windows) = 0;
  // Before a run of predict(): freezes what does not change between windows (text features).
  virtual void begin_prediction() {}
  virtual std::vector<ParameterGroup> parameter_groups();
  virtual std::vector<Phase> phases() const { return {Phase{}}; }
  // Before the first step of each phase, with the weights it starts from in place.
  virtual void begin_phase(const std::string& /*name*/) {}
  // Replaces the class texts [K, d] at prediction (the text probe); methods without text ignore it.
  virtual void set_class_texts(const torch::Tensor& /*features*/) {}
  // The class texts prediction uses, [K, d]; undefined for methods without text.
  virtual torch::Tensor class_texts() { return {}; }
  // Windows must have the training patch's size (a text block whose tokens are whole planes); others take any size. The ONNX export
  // asks (onnx/export.h): it traces a second window size where there may be one, and a method that fails there would be no answer.
  virtual bool fixed_window() const { return false; }
};

}  // namespace tss
