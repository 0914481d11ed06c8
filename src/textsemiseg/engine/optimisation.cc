#include "textsemiseg/engine/optimisation.h"

#include <ATen/autocast_mode.h>

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/base/strings.h"

namespace tss {

void OptimiserOptions::check() const {
  if (schedule != "linear" && schedule != "poly" && schedule != "constant")
    throw InputError("optimiser.schedule", "found '" + schedule + "'", "linear, poly or constant");
  if (!(learning_rate > 0)) throw InputError("optimiser.learning_rate", concat("found ", learning_rate), "a number above 0");
  if (!(momentum >= 0 && momentum < 1)) throw InputError("optimiser.momentum", concat("found ", momentum), "0 <= momentum < 1");
  if (!(weight_decay >= 0)) throw InputError("optimiser.weight_decay", concat("found ", weight_decay), "0 or more");
  if (!(clip_norm >= 0)) throw InputError("optimiser.clip_norm", concat("found ", clip_norm), "0 or more");
}

double learning_rate_at(const OptimiserOptions& options, int64_t t, int64_t t_max) {
  if (options.schedule == "constant") return options.learning_rate;
  const double at = static_cast<double>(options.released_offset ? std::max<int64_t>(t - 1, 0) : t);
  const double rest = 1.0 - at / static_cast<double>(t_max);
  // The released linear schedule goes below 0 in the steps past its end; a power of that would be NaN.
  if (options.schedule == "linear") return options.learning_rate * rest;
  return options.learning_rate * std::pow(std::max(rest, 0.0), options.power);
}

PrecisionScope::PrecisionScope(bool bf16, torch::DeviceType device) : active_(bf16), device_(device) {
  if (!active_) return;
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, torch::kBFloat16);
  at::autocast::increment_nesting();
}

PrecisionScope::~PrecisionScope() {
  if (!active_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, false);
}

Optimisation::Optimisation(Method& method, const OptimiserOptions& options, bool bf16)
    : method_(method), options_(options), bf16_(bf16), rate_(options.learning_rate) {
  options.check();
  for (auto& group : method.parameter_groups()) {
    std::vector<torch::Tensor> trainable;
    for (auto& parameter : group.parameters)
      if (parameter.requires_grad()) trainable.push_back(parameter);
    auto sgd = torch::optim::SGDOptions(options.learning_rate).momentum(options.momentum).weight_decay(options.weight_decay);
    optimisers_[group.name] = std::make_unique<torch::optim::SGD>(trainable, sgd);
  }
}

void Optimisation::step(const Batch& batch, uint64_t seed, int64_t iteration, int64_t iterations, std::optional<double> rate) {
  iteration_ = iteration;
  iterations_ = iterations;
  rate_ = rate ? *rate : learning_rate_at(options_, iteration, iterations);
  logged_.clear();
  method_.train();
  torch::manual_seed(random_key(seed, Stream::kStep, static_cast<uint64_t>(iteration)));
  {
    PrecisionScope scope(bf16_, batch.image.device().type());
    method_.train_step(batch, *this);
  }
  method_.after_step(iteration);
}

bool Optimisation::finite() const { return !finite_.defined() || finite_.item<bool>(); }

void Optimisation::minimise(const std::string& group, const torch::Tensor& loss) {
  const auto found = optimisers_.find(group);
  if (found == optimisers_.end()) throw Error("the method has no parameter group '" + group + "'");
  torch::optim::SGD& sgd = *found->second;
  const torch::Tensor finite = torch::isfinite(loss.detach()).all();
  finite_ = finite_.defined() ? torch::logical_and(finite_, finite) : finite;
  if (loss.device().is_cpu() && !this->finite()) return;
  // Autocast is for the forward pass; gradients follow the types it chose.
  const auto device = loss.device().type();
  const bool autocast = at::autocast::is_autocast_enabled(device);
  at::autocast::set_autocast_enabled(device, false);
  sgd.zero_grad();
  loss.backward();
  if (options_.clip_norm > 0) {
    std::vector<torch::Tensor> parameters;
    for (auto& one : sgd.param_groups()) parameters.insert(parameters.end(), one.params().begin(), one.params().end());
    torch::nn::utils::clip_grad_norm_(parameters, options_.clip_norm);
  }
  for (auto& one : sgd.param_groups()) static_cast<torch::optim::SGDOptions&>(one.options()).lr(rate_);
  sgd.step();
  at::autocast::set_autocast_enabled(device, autocast);
}

void Optimisation::log(const std::string& name, const torch::Tensor& value) { logged_[name] = value.detach(); }

namespace {

std::string state_name(const std::string& group, size_t number) { return concat("optimiser.", group, ".", number, ".momentum"); }

}  // namespace

std::map<std::string, torch::Tensor> Optimisation::state() const {
  std::map<std::string, torch::Tensor> out;
  for (const auto& [name, sgd] : optimisers_) {
    size_t number = 0;
    for (const auto& group : sgd->param_groups())
      for (const auto& parameter : group.params()) {
        const auto found = sgd->state().find(parameter.unsafeGetTensorImpl());
        if (found != sgd->state().end()) {
          const auto& buffer = static_cast<const torch::optim::SGDParamState&>(*found->second).momentum_buffer();
          if (buffer.defined()) out[state_name(name, number)] = buffer;
        }
        ++number;
      }
  }
  return out;
}

void Optimisation::load_state(const std::map<std::string, torch::Tensor>& state, const std::string& source) {
  for (auto& [name, sgd] : optimisers_) {
    size_t number = 0;
    for (auto& group : sgd->param_groups())
      for (auto& parameter : group.params()) {
        const std::string key = state_name(name, number++);
        const auto found = state.find(key);
        if (found == state.end()) continue;  // a parameter that never got a gradient has no momentum
        if (found->second.sizes() != parameter.sizes())
          throw InputError(source + ": " + key, c10::str("has shape ", found->second.sizes()), c10::str(parameter.sizes()));
        auto buffer = std::make_unique<torch::optim::SGDParamState>();
        buffer->momentum_buffer(found->second.to(parameter.options()).clone());
        sgd->state()[parameter.unsafeGetTensorImpl()] = std::move(buffer);
      }
  }
}

}  // namespace tss
