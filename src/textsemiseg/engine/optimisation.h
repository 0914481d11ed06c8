// One training step: the Context that a method's train_step sees, with the optimisers, the learning-rate schedule and precision.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/engine/loss_guard.h"
#include "textsemiseg/methods/method.h"
#include "textsemiseg/methods/precision.h"

namespace tss {

struct OptimiserOptions {
  std::string kind = "sgd";
  double learning_rate = 0.01;
  double momentum = 0.9;
  bool nesterov = false;
  double beta2 = 0.999;
  double weight_decay = 1e-4;
  // linear: 1 - t/t_max | poly: (1 - t/t_max)^power | step: step_factor^floor(t / (step_share t_max)) | constant
  std::string schedule = "linear";
  double power = 0.9;
  double step_share = 0.4;
  double step_factor = 0.1;
  bool released_offset = false;
  double clip_norm = 0;

  template <class V>
  void visit(V& v) {
    v("kind", kind, "sgd or adam");
    v("learning_rate", learning_rate, "at the start, above 0");
    v("momentum", momentum, "of sgd, beta 1 of adam; from 0, below 1");
    v("nesterov", nesterov, "true or false: sgd looks ahead along the momentum, as nnU-Net does with momentum 0.99");
    v("beta2", beta2, "of adam, from 0, below 1");
    v("weight_decay", weight_decay, "0 or more");
    v("schedule", schedule, "linear (1 - t/t_max), poly ((1 - t/t_max)^power), step or constant: of the learning rate");
    v("power", power, "of the schedule poly");
    v("step_share", step_share, "schedule step: share of the run between two drops, above 0, at most 1");
    v("step_factor", step_factor, "schedule step: of a drop, above 0");
    v("released_offset", released_offset,
      "true or false: the rate of step t is taken one step late, as some released programs do");
    v("clip_norm", clip_norm, "gradients are scaled to at most this L2 norm; 0: never");
  }
  void check() const;
};

// The rate in force for step t (completed steps) of a phase of t_max.
double learning_rate_at(const OptimiserOptions& options, int64_t t, int64_t t_max);

class Optimisation : public Context {
 public:
  Optimisation(Method& method, const OptimiserOptions& options, bool bf16 = false);

  // Step `iteration` of a run of `iterations`: seeds torch's generators from (seed, iteration), runs train_step and after_step. The
  // method is told its place in the phase. rate: in place of the schedule's.
  void step(const Batch& batch, uint64_t seed, int64_t iteration, int64_t iterations, std::optional<double> rate = {});

  // What the last step logged, still on the device.
  const std::map<std::string, torch::Tensor>& logged() const { return logged_; }
  // False once a loss was NaN or infinite. On the CPU the step is then not taken; on a GPU this call is what waits for the device, so ask
  // before a checkpoint is written, not after every step.
  bool finite() const;
  double learning_rate() const { return rate_; }

  // From now on a step ends at the first loss that the guard objects to, or whose gradient is not finite: nothing of it is taken from there
  // on, and the method's buffers are what they were before the step. Waits for a GPU at each loss. guard: outlives this; null: as before.
  void guard_losses(LossGuard* guard) { guard_ = guard; }
  // Why the last step was not taken, "the loss is NaN"; empty: it was.
  const std::string& objection() const { return objection_; }

  // Optimiser state as named tensors, "optimiser.<group>.<parameter number>.momentum" (adam also .second_moment and .steps).
  std::map<std::string, torch::Tensor> state() const;
  // Throws InputError naming the tensor when one is missing or has another shape.
  void load_state(const std::map<std::string, torch::Tensor>& state, const std::string& source);

  void minimise(const std::string& group, const torch::Tensor& loss) override { minimise_together({group}, loss); }
  void minimise_together(const std::vector<std::string>& groups, const torch::Tensor& loss) override;
  using Context::log;
  void log(const std::string& name, const torch::Tensor& value) override;
  int64_t iteration() const override { return iteration_; }
  int64_t iterations() const override { return iterations_; }
  const std::string& phase() const override { return phase_; }

 private:
  struct Group {
    std::unique_ptr<torch::optim::Optimizer> optimiser;
    double rate_factor = 1;
    std::function<double(int64_t t, int64_t t_max)> own_schedule;
  };
  void take_step(Group& group);
  void object(const std::string& names, const std::string& what);
  bool gradients_finite(const std::vector<Group*>& groups) const;

  Method& method_;
  OptimiserOptions options_;
  bool bf16_;
  std::map<std::string, Group> groups_;
  std::map<std::string, torch::Tensor> logged_;
  int64_t iteration_ = 0, iterations_ = 1;
  std::string phase_;
  double rate_ = 0;
  LossGuard* guard_ = nullptr;
  std::string objection_;
  torch::Tensor finite_;  // 0-dim bool on the method's device; undefined before the first loss
};

}  // namespace tss
