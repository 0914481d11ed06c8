// Tokens, prompt rows, text transformer and prompt learner (Eq. 1).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "golden_check/golden.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/text/clip_tokenizer.h"
#include "textsemiseg/text/clip_vocabulary.h"
#include "textsemiseg/text/prompt_learner.h"
#include "textsemiseg/weights/module_state.h"

namespace golden {
namespace {

using Ids = std::vector<int64_t>;

const tss::ClipTokenizer* find_tokenizer() {
  static const auto tokenizer = []() -> std::optional<tss::ClipTokenizer> {
    const auto path = tss::find_clip_vocabulary({}, {});
    return path ? std::make_optional<tss::ClipTokenizer>(*path) : std::nullopt;
  }();
  return tokenizer ? &*tokenizer : nullptr;
}

// Prompts of a file's networks. With a vocabulary they are tokenized; without one they come from the file's own ids, as far as
// these reach.
class Prompts {
 public:
  explicit Prompts(const Json& file) {
    for (const Json& item : file.at("cases")) {
      if (item.contains("tokens")) tokens_[item.at("text")] = item.at("tokens").get<Ids>();
      if (!item.contains("token_rows")) continue;
      for (size_t k = 0; k < item.at("class_names").size(); ++k) {
        Ids row = item.at("token_rows")[k].get<Ids>();
        row.resize(static_cast<size_t>(item.at("end_positions")[k].get<int64_t>()) + 1);
        rows_[item.at("class_names")[k]] = row;
      }
    }
  }

  // start, `length` placeholders, name, ".", end
  std::optional<Ids> learnable(const std::string& name, int64_t length) const {
    if (find_tokenizer() != nullptr) return tss::learnable_prompts(*find_tokenizer(), {name}, length)[0];
    const auto row = rows_.find(name);
    return row != rows_.end() && length == kGivenLength ? std::optional(row->second) : std::nullopt;
  }

  std::optional<Ids> plain(std::string text, const std::string& name) const {
    if (text != "A pixel of a {name}." || find_tokenizer() != nullptr) {
      if (find_tokenizer() == nullptr) return std::nullopt;
      return find_tokenizer()->prompt(text.replace(text.find("{name}"), 6, name));
    }
    const auto words = tokens_.find("A pixel of a Background.");
    const auto row = rows_.find(name);
    if (words == tokens_.end() || row == rows_.end()) return std::nullopt;
    Ids out = {tss::ClipTokenizer::kStart};
    out.insert(out.end(), words->second.begin(), words->second.begin() + 4);
    out.insert(out.end(), row->second.begin() + 1 + kGivenLength, row->second.end());
    return out;
  }

