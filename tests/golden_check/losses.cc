// loss_dice, schedules, and the training steps computed from given network outputs.
#include <cmath>

#include "golden_check/golden.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/engine/optimisation.h"
#include "textsemiseg/losses/consistency.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/ramps.h"
#include "textsemiseg/losses/sum.h"
#include "textsemiseg/methods/mc_net.h"
#include "textsemiseg/methods/released/text_semiseg.h"

namespace golden {

namespace F = torch::nn::functional;

void check_loss_dice(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    const torch::Tensor y = from_formula(c.at("label"));
    torch::Tensor outside = torch::ones(y.sizes(), check.dtype());
    const auto low = c.at("box_of_zeros").at("low").get<std::vector<int64_t>>();
    const auto high = c.at("box_of_zeros").at("high_exclusive").get<std::vector<int64_t>>();
    outside.slice(1, low[0], high[0]).slice(2, low[1], high[1]).slice(3, low[2], high[2]).zero_();
    const auto compare = [&](const char* name, auto loss_of) {
      const torch::Tensor z = from_formula(c.at("logits")).to(check.dtype()).requires_grad_(true);
      const torch::Tensor loss = loss_of(z);
      loss.backward();
      check.number(name, loss.template item<double>(), c.at(name).at("value"), Kind::kLoss);
      check.tensor(std::string("gradient ") + name, z.grad(), c.at(name).at("gradient"), Kind::kGradient);
    };
    const auto softmax = [](const torch::Tensor& z) { return torch::softmax(z, 1); };
    compare("D1", [&](const torch::Tensor& z) { return tss::dice_loss_squared(softmax(z), y, 1, 1e-5); });
    compare("D2", [&](const torch::Tensor& z) { return tss::dice_loss_linear(softmax(z), y); });
    compare("D3", [&](const torch::Tensor& z) { return tss::dice_loss_squared(softmax(z), y, 0, 1e-5); });
    compare("D4", [&](const torch::Tensor& z) { return tss::dice_loss_squared(torch::sigmoid(z), y, 0, 1e-10); });
    compare("D5", [&](const torch::Tensor& z) { return tss::dice_loss_masked(softmax(z), y); });
    compare("D5_box", [&](const torch::Tensor& z) { return tss::dice_loss_masked(softmax(z), y, outside); });
    compare("D5_pancreas_box", [&](const torch::Tensor& z) { return tss::dice_loss_masked(softmax(z), y, 1 - outside); });
    compare("cross_entropy", [&](const torch::Tensor& z) { return F::cross_entropy(z, y); });
    compare("half_ce_d1", [&](const torch::Tensor& z) {
      return 0.5 * (F::cross_entropy(z, y) + tss::dice_loss_squared(softmax(z), y, 1, 1e-5));
    });
  }
}

