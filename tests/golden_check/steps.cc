// step_* of methods whose losses stand in losses/: each training step put together from them as docs/methods.md says, on
// given network outputs.
#include "golden_check/golden.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/ramps.h"
#include "textsemiseg/losses/signed_distance.h"
#include "textsemiseg/methods/bcp.h"
#include "textsemiseg/methods/dtc.h"
#include "textsemiseg/methods/mcf.h"
#include "textsemiseg/methods/mlrp.h"
#include "textsemiseg/methods/ua_mt.h"
#include "textsemiseg/methods/urpc.h"
#include "textsemiseg/methods/vclip_seg.h"

namespace golden {

namespace F = torch::nn::functional;

namespace {

constexpr int64_t kReleasedRun = 30'000;  // the released ramps do not depend on it

torch::Tensor leaf(const Json& field, Checker& check) { return from_formula(field).to(check.dtype()).requires_grad_(true); }

std::vector<torch::Tensor> leaves(const Json& fields, Checker& check) {
  std::vector<torch::Tensor> out;
  for (const auto& field : fields) out.push_back(leaf(field, check));
  return out;
}

torch::Tensor softmax(const torch::Tensor& z) { return torch::softmax(z, 1); }
torch::Tensor first_two(const torch::Tensor& x) { return x.narrow(0, 0, 2); }  // the labelled half

void loss_value(Checker& check, const char* name, const torch::Tensor& got, const Json& expected) {
  check.number(name, got.item<double>(), expected, Kind::kLoss);
}

void gradient(Checker& check, const char* name, const torch::Tensor& x, const Json& field) {
  if (field.is_string())  // "none"
    check.equal(std::string("no gradient ") + name, !x.grad().defined() || x.grad().abs().max().item<double>() == 0);
  else
    check.tensor(std::string("gradient ") + name, x.grad(), field, Kind::kGradient);
}

}  // namespace

void check_step_ua_mt(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    const torch::Tensor student = leaf(c.at("student_logits"), check), y = first_two(from_formula(c.at("label")));
    tss::UaMtOptions options;
    options.variant = "reference";
    options.dice = c.at("variant") == "original" ? "foreground" : "all";
    options.ramp_epochs = c.at("ramp_length");
    tss::TeacherPrediction teacher;
    teacher.target = softmax(from_formula(c.at("teacher_logits")).to(check.dtype()));
    size_t pass = 0;
    const auto passes = [&](const torch::Tensor&) { return from_formula(c.at("teacher_pass_logits")[pass++]).to(check.dtype()); };
    teacher.mean = tss::mean_prediction(passes, teacher.target, {});
    const tss::UaMtLoss loss = tss::ua_mt_loss(options, student, y, teacher, c.at("t"), c.at("t_max"));
    loss.total.backward();
    check.tensor("uncertainty", loss.uncertainty, c.at("uncertainty"), Kind::kOutput);
    check.number("threshold", loss.threshold, c.at("threshold"), Kind::kLoss);
    check.exact("mask count", loss.certain.sum().item<int64_t>(), c.at("mask_count"));
    loss_value(check, "supervised", loss.supervised, c.at("supervised_loss"));
    loss_value(check, "consistency", loss.consistency, c.at("consistency"));
    check.number("consistency weight", loss.consistency_weight, c.at("consistency_weight"), Kind::kLoss);
    loss_value(check, "loss", loss.total, c.at("loss"));
    gradient(check, "student logits", student, c.at("gradients").at("student_logits"));
  }
}

namespace {

void check_distance_target(const Json& c, Checker& check) {
  const Json& field = c.at("mask");
  torch::Tensor mask;
  if (field.contains("formula")) {
    mask = from_formula(field);
  } else {
    mask = torch::zeros(field.at("shape").get<std::vector<int64_t>>(), torch::kInt64);
    const auto low = field.at("box_low").get<std::vector<int64_t>>(),
               high = field.at("box_high_exclusive").get<std::vector<int64_t>>();
    mask.slice(1, low[0], high[0]).slice(2, low[1], high[1]).slice(3, low[2], high[2]).fill_(1);
  }
  const torch::Tensor map = tss::signed_distance_maps(mask, 2).squeeze(1);
  check.exact("voxels", mask.sum().item<int64_t>(), c.at("voxels"));
  check.exact("boundary voxels", (map == 0).logical_and(mask == 1).sum().item<int64_t>(), c.at("boundary_voxels_set_to_zero"));
  check.number("smallest distance", map.min().item<double>(), c.at("min"), Kind::kLoss);
  check.number("largest distance", map.max().item<double>(), c.at("max"), Kind::kLoss);
  check.tensor("signed distance", map, c.at("sdf"), Kind::kOutput);
}

}  // namespace

