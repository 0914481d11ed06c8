#include "golden_check/network_cases.h"

#include "golden_check/runner_list.h"
#include "textsemiseg/losses/sum.h"
#include "textsemiseg/networks/published_layout.h"

namespace golden {

torch::Tensor loss_weights(const torch::Tensor& like, size_t number) {
  torch::Tensor w = torch::empty(like.sizes(), torch::kFloat64);
  for (int64_t j = 0; j < w.numel(); ++j) w.data_ptr<double>()[j] = 1 + 0.5 * u(31337 + number, static_cast<uint64_t>(j));
  return w.to(like.scalar_type());
}

int64_t parameter_count(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

Json with_own_names(Json network, const std::string& layout) {
  const tss::PublishedLayout& names = tss::published_layout(layout);
  for (const char* list : {"parameters", "buffers"})
    for (auto& entry : network[list]) entry[1] = tss::own_name(names, entry[1].get<std::string>());
  return network;
}

void run_network_case(const Json& c, torch::nn::Module& net, const Json& network, const Forward& forward,
                      const std::string& layout, Checker& check) {
  const tss::PublishedLayout& names = tss::published_layout(layout);
  const bool train = c.at("mode") == "train";
  torch::AutoGradMode gradients(train);
  net.to(check.dtype());
  set_weights(net, with_own_names(network, layout));
  set_dropout(net, 0);
  net.train(train);
  const Outputs outputs = forward(from_formula(c.at("input")).to(check.dtype()));
  check.exact("outputs", static_cast<int64_t>(outputs.size()), static_cast<int64_t>(c.at("outputs").size()));
  torch::Tensor loss;
  size_t number = 0;
  for (const auto& [name, value] : outputs) {
    check.tensor(name, value, c.at("outputs").at(name), Kind::kOutput);
    if (!value.is_floating_point()) continue;
    tss::add_to(loss, (loss_weights(value, number++) * value.square()).mean());
  }
  if (!train) return;
  check.number("loss", loss.item<double>(), c.at("loss"), Kind::kLoss);
  loss.backward();
  auto parameters = net.named_parameters();
  for (const auto& [name, field] : c.at("gradients").items())
    check.tensor("gradient " + name, parameters[tss::own_name(names, name)].grad(), field, Kind::kGradient);
  if (!c.contains("running_stats_after")) return;
  auto buffers = net.named_buffers();
  for (const auto& [name, field] : c.at("running_stats_after").items())
    check.tensor("running statistics", buffers[tss::own_name(names, name)], field, Kind::kOutput);
}

void set_dropout(torch::nn::Module& module, double p) {
  for (const auto& child : module.modules(false)) {
    if (auto* one = child->as<torch::nn::Dropout>()) one->options.p(p);
    if (auto* one = child->as<torch::nn::Dropout3d>()) one->options.p(p);
  }
}

Json resized(Json network, torch::nn::Module& module, const std::string& layout) {
  auto parameters = module.named_parameters();
  for (auto& entry : network["parameters"]) {
    const auto name = tss::own_name(tss::published_layout(layout), entry[1].get<std::string>());
    if (auto* found = parameters.find(name)) entry[2] = found->sizes().vec();
  }
  return network;
}

}  // namespace golden