void check_schedules(const Json& file, Checker& check) {
  // Schedules of methods that are built; the others' cases are only ramps and are checked with their methods.
  const auto rate = [](const char* schedule, bool offset) {
    tss::OptimiserOptions options;
    options.schedule = schedule;
    options.released_offset = offset;
    return [options](int64_t t) { return tss::learning_rate_at(options, t, 30000); };
  };
  const auto weight = [](double beta, int64_t offset, double epochs) {
    return [=](int64_t t) { return beta * tss::published_ramp(t + offset, epochs); };
  };
  const auto threshold = [](double length) {
    return [=](int64_t t) { return (0.75 + 0.25 * tss::gaussian_ramp(static_cast<double>(t), length)) * std::log(2.0); };
  };
  const auto step_rate = [](int64_t late) {
    return
        [=](int64_t t) { return 0.01 * std::pow(0.1, std::floor(static_cast<double>(std::max<int64_t>(t - late, 0)) / 2500)); };
  };
  const std::map<std::string, std::function<double(int64_t)>> rules = {
      {"weight_ua_mt_la", weight(0.1, 0, 40)},
      {"weight_ua_mt_brats", weight(0.1, 0, 200)},
      {"weight_dtc", weight(1.0, 0, 40)},
      {"weight_mc_net", weight(1.0, 1, 40)},
      {"weight_vclipseg", weight(1.0, 1, 40)},
      {"weight_mlrp", weight(1.0, 1, 40)},
      {"weight_urpc", weight(0.1, 0, 400)},
      {"weight_mcf", weight(0.1, 0, 40)},
      {"weight_text_semiseg", weight(0.1, 0, 200)},
      {"threshold_ua_mt_6000", threshold(6000)},
      {"threshold_ua_mt_30000", threshold(30000)},
      {"lr_poly_0.9_30000", rate("poly", true)},
      {"lr_text_semiseg", rate("linear", true)},
      {"lr_mc_net", rate("constant", false)},
      {"lr_ua_mt_la", step_rate(0)},
      {"lr_dtc", step_rate(0)},
      {"lr_bcp_la_selftrain", step_rate(0)},
      {"lr_mcf", step_rate(1)},
      {"ema_ua_mt", [](int64_t t) { return std::min(1 - 1 / (static_cast<double>(t) + 1), 0.99); }},
      {"ema_bcp", [](int64_t) { return 0.99; }},
      {"lambda_bsnet", [](int64_t epoch) { return 0.1 * tss::gaussian_ramp(static_cast<double>(epoch), 200); }},
  };
  for (const auto& c : file.at("cases")) {
    const std::string id = c.at("id");
    check.begin_case(id);
    if (id.starts_with("ramp_")) {
      check.number("ramp", tss::gaussian_ramp(c.at("argument"), c.at("length")), c.at("value"), Kind::kMetric);
      continue;
    }
    const auto rule = rules.find(id);
    if (rule == rules.end()) {
      check.equal("schedule " + id, false, "no rule for it");
      continue;
    }
    for (const auto& row : c.at("rows")) check.number(id, rule->second(row[0].get<int64_t>()), row[1], Kind::kMetric);
  }
}

void check_mutual_terms(const tss::MutualLoss& loss, const Json& expected, Checker& check) {
  check.number("dice_sum", loss.dice_sum.item<double>(), expected.at("dice_sum"), Kind::kLoss);
  check.number("consistency_sum", loss.consistency_sum.item<double>(), expected.at("consistency_sum"), Kind::kLoss);
  check.number("consistency_weight", loss.consistency_weight, expected.at("consistency_weight"), Kind::kLoss);
}

void check_step_mc_net(const Json& file, Checker& check) {
  const auto options = released<tss::McNetOptions>();
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    std::vector<torch::Tensor> logits;
    for (const auto& field : c.at("logits")) logits.push_back(from_formula(field).to(check.dtype()).requires_grad_(true));
    const torch::Tensor y = from_formula(c.at("label")).narrow(0, 0, 2);
    const tss::MutualLoss loss = tss::mc_net_loss(options, logits, y, c.at("completed_steps"), 30000);
    check.tensor("sharpened", tss::sharpen(torch::softmax(logits[0], 1)), c.at("sharpened_first"), Kind::kOutput);
    check_mutual_terms(loss, c, check);
    check.number("loss", loss.total.item<double>(), c.at("loss"), Kind::kLoss);
    torch::Tensor logged_only;
    for (const auto& z : logits) tss::add_to(logged_only, F::cross_entropy(z.detach().narrow(0, 0, 2), y));
    check.number("cross-entropy", logged_only.item<double>(), c.at("ce_logged_only"), Kind::kLoss);
    loss.total.backward();
    for (size_t i = 0; i < logits.size(); ++i)
      check.tensor("gradient logits", logits[i].grad(), c.at("gradients").at("logits_" + std::to_string(i)), Kind::kGradient);
  }
}

namespace {

// A tensor that the loss does not reach has no gradient; the files print zeros for it.
torch::Tensor gradient_of(const torch::Tensor& x) { return x.grad().defined() ? x.grad() : torch::zeros_like(x); }

tss::TextVNetOutput outputs_of(const Json& logits, const Json& features, torch::Dtype dtype) {
  tss::TextVNetOutput out;
  for (size_t i = 0; i < 2; ++i) {
    out.logits.push_back(from_formula(logits[i]).to(dtype).requires_grad_(true));
    out.features.push_back(from_formula(features[i]).to(dtype).requires_grad_(true));
  }
  return out;
}

}  // namespace

