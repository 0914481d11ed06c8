#include "textsemiseg/text/prompt_learner.h"

#include <algorithm>
#include <utility>

#include "textsemiseg/text/drawn.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {
namespace F = torch::nn::functional;

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

PromptLearner::PromptLearner(std::shared_ptr<ClipTextEncoder> encoder, const std::vector<std::vector<int64_t>>& prompts,
                             std::vector<ClassText> classes, const PromptOptions& options, uint64_t seed)
    : encoder_(std::move(encoder)), classes_(std::move(classes)), options_(options), hash_(hash_of(state_of(*encoder_))) {
  TORCH_CHECK(prompts.size() == classes_.size(), prompts.size(), " prompts for ", classes_.size(), " classes");
  for (const auto& prompt : prompts) {
    TORCH_CHECK(static_cast<int64_t>(prompt.size()) >= options.length + 2, "a prompt of ", prompt.size(), " tokens cannot hold ",
                options.length, " learnable vectors");
  }
  const TokenRows rows = token_rows(prompts);
  embedded_ = encoder_->embed_tokens(rows.ids);
  end_ = rows.end;
  const int64_t k = options.class_specific ? rows.ids.size(0) : 1, width = encoder_->config().width;
  const torch::Tensor drawn = drawn_normal(k, options.length * width, 0.02, seed, kPromptNumbers);
  prompt_vectors_ = register_parameter("prompt_vectors", (options.class_specific ? drawn.view({k, options.length, width})
                                                                                 : drawn.view({options.length, width}))
                                                             .to(embedded_.options()));
}

torch::Tensor PromptLearner::features() {
  const int64_t k = embedded_.size(0), m = options_.length, tail = embedded_.size(1) - 1 - m;
  const torch::Tensor vectors = prompt_vectors_.expand({k, m, -1});
  const torch::Tensor prompts = torch::cat({embedded_.narrow(1, 0, 1), vectors, embedded_.narrow(1, 1 + m, tail)}, 1);
  return F::normalize(encoder_->forward(prompts, end_), F::NormalizeFuncOptions().dim(1));
}

void PromptLearner::move_frozen(const torch::TensorOptions& target) {
  if (target.has_device()) encoder_->to(target.device());
  if (target.has_dtype()) encoder_->to(torch::typeMetaToScalarType(target.dtype()));
  embedded_ = embedded_.to(target);
  if (target.has_device()) end_ = end_.to(target.device());
}

}  // namespace tss
