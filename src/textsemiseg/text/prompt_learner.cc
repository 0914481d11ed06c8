#include "textsemiseg/text/prompt_learner.h"

#include <c10/core/impl/LocalDispatchKeySet.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "textsemiseg/text/drawn.h"
#include "textsemiseg/text/unit_rows.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {

std::vector<std::vector<int64_t>> learnable_prompts(const ClipTokenizer& tokenizer, const std::vector<std::string>& class_names,
                                                    int64_t length) {
  std::string placeholders;
  for (int64_t i = 0; i < length; ++i) placeholders += "x ";
  std::vector<std::vector<int64_t>> out;
  for (std::string name : class_names) {
    std::replace(name.begin(), name.end(), '_', ' ');
    out.push_back(tokenizer.prompt(placeholders + name + "."));
  }
  return out;
}

PromptLearner::Prompts PromptLearner::prompts_of(const TextEncoder& encoder, const std::vector<std::vector<std::string>>& texts,
                                                 int64_t length) {
  Prompts out;
  for (size_t k = 0; k < texts.size(); ++k) {
    TORCH_CHECK(!texts[k].empty(), "class ", k, " has no text");
    for (const std::string& text : texts[k]) {
      out.rows.push_back(encoder.prompt(class_prompt(encoder, text), length));
      out.owner.push_back(static_cast<int64_t>(k));
    }
  }
  return out;
}

PromptLearner::Prompts PromptLearner::one_each(const std::vector<std::vector<int64_t>>& rows) {
  Prompts out{rows, std::vector<int64_t>(rows.size())};
  std::iota(out.owner.begin(), out.owner.end(), 0);
  return out;
}

PromptLearner::PromptLearner(std::shared_ptr<TextEncoder> encoder, const std::vector<std::vector<std::string>>& texts,
                             std::vector<ClassText> classes, const PromptOptions& options, uint64_t seed)
    : PromptLearner(encoder, prompts_of(*encoder, texts, options.length), std::move(classes), options, seed) {}

PromptLearner::PromptLearner(std::shared_ptr<TextEncoder> encoder, const std::vector<std::vector<int64_t>>& prompts,
                             std::vector<ClassText> classes, const PromptOptions& options, uint64_t seed)
    : PromptLearner(encoder, one_each(prompts), std::move(classes), options, seed) {}

PromptLearner::PromptLearner(std::shared_ptr<TextEncoder> encoder, const Prompts& prompts, std::vector<ClassText> classes,
                             const PromptOptions& options, uint64_t seed)
    : encoder_(std::move(encoder)), classes_(std::move(classes)), options_(options), hash_(hash_of(state_of(*encoder_))) {
  const auto k = static_cast<int64_t>(classes_.size()), rows = static_cast<int64_t>(prompts.rows.size());
  TORCH_CHECK(rows > 0 && prompts.owner.back() == k - 1, "texts of ", rows == 0 ? 0 : prompts.owner.back() + 1, " classes for ",
              k);
  TORCH_CHECK(options.length >= 0, options.length, " learnable vectors");
  TORCH_CHECK(options.combine == "mean" || options.combine == "attend", "texts combined by '", options.combine, "'");
  for (const auto& prompt : prompts.rows) {
    TORCH_CHECK(static_cast<int64_t>(prompt.size()) >= options.length + 2, "a prompt of ", prompt.size(), " tokens cannot hold ",
                options.length, " learnable vectors");
  }
  const TokenRows ids = token_rows(prompts.rows);
  embedded_ = encoder_->embed_tokens(ids.ids);
  end_ = ids.end;
  if (rows > k) {
    owner_ = torch::tensor(prompts.owner, torch::kInt64);
    member_ = owner_.unsqueeze(0) == torch::arange(k).unsqueeze(1);
    owner_ = owner_.to(embedded_.device());
    member_ = member_.to(embedded_.device());
    if (options.combine == "attend") {
      sentence_queries_ = register_parameter("sentence_queries", torch::zeros({k, dimension()}, embedded_.options()));
    }
  }
  if (options.length == 0) return;
  const int64_t own = options.class_specific ? k : 1, width = encoder_->width();
  const torch::Tensor drawn = drawn_normal(own, options.length * width, 0.02, seed, kPromptNumbers);
  prompt_vectors_ = register_parameter(
      "prompt_vectors", (options.class_specific ? drawn.view({k, options.length, width}) : drawn.view({options.length, width}))
                            .to(embedded_.options()));
}

torch::Tensor PromptLearner::sentence_features() {
  const int64_t rows = embedded_.size(0), m = options_.length, tail = embedded_.size(1) - 1 - m;
  if (m == 0) {
    const torch::NoGradGuard no_grad;
    if (!fixed_.defined()) fixed_ = unit_rows(encoder_->forward(embedded_, end_));
    return fixed_;
  }
  const bool spread = options_.class_specific && owner_.defined();
  const torch::Tensor vectors = (spread ? prompt_vectors_.index_select(0, owner_) : prompt_vectors_).expand({rows, m, -1});
  const torch::Tensor names = embedded_.narrow(1, 1 + m, tail);
  if (!start_states_.defined()) start_states_ = encoder_->start_states(embedded_[0][0]);
  if (start_states_.defined()) return unit_rows(encoder_->forward_after(start_states_, torch::cat({vectors, names}, 1), end_));
  return unit_rows(encoder_->forward(torch::cat({embedded_.narrow(1, 0, 1), vectors, names}, 1), end_));
}

torch::Tensor PromptLearner::features() {
  const c10::impl::ExcludeDispatchKeyGuard own_precision(c10::autocast_dispatch_keyset);
  const torch::Tensor sentences = sentence_features();
  if (!owner_.defined()) return sentences;
  torch::Tensor scores = torch::zeros(member_.sizes(), sentences.options());
  if (sentence_queries_.defined()) scores = sentence_queries_.matmul(sentences.t()) / std::sqrt(static_cast<double>(dimension()));
  return unit_rows(torch::softmax(scores.masked_fill(~member_, -INFINITY), 1).matmul(sentences));
}

void PromptLearner::move_frozen(const torch::TensorOptions& target) {
  encoder_->move(target);
  embedded_ = embedded_.to(target);
  if (target.has_device() && owner_.defined()) {
    owner_ = owner_.to(target.device());
    member_ = member_.to(target.device());
  }
  start_states_ = fixed_ = torch::Tensor();
}

}  // namespace tss
