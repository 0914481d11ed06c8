#include "textsemiseg/modules/text_guidance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/naive_equations.h"
#include "support/networks.h"
#include "support/testing.h"

namespace tss::text_guidance_test {

using namespace testing;

struct Owner : torch::nn::Module {};

FusionOptions small_block(const std::string& fusion) {
  FusionOptions options;
  options.fusion = fusion;
  options.dimension = 16;
  options.heads = 2;
  options.dropout = 0;
  return options;
}

class Guidance : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    torch::manual_seed(1);
    encoder_ = VNetEncoder(small_vnet());
    encoder_->to(torch::kFloat64);
    x_ = torch::randn({2, 1, 8, 7, 8}, torch::kFloat64);
    text_ = torch::randn({2, 12}, torch::kFloat64);
  }
  TextGuidance guidance(const FusionOptions& tmr, const AlignmentOptions& csa) {
    TextGuidance out(owner_, tmr, csa, small_vnet(), {8, 8, 8}, 12);
    owner_.to(torch::kFloat64);
    return out;
  }
  Owner owner_;
  VNetEncoder encoder_{nullptr};
  torch::Tensor x_, text_;
};

TEST_P(Guidance, TheBlockChangesTheDeepestFeatureAndNoOther) {
  TextGuidance guided = guidance(small_block(GetParam()), {});
  const Skips plain = encoder_->forward(pad_to_multiple(x_, 4));
  torch::Tensor deepest;
  const Skips skips = guided.encode(encoder_, x_, text_, &deepest);
  EXPECT_TRUE(torch::equal(deepest, plain.back()));
  for (size_t level = 0; level + 1 < plain.size(); ++level) EXPECT_TRUE(torch::equal(skips[level], plain[level]));
  EXPECT_EQ(torch::equal(skips.back(), deepest), GetParam() == "none");
  EXPECT_EQ(torch::equal(guided.encode(encoder_, x_, 2 * text_).back(), skips.back()), GetParam() == "none");
}

TEST_P(Guidance, RegistersWithItsOwnerWhatItTrains) {
  guidance(small_block(GetParam()), {});
  std::vector<std::string> names;
  for (const auto& child : owner_.named_children()) names.push_back(child.key());
  const std::string block = GetParam() == "multiplanar" ? "tmr" : "prompt";
  EXPECT_EQ(names,
            GetParam() == "none" ? std::vector<std::string>{"projection"} : (std::vector<std::string>{block, "projection"}));
}

TEST_P(Guidance, TheTextScaleMultipliesWhatTheBlockSees) {
  torch::manual_seed(2);
  FusionOptions options = small_block(GetParam());
  TextGuidance once = guidance(options, {});
  Owner other;
  options.text_scale = 3;
  torch::manual_seed(2);
  TextGuidance scaled(other, options, {}, small_vnet(), {8, 8, 8}, 12);
  other.to(torch::kFloat64);
  EXPECT_TRUE(torch::equal(scaled.encode(encoder_, x_, text_).back(), once.encode(encoder_, x_, 3 * text_).back()));
}

INSTANTIATE_TEST_SUITE_P(Fusion, Guidance, ::testing::Values("multiplanar", "repeat", "none"),
                         [](const auto& test) { return test.param; });

TEST_F(Guidance, AlignmentIsEquation4SummedOverTheMapsGiven) {
  AlignmentOptions csa;
  csa.reduction = "sum";
  TextGuidance guided = guidance(small_block("none"), csa);
  ASSERT_TRUE(guided.aligns());
  torch::Tensor deepest;
  guided.encode(encoder_, x_, text_, &deepest);
  std::vector<torch::Tensor> maps;
  double expected = 0;
  const auto projection = std::dynamic_pointer_cast<torch::nn::Conv3dImpl>(owner_.named_children()["projection"]);
  for (int i = 0; i < 2; ++i) {
    maps.push_back(torch::softmax(torch::randn({2, 2, 8, 7, 8}, torch::kFloat64), 1));
    expected += naive_alignment(naive_class_vectors(projection->forward(deepest), maps.back(), 4), text_);
  }
  EXPECT_NEAR(guided.alignment(deepest, maps, text_).item<double>(), expected, 1e-9);
}

TEST_F(Guidance, WithoutTextsFeaturesPassAsTheyAre) {
  TextGuidance none(small_vnet());
  EXPECT_FALSE(none.aligns());
  EXPECT_TRUE(torch::equal(none.encode(encoder_, x_, {}).back(), encoder_->forward(pad_to_multiple(x_, 4)).back()));
}

TEST(FusionOptions, ErrorsNameTheSection) {
  FusionOptions options;
  options.text_scale = NAN;
  EXPECT_THAT(input_error_of([&] { options.check("dtc.tmr"); }), ::testing::StartsWith("dtc.tmr.text_scale: found nan"));
}

}  // namespace tss::text_guidance_test