void check_released_step(const tss::ReleasedStep& step, const Json& c, Checker& check, bool given) {
  // Where a network made the logits in float32, a voxel at the threshold may fall on the other side (tests/golden/README.md section 5
  // grants the window files 3 voxels for the same reason).
  const int64_t allowed = given || check.float64() ? 0 : 3;
  for (size_t i = 0; i < 2; ++i) {
    const std::string number = std::to_string(i + 1);
    check.number("supervised", step.supervised[i].item<double>(), c.at("supervised_" + number), Kind::kLoss);
    check.number("consistency", step.consistency[i].item<double>(), c.at("consistency_" + number), Kind::kLoss);
    check.tensor("class vectors", step.class_vectors[i], c.at("class_vectors_" + number), Kind::kOutput);
    const torch::Tensor voxels = step.pseudo[i].sum({1, 2, 3});
    for (int64_t n = 0; n < voxels.size(0); ++n)
      check.exact("pseudo voxels", voxels[n].item<int64_t>(), c.at("pseudo_voxels")[i][static_cast<size_t>(n)], allowed);
  }
  check.number("alignment", step.alignment.item<double>(), c.at("alignment"), Kind::kLoss);
  check.number("consistency weight", step.consistency_weight, c.at("consistency_weight"), Kind::kLoss);
  check.number("loss", step.loss.item<double>(), c.at("loss"), Kind::kLoss);
  check.equal("mixing", step.mixing == c.contains("mixed_image"));
  if (!step.mixing || !c.contains("mixed_image")) return;
  check.exact("better decoder", step.better_decoder, c.at("better_decoder"));
  check.tensor("mixed image", step.mixed_image, c.at("mixed_image"), Kind::kOutput);
  const torch::Tensor voxels = step.mixed_label.sum({1, 2, 3});
  for (int64_t n = 0; n < voxels.size(0); ++n)
    check.exact("mixed label voxels", voxels[n].item<int64_t>(), c.at("mixed_label_voxels")[static_cast<size_t>(n)], allowed);
  check.number("mixed supervised", step.mixed_supervised.item<double>(), c.at("mixed_supervised"), Kind::kLoss);
  check.number("mixed alignment", step.mixed_alignment.item<double>(), c.at("mixed_alignment"), Kind::kLoss);
}

void check_step_text_semiseg(const Json& file, Checker& check) {
  tss::TextSemiSegOptions options;
  options.variant = "reference";
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    tss::Batch batch;
    batch.image = from_formula(c.at("volume")).to(check.dtype());
    batch.label = from_formula(c.at("label")).narrow(0, 0, 2);
    const torch::Tensor t = from_formula(c.at("text")).to(check.dtype()).requires_grad_(true);
    const tss::TextVNetOutput main = outputs_of(c.at("logits"), c.at("features"), check.dtype());
    tss::TextVNetOutput mixed;
    if (c.contains("mixed_logits")) mixed = outputs_of(c.at("mixed_logits"), c.at("mixed_features"), check.dtype());
    int calls = 0;
    const auto step = tss::text_semiseg_released_step(
        options, batch, t, [&](const torch::Tensor&) { return calls++ == 0 ? main : mixed; }, c.at("t"));
    check_released_step(step, c, check, true);
    step.loss.backward();
    for (size_t i = 0; i < 2; ++i) {
      const std::string number = std::to_string(i + 1);
      const auto compare = [&](const std::string& name, const torch::Tensor& x) {
        if (!c.at("gradients").contains(name)) return;
        const Json& field = c.at("gradients").at(name);
        if (field.at("l2").get<double>() == 0)
          check.equal("gradient " + name + " is zero", gradient_of(x).abs().max().item<double>() == 0);
        else
          check.tensor("gradient " + name, gradient_of(x), field, Kind::kGradient);
      };
      compare("logits_" + number, main.logits[i]);
      compare("feature_" + number, main.features[i]);
      if (c.contains("mixed_logits")) {
        compare("mixed_logits_" + number, mixed.logits[i]);
        compare("mixed_feature_" + number, mixed.features[i]);
      }
    }
    check.tensor("gradient text", t.grad(), c.at("gradients").at("text"), Kind::kGradient);
  }
}

}  // namespace golden
