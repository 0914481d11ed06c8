// Prompts of both families; clip_text_encoder_test.cc holds the cases of one token row a class.
#include "textsemiseg/text/prompt_learner.h"

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "support/small_encoders.h"
#include "support/testing.h"
#include "textsemiseg/weights/module_state.h"

namespace tss::prompt_learner_test {

double largest(const torch::Tensor& a) { return a.abs().max().item<double>(); }
torch::Tensor unit_rows(const torch::Tensor& a) { return a / a.norm(2, -1, true); }

// A CLIP whose texts are words of the small vocabulary: what its real one does is not of interest here.
class WordClip : public ClipTextEncoder {
 public:
  explicit WordClip(const ClipTextConfig& config) : ClipTextEncoder(config), words_(testing::kSmallVocabulary, "test") {}
  std::vector<int64_t> tokenize(const std::string& text) const override { return words_.encode(text); }
  int64_t start_token() const override { return 14; }
  int64_t end_token() const override { return 15; }
  int64_t placeholder_token() const override { return 0; }

 private:
  WordPieceTokenizer words_;
};

std::shared_ptr<TextEncoder> make_encoder(const std::string& family) {
  if (family == "bert") return testing::small_bert();
  const ClipTextConfig config{20, 16, 24, 128, 2, 3, true};
  const auto encoder = std::make_shared<WordClip>(config);
  load_into(*encoder, state_of(*random_clip_text_encoder(config, 5)), "test");
  return encoder;
}

const std::vector<ClassText> kClasses = {{"background", "", {}}, {"left atrium", "", {}}, {"lung", "", {}}};
const std::vector<std::vector<std::string>> kNames = {{"background"}, {"left_atrium"}, {"lung"}};
const std::vector<std::vector<std::string>> kSentences = {
    {"background"}, {"left atrium", "the atrium", "a left the left the left the left the left"}, {"lung", "the lung"}};

class Prompts : public ::testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<PromptLearner> make(const PromptOptions& options,
                                      const std::vector<std::vector<std::string>>& texts = kNames) const {
    return std::make_shared<PromptLearner>(encoder_, texts, kClasses, options, 1);
  }
  // The difference quotient of a loss to every 7th entry of a parameter.
  static void expect_gradient(PromptLearner& text, const std::string& name) {
    text.to(torch::kFloat64);
    text.zero_grad();
    const torch::Tensor weight = torch::linspace(-1, 1, 3 * text.dimension(), torch::kFloat64).reshape({3, text.dimension()});
    const auto loss = [&] { return (weight * text.features().square()).sum() + (weight.flip(0) * text.features()).sum(); };
    loss().backward();
    torch::Tensor parameter = text.named_parameters()[name];
    const torch::Tensor gradient = parameter.grad().flatten();
    const torch::NoGradGuard no_grad;
    const double step = 1e-5, scale = largest(gradient);
    EXPECT_GT(scale, 1e-4);
    for (int64_t i = 0; i < parameter.numel(); i += 7) {
      torch::Tensor entry = parameter.view({-1})[i];
      entry.add_(step);
      const double above = loss().item<double>();
      entry.sub_(2 * step);
      const double below = loss().item<double>();
      entry.add_(step);
      EXPECT_NEAR((above - below) / (2 * step), gradient[i].item<double>(), 1e-6 * scale) << name << " " << i;
    }
  }
  std::shared_ptr<TextEncoder> encoder_ = make_encoder(GetParam());
};

