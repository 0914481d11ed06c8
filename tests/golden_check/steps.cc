// step_* of methods whose losses stand in losses/: each training step put together from them as methods.md sections 6 to 15 say, on
// given network outputs.
#include "golden_check/golden.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/losses/copy_paste.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/mutual_correction.h"
#include "textsemiseg/losses/pseudo_labels.h"
#include "textsemiseg/losses/pyramid_consistency.h"
#include "textsemiseg/losses/ramps.h"
#include "textsemiseg/losses/reliable_labels.h"
#include "textsemiseg/losses/signed_distance.h"
#include "textsemiseg/losses/text_similarity.h"
#include "textsemiseg/losses/uncertainty.h"
#include "textsemiseg/modules/vclip_vnet.h"

namespace golden {

namespace F = torch::nn::functional;

namespace {

torch::Tensor leaf(const Json& field, Checker& check) { return from_formula(field).to(check.dtype()).requires_grad_(true); }

std::vector<torch::Tensor> leaves(const Json& fields, Checker& check) {
  std::vector<torch::Tensor> out;
  for (const auto& field : fields) out.push_back(leaf(field, check));
  return out;
}

torch::Tensor softmax(const torch::Tensor& z) { return torch::softmax(z, 1); }
torch::Tensor d1(const torch::Tensor& p, const torch::Tensor& y) { return tss::dice_loss_squared(p, y, 1, 1e-5); }
torch::Tensor first_two(const torch::Tensor& x) { return x.narrow(0, 0, 2); }  // the labelled half
torch::Tensor last_two(const torch::Tensor& x) { return x.narrow(0, 2, 2); }

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
    const bool original = c.at("variant") == "original";
    const torch::Tensor z_l = first_two(student);
    const torch::Tensor supervised =
        0.5 * (original ? F::cross_entropy(z_l, y) + d1(softmax(z_l), y) : tss::cross_entropy_and_dice(z_l, y));
    const torch::Tensor teacher = softmax(from_formula(c.at("teacher_logits")).to(check.dtype()));
    size_t pass = 0;
    const auto passes = [&](const torch::Tensor&) { return from_formula(c.at("teacher_pass_logits")[pass++]).to(check.dtype()); };
    const torch::Tensor uncertainty = tss::entropy(tss::mean_prediction(passes, teacher, {}));
    const double threshold = tss::certainty_threshold(c.at("t"), c.at("t_max"), 2);
    const torch::Tensor mask = (uncertainty < threshold).to(check.dtype());
    const torch::Tensor consistency = tss::masked_consistency(softmax(last_two(student)), teacher, mask);
    const double weight = 0.1 * tss::published_ramp(c.at("t"), c.at("ramp_length"));
    const torch::Tensor loss = supervised + weight * consistency;
    loss.backward();
    check.tensor("uncertainty", uncertainty, c.at("uncertainty"), Kind::kOutput);
    check.number("threshold", threshold, c.at("threshold"), Kind::kLoss);
    check.exact("mask count", mask.sum().item<int64_t>(), c.at("mask_count"));
    loss_value(check, "supervised", supervised, c.at("supervised_loss"));
    loss_value(check, "consistency", consistency, c.at("consistency"));
    check.number("consistency weight", weight, c.at("consistency_weight"), Kind::kLoss);
    loss_value(check, "loss", loss, c.at("loss"));
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
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    if (c.contains("mask")) {
      check_distance_target(c, check);
      continue;
    }
    const torch::Tensor y = first_two(from_formula(c.at("label")));
    const torch::Tensor raw = leaf(c.at("distance_head_before_tanh"), check), z = leaf(c.at("segmentation_logits"), check);
    const torch::Tensor distance = torch::tanh(raw), p = torch::sigmoid(z), both = torch::cat({1 - p, p}, 1);
    const torch::Tensor dice = d1(first_two(both), y);
    const torch::Tensor mse = torch::mse_loss(first_two(distance), tss::signed_distance_maps(y, 2).to(check.dtype()));
    const torch::Tensor mask = tss::mask_of_distance(distance), consistency = torch::mse_loss(mask, p);
    const double weight = tss::published_ramp(c.at("t"), 40);
    const torch::Tensor loss = dice + 0.3 * mse + weight * consistency;
    loss.backward();
    loss_value(check, "dice", dice, c.at("dice"));
    loss_value(check, "distance error", mse, c.at("sdf_mse"));
    check.tensor("mask of the distance", mask, c.at("distance_to_mask"), Kind::kOutput);
    loss_value(check, "consistency", consistency, c.at("consistency"));
    check.number("consistency weight", weight, c.at("consistency_weight"), Kind::kLoss);
    loss_value(check, "loss", loss, c.at("loss"));
    gradient(check, "distance head", raw, c.at("gradients").at("distance_head_before_tanh"));
    gradient(check, "segmentation logits", z, c.at("gradients").at("segmentation_logits"));
  }
}