void check_step_dtc(const Json& file, Checker& check) {
  tss::DtcOptions options;
  options.variant = "reference";
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    if (c.contains("mask")) {
      check_distance_target(c, check);
      continue;
    }
    const torch::Tensor y = first_two(from_formula(c.at("label")));
    const torch::Tensor raw = leaf(c.at("distance_head_before_tanh"), check), z = leaf(c.at("segmentation_logits"), check);
    const tss::DtcLoss loss = tss::dtc_loss(options, {torch::tanh(raw), z}, y, c.at("t"), kReleasedRun);
    loss.total.backward();
    loss_value(check, "dice", loss.dice, c.at("dice"));
    loss_value(check, "distance error", loss.sdf_mse, c.at("sdf_mse"));
    check.tensor("mask of the distance", loss.mask, c.at("distance_to_mask"), Kind::kOutput);
    loss_value(check, "consistency", loss.consistency, c.at("consistency"));
    check.number("consistency weight", loss.consistency_weight, c.at("consistency_weight"), Kind::kLoss);
    loss_value(check, "loss", loss.total, c.at("loss"));
    gradient(check, "distance head", raw, c.at("gradients").at("distance_head_before_tanh"));
    gradient(check, "segmentation logits", z, c.at("gradients").at("segmentation_logits"));
  }
}

void check_step_urpc(const Json& file, Checker& check) {
  tss::UrpcOptions options;
  options.variant = "reference";
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    const auto logits = leaves(c.at("logits_fine_to_coarse_full_size"), check);
    const torch::Tensor y = first_two(from_formula(c.at("label")));
    for (size_t s = 0; s < logits.size(); ++s) {
      const torch::Tensor z = first_two(logits[s]);
      loss_value(check, "cross-entropy", F::cross_entropy(z, y), c.at("ce")[s]);
      loss_value(check, "dice", tss::dice_loss_squared(softmax(z), y, 0, 1e-5), c.at("dice")[s]);
    }
    const tss::UrpcLoss loss = tss::urpc_loss(options, logits, y, c.at("t"), kReleasedRun);
    loss.total.backward();
    loss_value(check, "supervised", loss.supervised, c.at("supervised_loss"));
    for (size_t s = 0; s < logits.size(); ++s) {
      loss_value(check, "divergence", loss.consistency.divergence[s].mean(), c.at("kl_mean")[s]);
      loss_value(check, "scale loss", loss.consistency.scales[s], c.at("scale_losses")[s]);
      gradient(check, "logits", logits[s], c.at("gradients").at("scale_" + std::to_string(s)));
    }
    check.tensor("divergence of the finest", loss.consistency.divergence[0], c.at("kl_map_scale_1"), Kind::kOutput);
    loss_value(check, "consistency", loss.consistency.loss, c.at("consistency"));
    check.number("consistency weight", loss.consistency_weight, c.at("consistency_weight"), Kind::kLoss);
    loss_value(check, "loss", loss.total, c.at("loss"));
  }
}

void check_step_mcf(const Json& file, Checker& check) {
  tss::McfOptions options;
  options.variant = "reference";
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    const std::array<torch::Tensor, 2> z = {leaf(c.at("v_logits"), check), leaf(c.at("r_logits"), check)};
    const torch::Tensor y = first_two(from_formula(c.at("label")));
    const tss::McfLoss loss = tss::mcf_loss(options, z, y, c.at("t"), kReleasedRun);
    check.exact("disagreement", loss.disagreement.sum().item<int64_t>(), c.at("disagreement_voxels"));
    check.equal("good net", (loss.better == 0 ? "V" : "R") == c.at("good_net").get<std::string>());
    check.tensor("pseudo label", loss.pseudo_label, c.at("pseudo_label"), Kind::kOutput);
    loss_value(check, "consistency", loss.consistency, c.at("consistency"));
    check.number("consistency weight", loss.consistency_weight, c.at("consistency_weight"), Kind::kLoss);
    for (size_t i = 0; i < 2; ++i) {
      const Json& expected = c.at(i == 0 ? "v" : "r");
      const auto& one = loss.networks[i];
      loss_value(check, "cross-entropy", one.cross_entropy, expected.at("ce"));
      loss_value(check, "dice", one.dice, expected.at("dice"));
      loss_value(check, "rectification", one.rectification, expected.at("rectification"));
      loss_value(check, "loss", one.total, expected.at("loss"));
      one.total.backward();
      gradient(check, "logits", z[i], c.at("gradients").at(i == 0 ? "v_logits" : "r_logits"));
    }
  }
}

