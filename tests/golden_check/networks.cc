// net_* : one network each, evaluation and training mode; block_text: the multiplanar text block alone.
#include "golden_check/golden.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/modules/text_decoder.h"
#include "textsemiseg/networks/vnet.h"

namespace golden {
namespace {

using Outputs = std::vector<std::pair<std::string, torch::Tensor>>;

torch::Tensor loss_weights(const torch::Tensor& like, size_t number) {
  torch::Tensor w = torch::empty(like.sizes(), torch::kFloat64);
  for (int64_t j = 0; j < w.numel(); ++j) w.data_ptr<double>()[j] = 1 + 0.5 * u(31337 + number, static_cast<uint64_t>(j));
  return w.to(like.scalar_type());
}

// Names of a network file may lack the prefix that ours has ("encoder." and "decoder1." in one flat net).
Json with_names(Json network, const std::function<std::string(const std::string&)>& rename) {
  for (const char* list : {"parameters", "buffers"})
    for (auto& entry : network[list]) entry[1] = rename(entry[1].get<std::string>());
  return network;
}

std::string same(const std::string& name) { return name; }

// The UA-MT release holds encoder and decoder in one flat module; our decoder owns everything from block_five_up on.
std::string split_flat(const std::string& name) {
  for (const char* of_decoder : {"block_five_up", "block_six", "block_seven", "block_eight", "block_nine", "out_conv"})
    if (name.starts_with(of_decoder)) return "decoder1." + name;
  return "encoder." + name;
}

template <class Net, class Forward>
void run_case(const Json& c, Net& net, const Json& network, Forward forward, const std::function<std::string(const std::string&)>& rename,
              Checker& check) {
  const bool train = c.at("mode") == "train";
  torch::AutoGradMode gradients(train);
  net.to(check.dtype());
  set_weights(net, with_names(network, rename));
  set_dropout(net, 0);
  net.train(train);
  const torch::Tensor x = from_formula(c.at("input")).to(check.dtype());
  const Outputs outputs = forward(x);
  torch::Tensor loss;
  const double deviation = c.at("float32_deviation").value("gradients", 0.0);
  for (size_t n = 0; n < outputs.size(); ++n) {
    const auto& [name, value] = outputs[n];
    check.tensor(name, value, c.at("outputs").at(name), Kind::kOutput);
    const torch::Tensor term = (loss_weights(value, n) * value.square()).mean();
    loss = loss.defined() ? loss + term : term;
  }
  if (!train) return;
  check.number("loss", loss.template item<double>(), c.at("loss"), Kind::kLoss);
  loss.backward();
  auto parameters = net.named_parameters();
  for (const auto& [name, field] : c.at("gradients").items())
    check.tensor("gradient " + name, parameters[rename(name)].grad(), field, Kind::kGradient, deviation);
  auto buffers = net.named_buffers();
  for (const auto& [name, field] : c.at("running_stats_after").items())
    check.tensor("running statistics", buffers[rename(name)], field, Kind::kOutput);
}

void check_vnet(const Json& file, Checker& check, const std::vector<tss::UpSampling>& decoders, const std::vector<std::string>& names,
                const std::function<std::string(const std::string&)>& rename) {
  for (const auto& c : file.at("cases")) {
    const auto shape = c.at("input").at("shape").get<std::vector<int64_t>>();
    if (check.leave_to_nightly(shape)) continue;
    check.begin_case(c.at("id"));
    tss::VNet net(tss::VNetOptions{}, decoders);
    int64_t count = 0;
    for (const auto& parameter : net->parameters()) count += parameter.numel();
    check.exact("parameter count", count, file.at("network").at("parameter_count"));
    run_case(c, *net, file.at("network"), [&](const torch::Tensor& x) {
      const auto logits = net->forward(x);
      Outputs out;
      for (size_t i = 0; i < names.size(); ++i) out.emplace_back(names[i], logits[i]);
      return out;
    }, rename, check);
  }
}

tss::MultiplanarOptions block_options(const Json& c, const char* size_key) {
  tss::MultiplanarOptions options;
  options.size = c.at(size_key).get<std::array<int64_t, 3>>();
  options.patch = c.at("patch").get<std::array<int64_t, 3>>();
  options.released_parameters = true;
  return options;
}

// The list printed is that of the first case; shapes of later ones follow from the case.
Json resized(Json network, torch::nn::Module& module) {
  auto parameters = module.named_parameters();
  for (auto& entry : network["parameters"])
    if (auto* found = parameters.find(entry[1].get<std::string>())) entry[2] = found->sizes().vec();
  return network;
}

}  // namespace

void set_dropout(torch::nn::Module& module, double p) {
  for (const auto& child : module.modules(false)) {
    if (auto* one = child->as<torch::nn::Dropout>()) one->options.p(p);
    if (auto* one = child->as<torch::nn::Dropout3d>()) one->options.p(p);
  }
}

void check_net_vnet(const Json& file, Checker& check) { check_vnet(file, check, {tss::UpSampling::kTransposed}, {"logits"}, same); }

void check_net_vnet_uamt(const Json& file, Checker& check) {
  check_vnet(file, check, {tss::UpSampling::kTransposed}, {"logits"}, split_flat);
}

void check_net_mcnet(const Json& file, Checker& check) {
  check_vnet(file, check, {tss::UpSampling::kTransposed, tss::UpSampling::kTrilinear}, {"logits_a", "logits_b"}, same);
}

void check_net_text_semiseg(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    const auto shape = c.at("input").at("shape").get<std::vector<int64_t>>();
    if (check.leave_to_nightly(shape)) continue;
    check.begin_case(c.at("id"));
    tss::TextVNet net(tss::VNetOptions{}, block_options(c, "deep_size"));
    int64_t count = 0;
    for (const auto& parameter : net->parameters()) count += parameter.numel();
    check.exact("parameter count", count, c.at("parameter_count"));
    const torch::Tensor t = from_formula(file.at("text")).to(check.dtype());
    run_case(c, *net, resized(file.at("network_of_first_case"), *net), [&](const torch::Tensor& x) {
      const auto out = net->forward(x, t);
      return Outputs{{"logits_1", out.logits[0]}, {"logits_2", out.logits[1]}, {"feature_1", out.features[0]}, {"feature_2", out.features[1]}};
    }, same, check);
  }
}