void check_step_urpc(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    const auto logits = leaves(c.at("logits_fine_to_coarse_full_size"), check);
    const torch::Tensor y = first_two(from_formula(c.at("label")));
    std::vector<torch::Tensor> unlabelled;
    torch::Tensor supervised;
    for (size_t s = 0; s < logits.size(); ++s) {
      const torch::Tensor z = first_two(logits[s]), ce = F::cross_entropy(z, y),
                          dice = tss::dice_loss_squared(softmax(z), y, 0, 1e-5);
      loss_value(check, "cross-entropy", ce, c.at("ce")[s]);
      loss_value(check, "dice", dice, c.at("dice")[s]);
      supervised = supervised.defined() ? supervised + ce + dice : ce + dice;
      unlabelled.push_back(last_two(logits[s]));
    }
    supervised = supervised / (2.0 * static_cast<double>(logits.size()));
    const tss::PyramidConsistency consistency = tss::pyramid_consistency(unlabelled);
    const double weight = 0.1 * tss::published_ramp(c.at("t"), c.at("ramp_length"));
    const torch::Tensor loss = supervised + weight * consistency.loss;
    loss.backward();
    loss_value(check, "supervised", supervised, c.at("supervised_loss"));
    for (size_t s = 0; s < logits.size(); ++s) {
      loss_value(check, "divergence", consistency.divergence[s].mean(), c.at("kl_mean")[s]);
      loss_value(check, "scale loss", consistency.scales[s], c.at("scale_losses")[s]);
      gradient(check, "logits", logits[s], c.at("gradients").at("scale_" + std::to_string(s)));
    }
    check.tensor("divergence of the finest", consistency.divergence[0], c.at("kl_map_scale_1"), Kind::kOutput);
    loss_value(check, "consistency", consistency.loss, c.at("consistency"));
    check.number("consistency weight", weight, c.at("consistency_weight"), Kind::kLoss);
    loss_value(check, "loss", loss, c.at("loss"));
  }
}