TEST_P(Prompts, VectorsStandBetweenStartAndName) {
  for (const bool class_specific : {true, false}) {
    const auto text = make({3, class_specific, "mean"});
    const torch::Tensor vectors = text->named_parameters()["prompt_vectors"];
    for (int64_t k = 0; k < 3; ++k) {
      // start, vectors, name and end of one class alone, put together here; every position is computed.
      const std::vector<int64_t> name = encoder_->tokenize(class_prompt(*encoder_, kNames[static_cast<size_t>(k)][0]));
      const auto embed = [&](const std::vector<int64_t>& ids) {
        return encoder_->embed_tokens(torch::tensor(ids, torch::kInt64).unsqueeze(0))[0];
      };
      const torch::Tensor row = torch::cat(
          {embed({encoder_->start_token()}), class_specific ? vectors[k] : vectors, embed(name), embed({encoder_->end_token()})});
      const torch::Tensor expected = unit_rows(encoder_->forward(row.unsqueeze(0), torch::tensor({row.size(0) - 1}))[0]);
      EXPECT_LT(largest(text->features()[k] - expected), 2e-6) << k;
    }
  }
}

TEST_P(Prompts, GradientIsThatOfDifferences) {
  for (const bool class_specific : {true, false}) {
    expect_gradient(*make({2, class_specific, "mean"}), "prompt_vectors");
    const auto attended = make({2, class_specific, "attend"}, kSentences);
    {
      const torch::NoGradGuard no_grad;
      torch::manual_seed(3);
      attended->named_parameters()["sentence_queries"].normal_(0, 3);
    }
    expect_gradient(*attended, "prompt_vectors");
    expect_gradient(*attended, "sentence_queries");
  }
}

TEST_P(Prompts, EncoderStaysFrozen) {
  const std::string before = hash_of(state_of(*encoder_));
  const auto text = make({2, true, "mean"});
  text->features().square().sum().backward();
  for (const torch::Tensor& parameter : encoder_->parameters()) {
    EXPECT_FALSE(parameter.requires_grad());
    EXPECT_FALSE(parameter.grad().defined());
  }
  EXPECT_EQ(hash_of(state_of(*encoder_)), before);
  EXPECT_EQ(text->encoder_hash(), before);
}

TEST_P(Prompts, SeveralTextsAreAveraged) {
  const auto text = make({0, true, "mean"}, kSentences);
  EXPECT_TRUE(text->parameters().empty());
  const auto own = [&](const std::string& sentence) {
    return unit_rows(encoder_->encode({class_prompt(*encoder_, sentence)})[0]);
  };
  const torch::Tensor t = text->features();
  EXPECT_LT(largest(t[0] - own("background")), 1e-6);
  EXPECT_LT(largest(t[2] - unit_rows(own("lung") + own("the lung"))), 2e-6);
  EXPECT_LT(largest(t[1] - unit_rows(own(kSentences[1][0]) + own(kSentences[1][1]) + own(kSentences[1][2]))), 2e-6);
}

TEST_P(Prompts, AttentionStartsAsTheMeanAndFollowsItsQuery) {
  const auto mean = make({2, true, "mean"}, kSentences), attend = make({2, true, "attend"}, kSentences);
  EXPECT_EQ(mean->named_parameters().size(), 1u);
  EXPECT_EQ(attend->named_parameters().size(), 2u);
  EXPECT_TRUE(torch::equal(attend->features(), mean->features()));
  // A query along one sentence's own direction draws the feature to it.
  const torch::NoGradGuard no_grad;
  const auto plain = make({0, true, "attend"}, kSentences);
  const torch::Tensor wanted = unit_rows(encoder_->encode({class_prompt(*encoder_, "the lung")})[0]);
  const double before = plain->features()[2].dot(wanted).item<double>();
  plain->named_parameters()["sentence_queries"][2].copy_(wanted * 1000);
  EXPECT_GT(plain->features()[2].dot(wanted).item<double>(), before);
  EXPECT_LT(largest(plain->features().slice(0, 0, 2) - make({0, true, "mean"}, kSentences)->features().slice(0, 0, 2)), 1e-6);
}

TEST_P(Prompts, OneTextAClassNeedsNoQueries) { EXPECT_EQ(make({2, true, "attend"})->named_parameters().size(), 1u); }