 private:
  static constexpr int64_t kGivenLength = 4;
  std::map<std::string, Ids> tokens_, rows_;
};

void compare_ids(Checker& check, const std::string& name, const Ids& got, const Ids& expected) {
  check.exact(name + " length", static_cast<int64_t>(got.size()), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < std::min(got.size(), expected.size()); ++i) check.exact(name, got[i], expected[i]);
}

// These return false, before anything is compared, when they need a vocabulary and there is none.
bool check_tokens(const Json& item, Checker& check) {
  if (find_tokenizer() == nullptr) return false;
  check.begin_case(item.at("id"));
  compare_ids(check, "tokens", find_tokenizer()->encode(item.at("text").get<std::string>()), item.at("tokens").get<Ids>());
  return true;
}

bool check_prompt_rows(const Json& item, const Prompts& given, Checker& check) {
  std::vector<Ids> prompts;
  for (const Json& name : item.at("class_names")) {
    const auto ids = given.learnable(name, item.at("context_vectors_per_class"));
    if (!ids) return false;
    prompts.push_back(*ids);
  }
  check.begin_case(item.at("id"));
  const auto expected = item.at("token_rows");
  const tss::TokenRows rows = tss::token_rows(prompts, static_cast<int64_t>(expected[0].size()));
  for (int64_t k = 0; k < rows.ids.size(0); ++k) {
    const int64_t* row = rows.ids[k].data_ptr<int64_t>();
    compare_ids(check, "prompt rows", {row, row + rows.ids.size(1)}, expected[static_cast<size_t>(k)].get<Ids>());
    check.exact("end positions", rows.end[k].item<int64_t>(), item.at("end_positions")[static_cast<size_t>(k)]);
  }
  return true;
}

std::shared_ptr<tss::ClipTextEncoder> formula_encoder(const Json& item, torch::Dtype dtype) {
  const Json& field = item.at("config");
  const auto encoder = std::make_shared<tss::ClipTextEncoder>(tss::ClipTextConfig{
      field.at("context"), field.at("vocabulary"), field.at("embed"), field.at("width"), field.at("heads"), field.at("layers")});
  encoder->to(dtype);
  tss::TensorMap weights;
  for (const Json& entry : item.at("parameters")) {
    if (entry[1] == "logit_scale") continue;  // listed, and part of no feature
    weights[entry[1]] = weight(entry[0], entry[2].get<std::vector<int64_t>>(), entry[3]);
  }
  tss::load_into(*encoder, weights, item.at("id"));
  return encoder;
}

bool check_network(const Json& item, const Prompts& given, Checker& check) {
  const Json& vectors = item.at("prompt_vectors");
  const auto shape = vectors.at("shape").get<std::vector<int64_t>>();  // [K, M, width]
  std::vector<Ids> prompts, plain;
  std::vector<tss::ClassText> classes;
  for (const std::string name : item.at("class_names")) {
    const auto learnable = given.learnable(name, shape[1]);
    const auto words = given.plain(item.at("plain_prompt_features").at("template"), name);
    if (!learnable || !words) return false;
    prompts.push_back(*learnable);
    plain.push_back(*words);
    classes.push_back({name, ""});
  }
  check.begin_case(item.at("id"));
  const auto encoder = formula_encoder(item, check.dtype());
  {
    const torch::NoGradGuard no_grad;
    check.tensor("plain prompt features", encoder->encode(tss::token_rows(plain)), item.at("plain_prompt_features").at("values"),
                 Kind::kOutput);
  }
  tss::PromptLearner learner(encoder, prompts, classes, {shape[1], true}, 0);
  torch::Tensor parameter = learner.named_parameters()["prompt_vectors"];
  {
    const torch::NoGradGuard no_grad;
    parameter.copy_(noise(vectors.at("seed"), shape, 0.02 * std::sqrt(3.0)));
  }
  const torch::Tensor t = learner.features();
  torch::Tensor w = torch::empty({t.numel()}, torch::kFloat64);
  for (int64_t j = 0; j < t.numel(); ++j) w[j] = 1 + 0.5 * u(31337, static_cast<uint64_t>(j));
  const torch::Tensor loss = (w.view_as(t).to(check.dtype()) * t.square()).mean();
  loss.backward();
  check.tensor("text features", t, item.at("text_features"), Kind::kOutput);
  check.number("loss", loss.item<double>(), item.at("loss"), Kind::kLoss);
  check.tensor("gradient of the prompt vectors", parameter.grad(), item.at("gradient_prompt_vectors"), Kind::kGradient);
  return true;
}

}  // namespace

void check_text_encoder(const Json& file, Checker& check) {
  const Prompts given(file);
  std::string skipped;
  for (const Json& item : file.at("cases")) {
    const std::string id = item.at("id");
    bool done = true;
    if (item.contains("tokens"))
      done = check_tokens(item, check);
    else if (item.contains("token_rows"))
      done = check_prompt_rows(item, given, check);
    else
      done = check_network(item, given, check);
    if (!done) skipped += " " + id;
  }
  if (!skipped.empty()) std::printf("skipped: no vocabulary of CLIP was found (docs/text.md):%s\n", skipped.c_str());
}

}  // namespace golden