void check_block_text(const Json& file, Checker& check) {
  const Json& first = file.at("cases")[0].at("network");
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    tss::MultiplanarOptions options = block_options(c, "size");
    options.channels = c.at("channels");
    options.dimension = options.text_dimension = c.at("d_model");
    options.heads = c.at("heads");
    tss::MultiplanarRepresentation block(options);
    block->to(check.dtype());
    if (c.contains("network")) {
      int64_t count = 0;
      for (const auto& parameter : block->parameters()) count += parameter.numel();
      check.exact("parameter count", count, c.at("network").at("parameter_count"));
    }
    set_weights(*block, resized(first, *block));
    set_dropout(*block, 0);
    const torch::Tensor x = from_formula(c.at("input")).to(check.dtype()).requires_grad_(true);
    const torch::Tensor t = from_formula(c.at("text")).to(check.dtype()).unsqueeze(0).requires_grad_(true);
    const torch::Tensor out = block->forward(x, t[0]);
    check.tensor("output", out, c.at("output"), Kind::kOutput);
    check.tensor("axial tokens", block->embed(x, 0), c.at("axial_tokens_after_norm1"), Kind::kOutput);
    const torch::Tensor loss = (loss_weights(out, 0) * out.square()).mean();
    check.number("loss", loss.item<double>(), c.at("loss"), Kind::kLoss);
    loss.backward();
    const double deviation = c.at("float32_deviation").value("gradients", 0.0);
    check.tensor("gradient input", x.grad(), c.at("gradient_input"), Kind::kGradient, deviation);
    if (c.at("gradient_text").at("l2").get<double>() == 0)
      check.equal("gradient text is zero", !t.grad().defined() || t.grad().abs().max().item<double>() == 0);
    else
      check.tensor("gradient text", t.grad(), c.at("gradient_text"), Kind::kGradient, deviation);
    auto parameters = block->named_parameters();
    for (const auto& [name, field] : c.at("gradients").items()) {
      const torch::Tensor grad = parameters[name].grad();
      if (field.at("l2").get<double>() == 0)
        check.equal("gradient " + name + " is zero", !grad.defined() || grad.abs().max().item<double>() == 0);
      else
        check.tensor("gradient " + name, grad, field, Kind::kGradient, deviation);
    }
  }
}

}  // namespace golden