void check_step_mlrp(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    auto z = leaves(c.at("logits"), check);
    const auto features = leaves(c.at("features"), check);
    if (c.value("logits_note", "").find("3.0 added") != std::string::npos) {
      torch::NoGradGuard no_grad;
      z[1].select(1, 0).add_(3.0);
    }
    const torch::Tensor y = first_two(from_formula(c.at("label")));
    const tss::MlrpLoss loss = tss::mlrp_loss(released<tss::MlrpOptions>(), {{z[0], features[0]}, {z[1], features[1]}}, y,
                                              c.at("completed_steps"), kReleasedRun);
    loss.total.backward();
    const Json& pair = c.at("last_pair");
    const tss::Reliability& last = loss.reliable.back();
    check.exact("mask count", last.mask.sum().item<int64_t>(), pair.at("mask_count"));
    check.tensor("weight", last.weight, pair.at("weight"), Kind::kOutput);
    check.tensor("prototypes", last.prototypes, pair.at("prototypes"), Kind::kOutput);
    check_mutual_terms(loss, c, check);
    loss_value(check, "loss", loss.total, c.at("loss"));
    for (size_t i = 0; i < 2; ++i) {
      gradient(check, "logits", z[i], c.at("gradients").at("logits_" + std::to_string(i)));
      gradient(check, "features", features[i], c.at("gradients").at("features_" + std::to_string(i)));
    }
  }
}

void check_step_vclipseg(const Json& file, Checker& check) {
  constexpr int64_t kBlock = 16;  // voxels per position of the deepest feature and axis
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    const auto z = leaves(c.at("logits"), check), projected = leaves(c.at("projected_features"), check);
    const torch::Tensor y = first_two(from_formula(c.at("label"))),
                        t = text(c.at("text").at("seed"), 2, 512, false).to(check.dtype());
    tss::VclipOutput output;
    for (size_t i = 0; i < 2; ++i) {
      output.logits[i] = z[i];
      output.projected[i] = projected[i];
    }
    const tss::VclipSegLoss loss =
        tss::vclip_seg_loss(released<tss::VclipSegOptions>(), output, y, t, kBlock, c.at("completed_steps"), kReleasedRun);
    loss.total.backward();
    // Where the released program reports NaN, the file gives the project's own definition beside it.
    const std::string skipped = c.at("similarity_loss").is_string() ? "_absent_class_as_zero_similarity" : "";
    for (int64_t k = 0; k < 2; ++k) {
      const auto at = static_cast<size_t>(k);
      check.number("decoder weight", loss.dynamic.weights[k].item<double>(), c.at("decoder_weights")[at], Kind::kLoss);
      check.exact("agreeing positions", loss.similarity.agreeing[k].item<int64_t>(), c.at("agreeing_positions")[at]);
    }
    check.exact("pseudo voxels", loss.dynamic.label.sum().item<int64_t>(), c.at("pseudo_voxels"), check.float64() ? 0 : 3);
    check_mutual_terms(loss, c, check);
    loss_value(check, "similarity", loss.similarity.loss, c.at("similarity_loss" + skipped));
    loss_value(check, "loss", loss.total, c.at("loss" + skipped));
    for (size_t i = 0; i < 2; ++i) {
      gradient(check, "logits", z[i], c.at("gradients").at("logits_" + std::to_string(i)));
      gradient(check, "projections", projected[i], c.at("gradients").at("projected_features_" + std::to_string(i)));
    }
  }
}

void check_step_bcp(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    const torch::Tensor x = from_formula(c.at("volumes")).to(check.dtype()), y = from_formula(c.at("labels"));
    const tss::Sides3 sides{x.size(2), x.size(3), x.size(4)};
    const torch::Tensor mask =
        tss::outside_box(sides, c.at("box_corner").get<tss::Sides3>(), c.at("box_size").get<tss::Sides3>(), x);
    check.exact("mask ones", 2 * mask.sum().item<int64_t>(), c.at("mask_ones"));  // one copy per sample there
    tss::BcpOptions options;
    if (c.at("variant") == "pancreas") options.flavour = "pancreas";
    auto halves = tss::copy_paste_halves({x, y.narrow(0, 0, 4)});
    for (size_t i = 0; i < 2; ++i) {
      halves[i].pseudo = tss::bcp_pseudo_label(options, from_formula(c.at("teacher_logits")[i]).to(check.dtype()));
      check.exact("pseudo voxels", halves[i].pseudo.sum().item<int64_t>(), c.at("pseudo_voxels")[i]);
    }
    const auto mixtures = tss::bcp_mixtures(options, halves, mask);
    const auto z = leaves(c.at("student_logits"), check);
    torch::Tensor loss = torch::zeros({}, check.dtype());
    for (size_t i = 0; i < 2; ++i) {
      const std::string number = std::to_string(i + 1);
      const auto& [image, outer, inner] = mixtures[i];
      check.tensor("mixed image", image, c.at("mixed_image_" + number), Kind::kOutput);
      if (c.contains("mixed_label_voxels"))
        check.exact("mixed label voxels", tss::paste(outer.label, inner.label, mask).sum().item<int64_t>(),
                    c.at("mixed_label_voxels")[i]);
      const torch::Tensor one = tss::copy_paste_loss(z[i], outer, inner, mask);
      loss_value(check, "loss of one input", one, c.at("loss_" + number));
      loss = loss + one;
    }
    loss_value(check, "loss", loss, c.at("loss"));
    loss.backward();
    for (size_t i = 0; i < 2; ++i) gradient(check, "logits", z[i], c.at("gradients").at("student_logits_" + std::to_string(i)));
  }
}

}  // namespace golden
