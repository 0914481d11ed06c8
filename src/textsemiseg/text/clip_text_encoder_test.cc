#include "textsemiseg/text/clip_text_encoder.h"

#include <ATen/autocast_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/prompt_learner.h"
#include "textsemiseg/weights/module_state.h"

namespace tss::clip_text_encoder_test {
using ::testing::HasSubstr;
using Prompts = std::vector<std::vector<int64_t>>;

ClipTextConfig small(int64_t layers = 2) {
  ClipTextConfig config;
  config.context = 20;
  config.vocabulary = 100;
  config.embed = 24;
  config.width = 128;
  config.heads = 2;
  config.layers = layers;
  return config;
}

// start, two placeholders, name, ".", end
const Prompts kPrompts = {{98, 7, 7, 11, 5, 99}, {98, 7, 7, 12, 13, 14, 5, 99}, {98, 7, 7, 15, 5, 99}};
const std::vector<ClassText> kClasses = {{"background", ""}, {"left atrium", ""}, {"lung", ""}};

double largest(const torch::Tensor& a) { return a.abs().max().item<double>(); }

TEST(TokenRows, EndOnlyAsFarAsNeeded) {
  const TokenRows rows = token_rows(kPrompts);
  EXPECT_EQ(rows.ids.sizes(), (std::vector<int64_t>{3, 8}));
  EXPECT_TRUE(torch::equal(rows.end, torch::tensor({5, 7, 5})));
  EXPECT_EQ(rows.ids[0][7].item<int64_t>(), 0);
  EXPECT_EQ(token_rows(kPrompts, 20).ids.size(1), 20);
}

TEST(ClipTextEncoder, TokensBehindTheEndChangeNothing) {
  const auto encoder = random_clip_text_encoder(small(), 3);
  const torch::Tensor cut = encoder->encode(token_rows(kPrompts));
  EXPECT_EQ(cut.sizes(), (std::vector<int64_t>{3, 24}));
  EXPECT_LT(largest(cut - encoder->encode(token_rows(kPrompts, 20))) / largest(cut), 1e-5);
  // Tokens before the end do change it.
  Prompts other = kPrompts;
  other[1][4] = 50;
  EXPECT_GT(largest(cut[1] - encoder->encode(token_rows(other))[1]) / largest(cut), 1e-2);
}

// The whole model written out for one token after the other.
TEST(ClipTextEncoder, EqualsItsDefinition) {
  const ClipTextConfig config = small(1);
  const auto encoder = random_clip_text_encoder(config, 3);
  encoder->to(torch::kFloat64);
  for (auto& [name, tensor] : state_of(*encoder)) {
    if (tensor.dim() == 1) tensor.add_(torch::linspace(-0.3, 0.4, tensor.numel(), torch::kFloat64));  // biases are 0 otherwise
  }
  const TensorMap w = state_of(*encoder);
  const auto norm = [&](const torch::Tensor& x, const std::string& name) {
    const auto centred = x - x.mean();
    return centred / (centred.square().mean() + 1e-5).sqrt() * w.at(name + ".weight") + w.at(name + ".bias");
  };
  const std::string block = "transformer.resblocks.0.";
  const auto linear = [&](const torch::Tensor& x, const std::string& name) {
    return w.at(block + name + ".weight").mv(x) + w.at(block + name + ".bias");
  };
  const std::vector<int64_t> prompt = kPrompts[1];
  std::vector<torch::Tensor> x, q, k, v;
  for (size_t t = 0; t < prompt.size(); ++t) {
    x.push_back(w.at("token_embedding.weight")[prompt[t]] + w.at("positional_embedding")[static_cast<int64_t>(t)]);
    const auto qkv = w.at(block + "attn.in_proj_weight").mv(norm(x[t], block + "ln_1")) + w.at(block + "attn.in_proj_bias");
    q.push_back(qkv.slice(0, 0, 128));
    k.push_back(qkv.slice(0, 128, 256));
    v.push_back(qkv.slice(0, 256, 384));
  }
  const size_t end = prompt.size() - 1;
  std::vector<torch::Tensor> heads;
  for (int64_t h = 0; h < 2; ++h) {
    const auto part = [&](const torch::Tensor& t) { return t.slice(0, 64 * h, 64 * (h + 1)); };
    std::vector<torch::Tensor> scores;
    for (size_t t = 0; t <= end; ++t) scores.push_back(part(q[end]).dot(part(k[t])) / 8);
    const torch::Tensor a = torch::stack(scores).softmax(0);
    torch::Tensor sum = torch::zeros({64}, torch::kFloat64);
    for (size_t t = 0; t <= end; ++t) sum += a[static_cast<int64_t>(t)] * part(v[t]);
    heads.push_back(sum);
  }
  torch::Tensor y = x[end] + linear(torch::cat(heads), "attn.out_proj");
  const torch::Tensor hidden = linear(norm(y, block + "ln_2"), "mlp.c_fc");
  y = y + linear(hidden * torch::sigmoid(1.702 * hidden), "mlp.c_proj");
  const torch::Tensor expected = norm(y, "ln_final").matmul(w.at("text_projection"));
  const torch::Tensor got = encoder->encode(token_rows(kPrompts))[1];
  EXPECT_LT(largest(got - expected), 1e-10 * largest(expected));
}

TEST(ClipTextEncoder, RandomWeightsDependOnTheSeedAlone) {
  const std::string one = hash_of(state_of(*random_clip_text_encoder(small(), 7)));
  const int threads = at::get_num_threads();
  at::set_num_threads(threads == 1 ? 2 : 1);
  EXPECT_EQ(hash_of(state_of(*random_clip_text_encoder(small(), 7))), one);
  at::set_num_threads(threads);
  EXPECT_EQ(one, "b32561de10bd1016");  // on every machine
  EXPECT_NE(hash_of(state_of(*random_clip_text_encoder(small(), 8))), one);
  const TensorMap w = state_of(*random_clip_text_encoder(small(), 7));
  EXPECT_NEAR(w.at("transformer.resblocks.1.mlp.c_fc.weight").std().item<double>(), 1 / 16.0, 1e-3);
  EXPECT_NEAR(w.at("transformer.resblocks.1.mlp.c_fc.weight").mean().item<double>(), 0, 1e-3);
  EXPECT_GT(largest(w.at("transformer.resblocks.0.mlp.c_fc.weight") - w.at("transformer.resblocks.1.mlp.c_fc.weight")), 0.01);
}

class ClipFileTest : public ::testing::Test {
 protected:
  std::string error(const TensorMap& tensors) const {
    write_safetensors(path_, {tensors, {}});
    return testing::input_error_of([&] { load_clip_text_encoder(path_); });
  }
  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "clip.safetensors";
};

// A state under Hugging Face's names.
TensorMap hugging_face(const TensorMap& own) {
  TensorMap out = {{"text_model.embeddings.token_embedding.weight", own.at("token_embedding.weight")},
                   {"text_model.embeddings.position_embedding.weight", own.at("positional_embedding")},
                   {"text_model.final_layer_norm.weight", own.at("ln_final.weight")},
                   {"text_model.final_layer_norm.bias", own.at("ln_final.bias")},
                   {"text_projection.weight", own.at("text_projection").t()},
                   {"vision_model.post_layernorm.weight", torch::ones({3})},
                   {"logit_scale", torch::tensor(4.6)}};
  for (int layer = 0; own.contains(concat("transformer.resblocks.", layer, ".ln_1.weight")); ++layer) {
    const std::string from = concat("transformer.resblocks.", layer, "."), to = concat("text_model.encoder.layers.", layer, ".");
    for (const std::string kind : {"weight", "bias"}) {
      const auto qkv = own.at(from + "attn.in_proj_" + kind).chunk(3);
      out[to + "self_attn.q_proj." + kind] = qkv[0];
      out[to + "self_attn.k_proj." + kind] = qkv[1];
      out[to + "self_attn.v_proj." + kind] = qkv[2];
      out[to + "self_attn.out_proj." + kind] = own.at(from + "attn.out_proj." + kind);
      out[to + "layer_norm1." + kind] = own.at(from + "ln_1." + kind);
      out[to + "layer_norm2." + kind] = own.at(from + "ln_2." + kind);
      out[to + "mlp.fc1." + kind] = own.at(from + "mlp.c_fc." + kind);
      out[to + "mlp.fc2." + kind] = own.at(from + "mlp.c_proj." + kind);
    }
  }
  return out;
}

TEST_F(ClipFileTest, BothNamingsGiveTheSameEncoder) {
  const auto encoder = random_clip_text_encoder(small(), 5);
  const torch::Tensor expected = encoder->encode(token_rows(kPrompts));
  TensorMap state = state_of(*encoder);
  EXPECT_EQ(error(hugging_face(state)), "no error");
  EXPECT_TRUE(torch::equal(load_clip_text_encoder(path_)->encode(token_rows(kPrompts)), expected));
  // As a part of another network; a configuration that leaves the activation open; without the projection.
  for (const std::string prefix : {"clip.", "model.", "model.clip."}) {
    TensorMap part{{"classifier.weight", torch::ones({3})}};
    add_with_prefix(part, hugging_face(state), prefix);
    EXPECT_EQ(error(part), "no error") << prefix;
    EXPECT_TRUE(torch::equal(load_clip_text_encoder(path_)->encode(token_rows(kPrompts)), expected));
  }
  write_text_file(folder_ / "config.json", R"({"model_type": "clip", "text_config": {"hidden_act": null}})");
  EXPECT_EQ(error(hugging_face(state)), "no error");
  std::filesystem::remove(folder_ / "config.json");
  TensorMap bare = hugging_face(state);
  bare.erase("text_projection.weight");
  EXPECT_THAT(error(bare), HasSubstr("a text model without CLIP's projection"));
  state["visual.conv1.weight"] = torch::ones({3});
  EXPECT_EQ(error(state), "no error");
  const auto loaded = load_clip_text_encoder(path_);
  EXPECT_TRUE(torch::equal(loaded->encode(token_rows(kPrompts)), expected));
  EXPECT_EQ(loaded->config().layers, 2);
  for (const torch::Tensor& parameter : loaded->parameters()) EXPECT_FALSE(parameter.requires_grad());
  for (auto& [name, tensor] : state) tensor = tensor.to(torch::kFloat16);
  EXPECT_EQ(error(state), "no error");
  EXPECT_LT(largest(load_clip_text_encoder(path_)->encode(token_rows(kPrompts)) - expected) / largest(expected), 1e-2);
}

TEST_F(ClipFileTest, ConfigurationOfHuggingFace) {
  const auto encoder = random_clip_text_encoder(small(), 5);
  const torch::Tensor expected = encoder->encode(token_rows(kPrompts));
  const TensorMap state = hugging_face(state_of(*encoder));
  const auto with = [&](const std::string& config) {
    write_text_file(folder_ / "config.json", config);
    return error(state);
  };
  const auto features = [&] { return load_clip_text_encoder(path_)->encode(token_rows(kPrompts)); };
  EXPECT_EQ(
      with(
          R"({"model_type": "clip", "text_config": {"hidden_size": 128, "num_attention_heads": 2, "hidden_act": "quick_gelu"}})"),
      "no error");
  EXPECT_TRUE(torch::equal(features(), expected));
  EXPECT_EQ(with(R"({"model_type": "clip_text_model", "hidden_act": "gelu"})"), "no error");
  EXPECT_GT(largest(features() - expected), 1e-3);
  EXPECT_EQ(with(R"({"text_config": {"num_attention_heads": 4}})"), "no error");
  EXPECT_GT(largest(features() - expected), 1e-3);
  EXPECT_THAT(with(R"({"text_config": {"hidden_size": 512}})"),
              HasSubstr("config.json: hidden_size is 512; expected 128, as the weights' shapes say"));
  EXPECT_THAT(with(R"({"text_config": {"num_hidden_layers": 12}})"), HasSubstr("num_hidden_layers is 12; expected 2"));
  EXPECT_THAT(with(R"({"text_config": {"hidden_act": "relu"}})"), HasSubstr("hidden_act is 'relu'; expected quick_gelu or gelu"));
  EXPECT_THAT(with(R"({"text_config": {"num_attention_heads": 3}})"),
              HasSubstr("gives 3 heads for a width of 128; expected a divisor"));
  EXPECT_THAT(with(R"({"text_config": {"hidden_size": "128"}})"), HasSubstr("lacks an entry or has one of another type"));
  EXPECT_THAT(with(R"({"model_type": "siglip"})"), HasSubstr("model_type is 'siglip'; expected clip"));
  EXPECT_THAT(with("[]"), HasSubstr("config.json"));
}

TEST_F(ClipFileTest, WidthsOfOtherHeadsNeedAConfiguration) {
  ClipTextConfig config = small();
  config.width = 96;
  config.heads = 3;
  const auto encoder = random_clip_text_encoder(config, 5);
  const TensorMap state = hugging_face(state_of(*encoder));
  EXPECT_THAT(error(state), HasSubstr("gives 0 heads for a width of 96; expected a width that is a multiple of 64"));
  write_text_file(folder_ / "config.json", R"({"text_config": {"num_attention_heads": 3}})");
  EXPECT_EQ(error(state), "no error");
  EXPECT_TRUE(torch::equal(load_clip_text_encoder(path_)->encode(token_rows(kPrompts)), encoder->encode(token_rows(kPrompts))));
}

TEST_F(ClipFileTest, IncompleteFilesAreRefused) {
  const TensorMap whole = state_of(*random_clip_text_encoder(small(), 5));
  EXPECT_THAT(error({{"x", torch::ones({1})}}), HasSubstr("lacks tensor 'positional_embedding'"));
  TensorMap state = whole;
  state.erase("transformer.resblocks.0.attn.out_proj.bias");
  EXPECT_THAT(error(state), HasSubstr("lacks 'transformer.resblocks.0.attn.out_proj.bias'"));
  state = hugging_face(whole);
  state.erase("text_model.encoder.layers.1.self_attn.k_proj.bias");
  EXPECT_THAT(error(state), HasSubstr("lacks tensor 'text_model.encoder.layers.1.self_attn.k_proj.bias'"));
  state = whole;
  state["ln_final.bias"] = torch::ones({3});
  EXPECT_THAT(error(state), HasSubstr("tensor 'ln_final.bias' has shape [3]; expected [128]"));
  state = whole;
  state["text_projection"] = torch::ones({3});
  EXPECT_THAT(error(state), HasSubstr("tensor 'text_projection' has shape [3]; expected a matrix"));
}

// ---- prompt learner -------------------------------------------------------------------------------------------------

class PromptLearnerTest : public ::testing::TestWithParam<bool> {
 protected:
  std::shared_ptr<PromptLearner> make(uint64_t seed = 1) const {
    return std::make_shared<PromptLearner>(random_clip_text_encoder(small(), 5), kPrompts, kClasses, PromptOptions{2, GetParam()},
                                           seed);
  }
};

TEST_P(PromptLearnerTest, OnlyThePromptsAreItsState) {
  const auto text = make();
  ASSERT_EQ(text->named_parameters().size(), 1u);
  EXPECT_EQ(text->named_buffers().size(), 0u);
  const torch::Tensor prompts = text->named_parameters()["prompt_vectors"];
  EXPECT_EQ(prompts.sizes(), GetParam() ? (std::vector<int64_t>{3, 2, 128}) : (std::vector<int64_t>{2, 128}));
  EXPECT_NEAR(prompts.std().item<double>(), 0.02, 0.003);
  EXPECT_TRUE(torch::equal(prompts, make()->parameters()[0]));
  EXPECT_FALSE(torch::equal(prompts, make(2)->parameters()[0]));
  EXPECT_EQ(text->encoder_hash(), make(2)->encoder_hash());
  const torch::Tensor t = text->features();
  EXPECT_EQ(t.sizes(), (std::vector<int64_t>{3, 24}));
  EXPECT_LT(largest(t.norm(2, 1) - 1), 1e-6);
  EXPECT_GT(largest(t[0] - t[2]), 1e-2);
}

TEST_P(PromptLearnerTest, FollowsToAnotherTypeAlsoInsideAModule) {
  const auto text = make();
  const torch::Tensor single = text->features();
  torch::nn::Module parent;
  parent.register_module("text", text);
  parent.to(torch::kFloat64);
  const torch::Tensor twice = text->features();
  EXPECT_EQ(twice.scalar_type(), torch::kFloat64);
  EXPECT_LT(largest(twice - single), 1e-5);
  EXPECT_EQ(state_of(parent).size(), 1u);
}

TEST_P(PromptLearnerTest, GradientIsThatOfDifferences) {
  const auto text = make();
  text->to(torch::kFloat64);
  const torch::Tensor weight = torch::linspace(-1, 1, 72, torch::kFloat64).reshape({3, 24});
  const auto loss = [&] { return (weight * text->features().square()).sum() + (weight.flip(0) * text->features()).sum(); };
  loss().backward();
  torch::Tensor prompts = text->parameters()[0];
  const torch::Tensor gradient = prompts.grad().flatten();
  const torch::NoGradGuard no_grad;
  const double step = 1e-5, scale = largest(gradient);
  EXPECT_GT(scale, 1e-4);
  for (int64_t i = 0; i < prompts.numel(); i += 13) {
    torch::Tensor entry = prompts.view({-1})[i];
    entry.add_(step);
    const double above = loss().item<double>();
    entry.sub_(2 * step);
    const double below = loss().item<double>();
    entry.add_(step);
    EXPECT_NEAR((above - below) / (2 * step), gradient[i].item<double>(), 1e-6 * scale) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(SharedAndClassSpecific, PromptLearnerTest, ::testing::Bool());

TEST(PromptLearner, KeepsItsPrecisionUnderAutocast) {
  PromptLearner text(random_clip_text_encoder(small(), 5), kPrompts, kClasses, {2, true}, 1);
  const torch::Tensor expected = text.features();
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const torch::Tensor got = text.features();
  at::autocast::set_autocast_enabled(at::kCPU, false);
  EXPECT_TRUE(torch::equal(got, expected));
}

}  // namespace tss::clip_text_encoder_test
