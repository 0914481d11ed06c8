// net_* : one network each, evaluation and training mode; block_text: the multiplanar text block alone.
#include "golden_check/network_cases.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/methods/released/text_decoder.h"
#include "textsemiseg/methods/released/two_task_text_vnet.h"
#include "textsemiseg/modules/vclip_vnet.h"
#include "textsemiseg/networks/bcp_vnet.h"
#include "textsemiseg/networks/residual_vnet.h"
#include "textsemiseg/networks/two_task_vnet.h"
#include "textsemiseg/networks/unet3d.h"

namespace golden {
namespace {

using tss::UpSampling;

constexpr const char* kLetters[] = {"a", "b", "c"};

// Runs every case of a file with a network from `make`, whose outputs are `forward(network, x)`.
template <class Make, class Run>
void check_file(const Json& file, Checker& check, const char* layout, Make make, Run outputs) {
  const bool sized = file.contains("network_of_first_case");  // the text block's parameters depend on the patch
  for (const auto& c : file.at("cases")) {
    if (check.leave_to_nightly(c.at("input").at("shape").get<std::vector<int64_t>>())) continue;
    check.begin_case(c.at("id"));
    auto net = make(c);
    const Json network = sized ? resized(file.at("network_of_first_case"), *net, layout) : file.at("network");
    check.exact("parameter count", parameter_count(*net), (sized ? c : network).at("parameter_count"));
    run_network_case(c, *net, network, [&](const torch::Tensor& x) { return outputs(net, x); }, layout, check);
  }
}

void check_vnet(const Json& file, Checker& check, const std::vector<UpSampling>& decoders, const std::vector<std::string>& names,
                const char* layout, const tss::VNetOptions& options = {}) {
  check_file(
      file, check, layout, [&](const Json&) { return tss::VNet(options, decoders); },
      [&](tss::VNet& net, const torch::Tensor& x) {
        const auto logits = net->forward(x);
        Outputs out;
        for (size_t i = 0; i < names.size(); ++i) out.emplace_back(names[i], logits[i]);
        return out;
      });
}

tss::MultiplanarOptions block_options(const Json& c, const char* size_key) {
  tss::MultiplanarOptions options;
  options.size = c.at(size_key).get<std::array<int64_t, 3>>();
  options.patch = c.at("patch").get<std::array<int64_t, 3>>();
  options.released_parameters = true;
  return options;
}

// names: suffixes of "logits" and "feature" in the file's order; all logits come first.
void check_text_vnet(const Json& file, Checker& check, const std::vector<UpSampling>& decoders,
                     const std::vector<std::string>& names, const char* layout) {
  const torch::Tensor t = from_formula(file.at("text")).to(check.dtype());
  check_file(
      file, check, layout,
      [&](const Json& c) { return tss::TextVNet(tss::VNetOptions{}, block_options(c, "deep_size"), decoders); },
      [&](tss::TextVNet& net, const torch::Tensor& x) {
        const auto values = net->forward(x, t);
        Outputs out;
        for (size_t i = 0; i < names.size(); ++i) out.emplace_back("logits" + names[i], values.logits[i]);
        for (size_t i = 0; i < names.size(); ++i) out.emplace_back("feature" + names[i], values.features[i]);
        return out;
      });
}

}  // namespace

void check_net_vnet(const Json& file, Checker& check) {
  check_vnet(file, check, {UpSampling::kTransposed}, {"logits"}, "nested");
}

void check_net_vnet_flat(const Json& file, Checker& check) {
  check_vnet(file, check, {UpSampling::kTransposed}, {"logits"}, "flat");
}

void check_net_mcnet(const Json& file, Checker& check) {
  check_vnet(file, check, {UpSampling::kTransposed, UpSampling::kTrilinear}, {"logits_a", "logits_b"}, "nested");
}

void check_net_mcnet_plus(const Json& file, Checker& check) {
  check_vnet(file, check, {UpSampling::kTransposed, UpSampling::kTrilinear, UpSampling::kNearest},
             {"logits_a", "logits_b", "logits_c"}, "nested");
}

void check_net_bcp_pancreas(const Json& file, Checker& check) {
  tss::VNetOptions options;
  options.normalisation = "instance";
  options.dropout = false;
  check_vnet(file, check, {UpSampling::kTransposed}, {"logits"}, "flat_branches", options);
}

void check_net_bcp_la(const Json& file, Checker& check) {
  check_file(
      file, check, "one_decoder", [](const Json&) { return tss::BcpVNet(tss::VNetOptions{}); },
      [](tss::BcpVNet& net, const torch::Tensor& x) {
        const auto out = net->forward_released(x);
        return Outputs{{"logits", out.logits}, {"pooled_x5", out.pooled_deepest}};
      });
}

void check_net_dtc(const Json& file, Checker& check) {
  check_file(
      file, check, "flat_two_heads", [](const Json&) { return tss::TwoTaskVNet(tss::VNetOptions{}); },
      [](tss::TwoTaskVNet& net, const torch::Tensor& x) {
        const auto out = net->forward(x);
        return Outputs{{"tanh", out.distance}, {"logits", out.logits}};
      });
}

void check_net_mcf_r(const Json& file, Checker& check) {
  check_file(
      file, check, "flat", [](const Json&) { return tss::ResidualVNet(tss::VNetOptions{}); },
      [](tss::ResidualVNet& net, const torch::Tensor& x) { return Outputs{{"logits", net->forward(x)}}; });
}

// The released network hands out features in training mode only.
void check_net_mlrp(const Json& file, Checker& check) {
  const std::vector decoders = {UpSampling::kTransposed, UpSampling::kNearest};
  check_file(
      file, check, "nested", [&](const Json&) { return tss::VNet(tss::VNetOptions{}, decoders); },
      [](tss::VNet& net, const torch::Tensor& x) {
        const auto values = net->forward_features(x);
        Outputs out;
        for (size_t i = 0; i < 2; ++i) out.emplace_back(std::string("logits_") + kLetters[i], values[i].logits);
        for (size_t i = 0; net->is_training() && i < 2; ++i)
          out.emplace_back(std::string("feature_") + kLetters[i], values[i].feature);
        return out;
      });
}

void check_net_unet3d(const Json& file, Checker& check) {
  check_file(
      file, check, "nested", [](const Json&) { return tss::UNet3d(tss::VNetOptions{}); },
      [](tss::UNet3d& net, const torch::Tensor& x) { return Outputs{{"logits", net->forward(x)}}; });
}

void check_net_urpc(const Json& file, Checker& check) {
  check_file(
      file, check, "nested", [](const Json&) { return tss::PyramidUNet(tss::VNetOptions{}); },
      [](tss::PyramidUNet& net, const torch::Tensor& x) {
        const auto logits = net->forward(x);
        return Outputs{{"logits_1", logits[0]}, {"logits_2", logits[1]}, {"logits_4", logits[2]}, {"logits_8", logits[3]}};
      });
}

void check_net_vclipseg(const Json& file, Checker& check) {
  tss::VclipOptions options;
  options.projection_norm = "depth";  // as released
  const torch::Tensor t = from_formula(file.at("text")).to(check.dtype());
  check_file(
      file, check, "vclip_seg", [&](const Json&) { return tss::VclipVNet(tss::VNetOptions{}, options); },
      [&](tss::VclipVNet& net, const torch::Tensor& x) {
        const auto values = net->forward(x, t);
        Outputs out;
        for (size_t i = 0; i < 2; ++i) out.emplace_back(std::string("logits_") + kLetters[i], values.logits[i]);
        for (size_t i = 0; i < 2; ++i) out.emplace_back(std::string("projection_") + kLetters[i], values.projected[i]);
        out.emplace_back("class_weight", values.class_weights.unsqueeze(1));
        for (size_t i = 0; i < 2; ++i)
          out.emplace_back(std::string("coarse_label_") + kLetters[i],
                           tss::at_deepest_positions(values.logits[i].argmax(1), net->block()));
        return out;
      });
}

void check_net_text_semiseg(const Json& file, Checker& check) {
  check_text_vnet(file, check, {UpSampling::kTransposed, UpSampling::kTrilinear}, {"_1", "_2"}, "nested");
}

void check_net_uamt_text(const Json& file, Checker& check) {
  check_text_vnet(file, check, {UpSampling::kTransposed}, {""}, "nested");
}

void check_net_mcnet_plus_text(const Json& file, Checker& check) {
  check_text_vnet(file, check, {UpSampling::kTransposed, UpSampling::kTrilinear, UpSampling::kNearest}, {"_0", "_1", "_2"},
                  "decoders_from_zero");
}

void check_net_dtc_text(const Json& file, Checker& check) {
  const torch::Tensor t = from_formula(file.at("text")).to(check.dtype());
  check_file(
      file, check, "one_decoder",
      [](const Json& c) { return tss::TwoTaskTextVNet(tss::VNetOptions{}, block_options(c, "deep_size")); },
      [&](tss::TwoTaskTextVNet& net, const torch::Tensor& x) {
        const auto out = net->forward(x, t);
        return Outputs{{"tanh", out.tasks.distance}, {"logits", out.tasks.logits}, {"feature", out.projected}};
      });
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
    if (c.contains("network")) check.exact("parameter count", parameter_count(*block), c.at("network").at("parameter_count"));
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
    check.tensor("gradient input", x.grad(), c.at("gradient_input"), Kind::kGradient);
    if (c.at("gradient_text").at("l2").get<double>() == 0)
      check.equal("gradient text is zero", !t.grad().defined() || t.grad().abs().max().item<double>() == 0);
    else
      check.tensor("gradient text", t.grad(), c.at("gradient_text"), Kind::kGradient);
    auto parameters = block->named_parameters();
    for (const auto& [name, field] : c.at("gradients").items()) {
      const torch::Tensor grad = parameters[name].grad();
      if (field.at("l2").get<double>() == 0)
        check.equal("gradient " + name + " is zero", !grad.defined() || grad.abs().max().item<double>() == 0);
      else
        check.tensor("gradient " + name, grad, field, Kind::kGradient);
    }
  }
}

}  // namespace golden