void check_step_mcf(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    const std::array<torch::Tensor, 2> z = {leaf(c.at("v_logits"), check), leaf(c.at("r_logits"), check)};
    const torch::Tensor y = first_two(from_formula(c.at("label")));
    const torch::Tensor where = tss::disagreement(first_two(z[0].detach()), first_two(z[1].detach()));
    check.exact("disagreement", where.sum().item<int64_t>(), c.at("disagreement_voxels"));
    std::array<torch::Tensor, 2> loss, dice;
    for (size_t i = 0; i < 2; ++i) {
      const Json& expected = c.at(i == 0 ? "v" : "r");
      const torch::Tensor labelled = first_two(z[i]), ce = F::cross_entropy(labelled, y);
      dice[i] = d1(softmax(labelled), y);
      const torch::Tensor rectification = tss::rectification_loss(softmax(labelled), y, where);
      loss[i] = ce + dice[i] + 0.5 * rectification;
      loss_value(check, "cross-entropy", ce, expected.at("ce"));
      loss_value(check, "dice", dice[i], expected.at("dice"));
      loss_value(check, "rectification", rectification, expected.at("rectification"));
    }
    const size_t good = dice[0].item<double>() < dice[1].item<double>() ? 0 : 1;
    check.equal("good net", (good == 0 ? "V" : "R") == c.at("good_net").get<std::string>());
    const torch::Tensor pseudo = tss::sharpen_over_classes(softmax(last_two(z[good].detach())));
    const torch::Tensor consistency = torch::mse_loss(softmax(last_two(z[1 - good])), pseudo);
    const double weight = 0.1 * tss::published_ramp(c.at("t"), 40);
    loss[1 - good] = loss[1 - good] + weight * consistency;
    check.tensor("pseudo label", pseudo, c.at("pseudo_label"), Kind::kOutput);
    loss_value(check, "consistency", consistency, c.at("consistency"));
    check.number("consistency weight", weight, c.at("consistency_weight"), Kind::kLoss);
    for (size_t i = 0; i < 2; ++i) {
      loss_value(check, "loss", loss[i], c.at(i == 0 ? "v" : "r").at("loss"));
      loss[i].backward();
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
    const std::array<torch::Tensor, 2> p = {softmax(z[0]), softmax(z[1])};
    const torch::Tensor dice = tss::dice_loss_linear(first_two(p[0]), y) + tss::dice_loss_linear(first_two(p[1]), y);
    torch::Tensor consistency = torch::zeros({}, check.dtype());
    tss::Reliability last;
    for (size_t i = 0; i < 2; ++i) {
      last = tss::reliability(p[i], p[1 - i], features[1 - i]);
      consistency = consistency + tss::reliable_cross_entropy(z[i], p[1 - i].detach(), last);
    }
    const double weight = tss::published_ramp(c.at("completed_steps").get<int64_t>() + 1, 40);
    const torch::Tensor loss = 0.5 * dice + weight * consistency;
    loss.backward();
    const Json& pair = c.at("last_pair");
    check.exact("mask count", last.mask.sum().item<int64_t>(), pair.at("mask_count"));
    check.tensor("weight", last.weight, pair.at("weight"), Kind::kOutput);
    check.tensor("prototypes", last.prototypes, pair.at("prototypes"), Kind::kOutput);
    loss_value(check, "dice sum", dice, c.at("dice_sum"));
    loss_value(check, "consistency sum", consistency, c.at("consistency_sum"));
    check.number("consistency weight", weight, c.at("consistency_weight"), Kind::kLoss);
    loss_value(check, "loss", loss, c.at("loss"));
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
    const std::vector<torch::Tensor> p = {softmax(z[0]), softmax(z[1])};
    const std::vector<torch::Tensor> dice = {tss::dice_loss_linear(first_two(p[0]), y),
                                             tss::dice_loss_linear(first_two(p[1]), y)};
    const tss::DynamicLabels dynamic = tss::dynamic_labels(p, dice);
    torch::Tensor consistency = torch::zeros({}, check.dtype());
    std::vector<torch::Tensor> vectors, predicted;
    for (size_t i = 0; i < 2; ++i) {
      consistency = consistency + F::cross_entropy(z[i], dynamic.label) + tss::dice_loss_linear(p[i], dynamic.label);
      vectors.push_back(first_two(projected[i]));
      predicted.push_back(tss::at_deepest_positions(first_two(z[i]).argmax(1), kBlock));
      check.number("decoder weight", dynamic.weights[static_cast<int64_t>(i)].item<double>(), c.at("decoder_weights")[i],
                   Kind::kLoss);
    }
    const tss::TextSimilarity similarity = tss::text_similarity(vectors, predicted, tss::at_deepest_positions(y, kBlock), t);
    const double weight = tss::published_ramp(c.at("completed_steps").get<int64_t>() + 1, 40);
    const torch::Tensor loss = 0.5 * (dice[0] + dice[1]) + weight * consistency + 0.5 * similarity.loss;
    loss.backward();
    // Where the released program reports NaN, the file gives the project's own definition beside it.
    const bool absent = c.at("similarity_loss").is_string();
    for (size_t k = 0; k < 2; ++k)
      check.exact("agreeing positions", similarity.agreeing[static_cast<int64_t>(k)].item<int64_t>(),
                  c.at("agreeing_positions")[k]);
    loss_value(check, "dice sum", dice[0] + dice[1], c.at("dice_sum"));
    check.exact("pseudo voxels", dynamic.label.sum().item<int64_t>(), c.at("pseudo_voxels"), check.float64() ? 0 : 3);
    loss_value(check, "consistency sum", consistency, c.at("consistency_sum"));
    loss_value(check, "similarity", similarity.loss,
               c.at(absent ? "similarity_loss_absent_class_as_zero_similarity" : "similarity_loss"));
    check.number("consistency weight", weight, c.at("consistency_weight"), Kind::kLoss);
    loss_value(check, "loss", loss, c.at(absent ? "loss_absent_class_as_zero_similarity" : "loss"));
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
    const bool pancreas = c.at("variant") == "pancreas";
    std::array<torch::Tensor, 2> pseudo;
    for (size_t i = 0; i < 2; ++i) {
      const torch::Tensor foreground = softmax(from_formula(c.at("teacher_logits")[i]).to(check.dtype())).select(1, 1);
      pseudo[i] = tss::largest_component((foreground >= 0.5).to(torch::kInt64), pancreas ? 18 : 26);
      check.exact("pseudo voxels", pseudo[i].sum().item<int64_t>(), c.at("pseudo_voxels")[i]);
    }
    const auto rows = [](const torch::Tensor& all, int64_t pair) { return all.narrow(0, 2 * pair, 2); };
    const torch::Tensor lab_a = rows(x, 0), lab_b = rows(x, 1), unl_a = rows(x, 2), unl_b = rows(x, 3), y_a = rows(y, 0),
                        y_b = rows(y, 1);
    // Left atrium: the labelled half is the background of input 1 and the patch of input 2; pancreas: the reverse, in pairs a-b.
    const std::array<torch::Tensor, 2> background = pancreas ? std::array{unl_a, lab_a} : std::array{lab_a, unl_b};
    const std::array<torch::Tensor, 2> patch = pancreas ? std::array{lab_b, unl_b} : std::array{unl_a, lab_b};
    const std::array<tss::WeightedLabel, 2> outer = pancreas ? std::array<tss::WeightedLabel, 2>{{{pseudo[0], 0.5}, {y_a, 1}}}
                                                             : std::array<tss::WeightedLabel, 2>{{{y_a, 1}, {pseudo[1], 0.5}}};
    const std::array<tss::WeightedLabel, 2> inner = pancreas ? std::array<tss::WeightedLabel, 2>{{{y_b, 1}, {pseudo[1], 0.5}}}
                                                             : std::array<tss::WeightedLabel, 2>{{{pseudo[0], 0.5}, {y_b, 1}}};
    const auto z = leaves(c.at("student_logits"), check);
    torch::Tensor loss = torch::zeros({}, check.dtype());
    for (size_t i = 0; i < 2; ++i) {
      const std::string number = std::to_string(i + 1);
      check.tensor("mixed image", tss::paste(background[i], patch[i], mask), c.at("mixed_image_" + number), Kind::kOutput);
      if (c.contains("mixed_label_voxels"))
        check.exact("mixed label voxels", tss::paste(outer[i].label, inner[i].label, mask).sum().item<int64_t>(),
                    c.at("mixed_label_voxels")[i]);
      const torch::Tensor one = tss::copy_paste_loss(z[i], outer[i], inner[i], mask);
      loss_value(check, "loss of one input", one, c.at("loss_" + number));
      loss = loss + one;
    }
    loss_value(check, "loss", loss, c.at("loss"));
    loss.backward();
    for (size_t i = 0; i < 2; ++i) gradient(check, "logits", z[i], c.at("gradients").at("student_logits_" + std::to_string(i)));
  }
}

}  // namespace golden
