// What every method of the registry must do, whatever it is.
#include "textsemiseg/methods/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <set>

#include "support/tiny.h"
#include "textsemiseg/methods/registry.h"

namespace tss::method_test {

using namespace testing;

struct Variant {
  std::string name, method, options;
  bool two_classes_only = false;
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

// Small attention in place of the default 512 channels.
const char* const kTmr = R"("dimension": 16, "heads": 2)";

std::vector<Variant> variants() {
  const std::string tmr = kTmr;
  std::vector<Variant> out;
  for (const auto& info : methods())
    out.push_back({info.name, info.name, info.name == "text_semiseg" ? R"({"tmr": {)" + tmr + "}}" : "{}"});
  for (const std::string name : {"ua_mt", "dtc"}) {
    out.push_back({name + "_reference", name, R"({"variant": "reference"})"});
    out.push_back({name + "_text", name, R"({"text": true, "tmr": {)" + tmr + "}}"});
    out.push_back({name + "_text_reference", name, R"({"text": true, "variant": "reference"})"});
  }
  for (const std::string name : {"mc_net", "mc_net_plus", "mlrp", "vclip_seg"})
    out.push_back({name + "_reference", name, R"({"variant": "reference"})"});
  out.push_back({"vclip_seg_trained_texts", "vclip_seg", R"({"train_text": true})"});
  out.push_back({"urpc_unet3d", "urpc", R"({"backbone": "unet3d"})"});
  out.push_back({"urpc_reference", "urpc", R"({"variant": "reference", "backbone": "unet3d"})"});
  out.push_back({"mcf_reference", "mcf", R"({"variant": "reference"})"});
  out.push_back({"bcp_pancreas", "bcp", R"({"flavour": "pancreas"})"});
  out.push_back({"bs_net_reference", "bs_net", R"({"variant": "reference"})"});
  out.push_back({"text_semiseg_reference", "text_semiseg", R"({"variant": "reference"})", true});
  out.push_back({"text_semiseg_switches_off", "text_semiseg",
                 R"({"tmr": {"fusion": "none"}, "csa": {"enabled": false}, "dca": {"enabled": false}})"});
  out.push_back({"text_semiseg_repeat", "text_semiseg", R"({"tmr": {"fusion": "repeat"}})"});
  out.push_back({"text_semiseg_visual_queries", "text_semiseg", R"({"tmr": {"attention": "visual_queries", )" + tmr + "}}"});
  out.push_back({"text_semiseg_csa_switches", "text_semiseg",
                 R"({"tmr": {)" + tmr + R"(}, "csa": {"pool": "masked", "normalise": true, "detach_map": true}})"});
  return out;
}

constexpr int64_t kLast = 29'999, kRun = 30'000;  // every ramp full, every warm-up over

class EveryMethod : public ::testing::TestWithParam<Variant> {
 protected:
  void SetUp() override { torch::manual_seed(11); }

  static std::shared_ptr<Method> make(int64_t classes, int64_t channels = 1) {
    const Variant& variant = GetParam();
    return method_info(variant.method).make(Json::parse(variant.options), "test", tiny_setup(classes, 8, channels));
  }
  static std::vector<int64_t> class_counts() {
    return GetParam().two_classes_only ? std::vector<int64_t>{2} : std::vector<int64_t>{2, 3};
  }

  // Loss of one step of a phase; gradients of all losses are finite.
  static double step(Method& method, const Batch& batch, const std::string& phase) {
    StepRecord record(kLast, kRun, phase);
    record.gradients = true;
    method.train();
    method.zero_grad();
    method.train_step(batch, record);
    EXPECT_FALSE(record.minimised.empty());
    for (const auto& group : record.groups) EXPECT_THAT(group_names(method), ::testing::Contains(group));
    EXPECT_EQ(record.logged.count("loss"), 1u);
    for (const auto& [name, value] : record.logged) EXPECT_TRUE(std::isfinite(value)) << name;
    for (const auto& parameter : method.named_parameters()) {
      const torch::Tensor& gradient = parameter.value().grad();
      EXPECT_TRUE(!gradient.defined() || torch::isfinite(gradient).all().item<bool>()) << parameter.key();
    }
    method.after_step(kLast);
    for (const auto& parameter : method.named_parameters())
      EXPECT_TRUE(torch::isfinite(parameter.value()).all().item<bool>()) << parameter.key();
    return record.logged["loss"];
  }

  // One step of every phase on the phase's part of the batch.
  static void step_every_phase(Method& method, const Batch& batch) {
    for (const Phase& phase : method.phases()) {
      SCOPED_TRACE(phase.name);
      method.begin_phase(phase.name);
      const Batch own = phase.uses_unlabelled ? batch : Batch{batch.labelled_image(), batch.label};
      EXPECT_TRUE(std::isfinite(step(method, own, phase.name)));
    }
  }