TEST_P(Prompts, WithoutVectorsFeaturesAreComputedOnce) {
  const auto text = make({0, true, "mean"});
  const torch::Tensor once = text->features();
  EXPECT_FALSE(once.requires_grad());
  EXPECT_EQ(text->features().data_ptr(), once.data_ptr());
  EXPECT_LT(largest(once.norm(2, 1) - 1), 1e-6);
  text->to(torch::kFloat64);
  EXPECT_EQ(text->features().scalar_type(), torch::kFloat64);
  EXPECT_LT(largest(text->features() - once), 1e-5);
}

TEST_P(Prompts, Bfloat16WeightsGiveFloatGradients) {
  const auto exact = make({4, true, "mean"});
  const torch::Tensor weight = torch::linspace(-1, 1, 3 * exact->dimension()).reshape({3, exact->dimension()});
  const auto gradient = [&](PromptLearner& text) {
    text.zero_grad();
    (weight * text.features()).sum().backward();
    return text.named_parameters()["prompt_vectors"].grad().clone();
  };
  const torch::Tensor expected = gradient(*exact), features = exact->features().detach();
  encoder_->store_in_bfloat16();
  const auto half = make({4, true, "mean"});
  const torch::Tensor got = gradient(*half);
  EXPECT_EQ(got.scalar_type(), torch::kFloat32);
  EXPECT_EQ(half->features().scalar_type(), torch::kFloat32);
  EXPECT_LT(largest(half->features() - features), 0.02);
  EXPECT_LT((got - expected).norm().item<double>() / expected.norm().item<double>(), 0.05);
}

TEST_P(Prompts, SeveralTextsKeepTheirPrecisionUnderAutocast) {
  const auto text = make({2, true, "attend"}, kSentences);
  const torch::Tensor expected = text->features();
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const torch::Tensor got = text->features();
  at::autocast::set_autocast_enabled(at::kCPU, false);
  EXPECT_TRUE(torch::equal(got, expected));
}

INSTANTIATE_TEST_SUITE_P(Families, Prompts, ::testing::Values("clip", "bert"));

// The start token's states computed once, tokens packed, the last layer at the end alone, own products: equal to all 77 positions of every
// layer, for ViT-B's sizes. Two prompts of about equal length (all stay padded), and one much longer than the others (packed).
TEST(PromptShortcuts, OfClipChangeNothing) {
  const auto encoder = random_clip_text_encoder({}, 9);
  const std::vector<std::vector<std::vector<int64_t>>> sets = {
      {{9, 1, 2, 3, 4, 5, 6, 10}, {9, 1, 2, 3, 4, 7, 8, 6, 10}},
      {{9, 3, 4, 10}, {9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 10}, {9, 5, 6, 7, 10}}};
  for (const auto& prompts : sets) {
    const TokenRows rows = token_rows(prompts), all = token_rows(prompts, 77);
    const torch::Tensor embedded = encoder->embed_tokens(rows.ids),
                        rest = encoder->embed_tokens(all.ids).slice(1, rows.ids.size(1));
    const auto run = [&](const auto& features_of) {
      torch::Tensor x = embedded.clone().requires_grad_(true);
      const torch::Tensor features = features_of(x);
      features.square().mean().backward();
      return std::make_pair(features.detach(), x.grad().slice(1, 1));
    };
    const auto [fast, fast_gradient] = run([&](const torch::Tensor& x) {
      return encoder->forward_after(encoder->start_states(embedded[0][0]), x.slice(1, 1), rows.end);
    });
    const auto [whole, whole_gradient] =
        run([&](const torch::Tensor& x) { return testing::plain_clip(state_of(*encoder), torch::cat({x, rest}, 1), all.end); });
    EXPECT_LT(largest(fast - whole), 1e-5);
    EXPECT_LT(largest(fast_gradient - whole_gradient), 1e-5 * largest(whole_gradient));
  }
}

}  // namespace tss::prompt_learner_test
