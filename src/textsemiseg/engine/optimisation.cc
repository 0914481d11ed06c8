#include "textsemiseg/engine/optimisation.h"

#include <ATen/autocast_mode.h>

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/phases.h"

namespace tss {

namespace {

void check_schedule(const std::string& name) {
  if (name != "linear" && name != "poly" && name != "step" && name != "constant")
    throw InputError("optimiser.schedule", "found '" + name + "'", "linear, poly, step or constant");
}

}  // namespace

void OptimiserOptions::check() const {
  if (kind != "sgd" && kind != "adam") throw InputError("optimiser.kind", "found '" + kind + "'", "sgd or adam");
  check_schedule(schedule);
  if (!(learning_rate > 0)) throw InputError("optimiser.learning_rate", concat("found ", learning_rate), "a number above 0");
  if (!(momentum >= 0 && momentum < 1)) throw InputError("optimiser.momentum", concat("found ", momentum), "0 <= momentum < 1");
  if (nesterov && (kind != "sgd" || momentum == 0))
    throw InputError("optimiser.nesterov", concat("found true with kind = ", kind, " and momentum = ", momentum),
                     "sgd with a momentum above 0");
  if (!(beta2 >= 0 && beta2 < 1)) throw InputError("optimiser.beta2", concat("found ", beta2), "0 <= beta2 < 1");
  if (!(step_share > 0 && step_share <= 1))
    throw InputError("optimiser.step_share", concat("found ", step_share), "above 0, at most 1");
  if (!(step_factor > 0)) throw InputError("optimiser.step_factor", concat("found ", step_factor), "a number above 0");
  if (!(weight_decay >= 0)) throw InputError("optimiser.weight_decay", concat("found ", weight_decay), "0 or more");
  if (!(clip_norm >= 0)) throw InputError("optimiser.clip_norm", concat("found ", clip_norm), "0 or more");
}

double learning_rate_at(const OptimiserOptions& options, int64_t t, int64_t t_max) {
  if (options.schedule == "constant") return options.learning_rate;
  const double at = static_cast<double>(options.released_offset ? std::max<int64_t>(t - 1, 0) : t);
  if (options.schedule == "step") {
    const double between = std::max(1.0, std::round(options.step_share * static_cast<double>(t_max)));
    return options.learning_rate * std::pow(options.step_factor, std::floor(at / between));
  }
  const double rest = 1.0 - at / static_cast<double>(t_max);
  // The released linear schedule goes below 0 in the steps past its end; a power of that would be NaN.
  if (options.schedule == "linear") return options.learning_rate * rest;
  return options.learning_rate * std::pow(std::max(rest, 0.0), options.power);
}

namespace {

std::unique_ptr<torch::optim::Optimizer> make_optimiser(const OptimiserOptions& o, const std::vector<torch::Tensor>& parameters) {
  if (o.kind == "adam")
    return std::make_unique<torch::optim::Adam>(
        parameters, torch::optim::AdamOptions(o.learning_rate).betas({o.momentum, o.beta2}).weight_decay(o.weight_decay));
  return std::make_unique<torch::optim::SGD>(
      parameters,
      torch::optim::SGDOptions(o.learning_rate).momentum(o.momentum).weight_decay(o.weight_decay).nesterov(o.nesterov));
}

}  // namespace

Optimisation::Optimisation(Method& method, const OptimiserOptions& options, bool bf16)
    : method_(method), options_(options), bf16_(bf16), rate_(options.learning_rate) {
  options.check();
  for (const auto& group : method.parameter_groups()) {
    std::vector<torch::Tensor> trainable;
    for (const auto& parameter : group.parameters)
      if (parameter.requires_grad()) trainable.push_back(parameter);
    groups_[group.name] = {make_optimiser(options, trainable), group.rate_factor, group.own_schedule};
  }
}

void Optimisation::step(const Batch& batch, uint64_t seed, int64_t iteration, int64_t iterations, std::optional<double> rate) {
  const auto spans = phase_spans(method_.phases(), iterations);
  const PhaseSpan& span = span_at(spans, iteration);
  phase_ = span.phase.name;
  iteration_ = iteration - span.begin;
  iterations_ = span.length();
  OptimiserOptions schedule = options_;
  if (!span.phase.schedule.empty()) schedule.schedule = span.phase.schedule;
  rate_ = rate ? *rate : learning_rate_at(schedule, iteration_, iterations_);
  logged_.clear();
  objection_.clear();
  std::vector<torch::Tensor> before;  // running statistics take in what a bad step computes
  for (const torch::Tensor& buffer : guard_ ? method_.buffers() : std::vector<torch::Tensor>{}) before.push_back(buffer.clone());
  method_.train();
  torch::manual_seed(random_key(seed, Stream::kStep, static_cast<uint64_t>(iteration)));
  {
    PrecisionScope scope(bf16_, batch.image.device().type());
    method_.train_step(batch, *this);
  }
  if (objection_.empty()) return method_.after_step(iteration_);
  const torch::NoGradGuard no_grad;
  const std::vector<torch::Tensor> buffers = method_.buffers();
  for (size_t i = 0; i < before.size(); ++i) buffers[i].copy_(before[i]);
}

bool Optimisation::finite() const { return !finite_.defined() || finite_.item<bool>(); }

void Optimisation::object(const std::string& names, const std::string& what) {
  objection_ = concat(groups_.size() > 1 ? names + ": " : "", what);
}

bool Optimisation::gradients_finite(const std::vector<Group*>& groups) const {
  std::vector<torch::Tensor> gradients;
  for (const Group* group : groups) {
    for (const torch::Tensor& parameter : group->optimiser->param_groups()[0].params())
      if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  }
  if (gradients.empty()) return true;
  return torch::stack(at::_foreach_norm(gradients)).isfinite().all().item<bool>();
}

void Optimisation::take_step(Group& group) {
  auto& parameters = group.optimiser->param_groups()[0];
  if (options_.clip_norm > 0) torch::nn::utils::clip_grad_norm_(parameters.params(), options_.clip_norm);
  parameters.options().set_lr(group.own_schedule ? options_.learning_rate * group.own_schedule(iteration_, iterations_)
                                                 : rate_ * group.rate_factor);
  group.optimiser->step();
}

void Optimisation::minimise_together(const std::vector<std::string>& names, const torch::Tensor& loss) {
  std::vector<Group*> groups;
  for (const std::string& name : names) {
    const auto found = groups_.find(name);
    if (found == groups_.end()) throw Error("the method has no parameter group '" + name + "'");
    groups.push_back(&found->second);
  }
  if (guard_) {
    if (!objection_.empty()) return;
    const std::string what = guard_->objection(join(names, "+"), loss.item<double>());
    if (!what.empty()) return object(join(names, "+"), "the loss " + what);
  } else {
    const torch::Tensor finite = torch::isfinite(loss.detach()).all();
    finite_ = finite_.defined() ? torch::logical_and(finite_, finite) : finite;
    if (loss.device().is_cpu() && !this->finite()) return;
  }
  // Autocast is for the forward pass; gradients follow the types it chose.
  const auto device = loss.device().type();
  const bool autocast = at::autocast::is_autocast_enabled(device);
  at::autocast::set_autocast_enabled(device, false);
  for (Group* group : groups) group->optimiser->zero_grad();
  loss.backward();
  if (guard_ && !gradients_finite(groups)) {
    object(join(names, "+"), "the gradient is NaN or infinite");
    for (Group* group : groups) group->optimiser->zero_grad();
  } else {
    for (Group* group : groups) take_step(*group);
  }
  at::autocast::set_autocast_enabled(device, autocast);
  // Weights have changed: what autocast has cast of them is stale for the rest of this step.
  if (autocast) at::autocast::clear_cache();
}

void Optimisation::log(const std::string& name, const torch::Tensor& value) { logged_[name] = value.detach(); }

namespace {

using ParamState = torch::optim::OptimizerParamState;

// The parts of one parameter's state that are there, by name.
std::map<std::string, torch::Tensor> parts_of(const ParamState& state) {
  std::map<std::string, torch::Tensor> out;
  if (const auto* adam = dynamic_cast<const torch::optim::AdamParamState*>(&state)) {
    out["momentum"] = adam->exp_avg();
    out["second_moment"] = adam->exp_avg_sq();
    out["steps"] = torch::tensor(adam->step(), torch::kInt64);
  } else if (const auto* sgd = dynamic_cast<const torch::optim::SGDParamState*>(&state);
             sgd && sgd->momentum_buffer().defined()) {
    out["momentum"] = sgd->momentum_buffer();
  }
  return out;
}

std::unique_ptr<ParamState> from_parts(bool adam, const std::map<std::string, torch::Tensor>& parts) {
  if (adam) {
    auto state = std::make_unique<torch::optim::AdamParamState>();
    state->exp_avg(parts.at("momentum"));
    state->exp_avg_sq(parts.at("second_moment"));
    state->step(parts.at("steps").item<int64_t>());
    return state;
  }
  auto state = std::make_unique<torch::optim::SGDParamState>();
  state->momentum_buffer(parts.at("momentum"));
  return state;
}

std::string state_prefix(const std::string& group, size_t number) { return concat("optimiser.", group, ".", number, "."); }

}  // namespace

std::map<std::string, torch::Tensor> Optimisation::state() const {
  std::map<std::string, torch::Tensor> out;
  for (const auto& [name, group] : groups_) {
    size_t number = 0;
    for (const auto& parameter : group.optimiser->param_groups()[0].params()) {
      const std::string prefix = state_prefix(name, number++);
      const auto found = group.optimiser->state().find(parameter.unsafeGetTensorImpl());
      if (found == group.optimiser->state().end()) continue;
      for (const auto& [part, tensor] : parts_of(*found->second)) out[prefix + part] = tensor;
    }
  }
  return out;
}

void Optimisation::load_state(const std::map<std::string, torch::Tensor>& state, const std::string& source) {
  const bool adam = options_.kind == "adam";
  const std::vector<std::string> expected =
      adam ? std::vector<std::string>{"momentum", "second_moment", "steps"} : std::vector<std::string>{"momentum"};
  for (auto& [name, group] : groups_) {
    size_t number = 0;
    for (auto& parameter : group.optimiser->param_groups()[0].params()) {
      const std::string prefix = state_prefix(name, number++);
      if (!state.contains(prefix + expected.front())) continue;  // a parameter that never got a gradient has no state
      std::map<std::string, torch::Tensor> parts;
      for (const std::string& part : expected) {
        const auto found = state.find(prefix + part);
        if (found == state.end()) throw InputError(source + ": " + prefix + part, "is missing", "the state of " + options_.kind);
        const bool counter = part == "steps";
        if (!counter && found->second.sizes() != parameter.sizes())
          throw InputError(source + ": " + found->first, c10::str("has shape ", found->second.sizes()),
                           c10::str(parameter.sizes()));
        parts[part] = counter ? found->second : found->second.to(parameter.options()).clone();
      }
      group.optimiser->state()[parameter.unsafeGetTensorImpl()] = from_parts(adam, parts);
    }
  }
}

}  // namespace tss