  static std::vector<std::string> group_names(Method& method) {
    std::vector<std::string> names;
    for (const auto& group : method.parameter_groups()) names.push_back(group.name);
    return names;
  }
};

TEST_P(EveryMethod, LowersItsOwnLossOnAFixedBatch) {
  const int64_t classes = class_counts().back();
  const auto method = make(classes);
  for (const Phase& phase : method->phases()) {
    SCOPED_TRACE(phase.name);
    const Batch batch = tiny_batch(2, phase.uses_unlabelled ? 2 : 0, classes, {8, 8, 8});
    method->begin_phase(phase.name);
    StepRecord record(kLast, kRun, phase.name);
    for (const auto& group : method->parameter_groups())
      record.optimisers[group.name] =
          std::make_shared<torch::optim::SGD>(group.parameters, torch::optim::SGDOptions(0.01).momentum(0.9));
    std::vector<double> losses;
    for (int i = 0; i < 20; ++i) {
      method->train();
      method->train_step(batch, record);
      method->after_step(kLast);
      losses.push_back(record.logged["loss"]);
    }
    EXPECT_LT(losses.back(), 0.9 * losses.front());
  }
}

TEST_P(EveryMethod, PhasesMakeUpTheRun) {
  double share = 0;
  std::set<std::string> names;
  for (const Phase& phase : make(2)->phases()) {
    share += phase.share;
    EXPECT_TRUE(names.insert(phase.name).second) << phase.name;
  }
  EXPECT_NEAR(share, 1, 1e-9);
}

TEST_P(EveryMethod, PredictsProbabilities) {
  for (const int64_t classes : class_counts()) {
    const auto method = make(classes, 2);
    method->eval();
    torch::NoGradGuard no_grad;
    method->begin_prediction();
    const std::vector<int64_t> sides = method->fixed_window() ? std::vector<int64_t>{8, 8, 8} : std::vector<int64_t>{9, 5, 14};
    const torch::Tensor p = method->predict(torch::randn({3, 2, sides[0], sides[1], sides[2]}));
    EXPECT_EQ(p.sizes(), (std::vector<int64_t>{3, classes, sides[0], sides[1], sides[2]}));
    EXPECT_LT((p.sum(1) - 1).abs().max().item<double>(), 1e-6);
    EXPECT_GE(p.min().item<double>(), 0);
  }
}

TEST_P(EveryMethod, PredictionDoesNotDependOnTheBatch) {
  const auto method = make(2);
  method->eval();
  torch::NoGradGuard no_grad;
  const torch::Tensor windows = torch::randn({3, 1, 8, 8, 8}), all = method->predict(windows);
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_LT((method->predict(windows.narrow(0, i, 1)) - all.narrow(0, i, 1)).abs().max().item<double>(), 1e-5);
}

TEST_P(EveryMethod, DegenerateCropsGiveFiniteLossesAndGradients) {
  for (const int64_t classes : class_counts())
    for (const bool constant : {false, true})
      for (const int64_t label : {int64_t{0}, classes - 1}) {
        SCOPED_TRACE(concat(classes, " classes, ", constant ? "constant" : "varying", " image, label ", label));
        const auto method = make(classes);
        Batch batch = tiny_batch(2, 2, classes, {8, 8, 8});
        batch.label.fill_(label);
        if (constant) batch.image.fill_(1);
        step_every_phase(*method, batch);
      }
}

TEST_P(EveryMethod, TakesAnyNumberOfSamples) {
  const auto method = make(2);
  for (const auto& [labelled, unlabelled] : {std::pair{2, 0}, {1, 0}, {1, 3}, {3, 1}}) {
    SCOPED_TRACE(concat(labelled, " + ", unlabelled));
    step_every_phase(*method, tiny_batch(labelled, unlabelled, 2, {8, 8, 8}));
  }
}

TEST_P(EveryMethod, TrainsOnSidesThatAreNoMultiples) {
  const auto method = make(2);
  if (method->fixed_window()) return;
  step_every_phase(*method, tiny_batch(1, 1, 2, {7, 10, 5}));
}

TEST_P(EveryMethod, OwnsWhatItTrains) {
  const auto method = make(2);
  size_t grouped = 0, trainable = 0;
  for (const auto& group : method->parameter_groups())
    for (const auto& parameter : group.parameters) grouped += parameter.requires_grad();
  for (const auto& parameter : method->parameters()) trainable += parameter.requires_grad();
  EXPECT_EQ(grouped, trainable);
}

TEST_P(EveryMethod, RunsInDoublePrecision) {
  const auto method = make(2);
  method->to(torch::kFloat64);
  step_every_phase(*method, to_double(tiny_batch(1, 1, 2, {8, 8, 8})));
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryMethod, ::testing::ValuesIn(variants()),
                         [](const auto& test) { return test.param.name; });

}  // namespace tss::method_test
