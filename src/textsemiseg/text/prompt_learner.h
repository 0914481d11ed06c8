// Eq. 1 of Text-SemiSeg: t_k = CLIP([V_1] ... [V_M] [class k].), with learnable vectors V and a frozen text encoder.
// Context optimisation as in Zhou et al., "Learning to prompt for vision-language models", IJCV 2022, class name at the end.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/text/clip_text_encoder.h"
#include "textsemiseg/text/clip_tokenizer.h"
#include "textsemiseg/text/text_source.h"

namespace tss {

struct PromptOptions {
  int64_t length = 4;          // M, number of learnable vectors
  bool class_specific = true;  // every class has its own M vectors
};

// Token ids start, M placeholders, name, ".", end of each class; an underscore in a name counts as a blank.
std::vector<std::vector<int64_t>> learnable_prompts(const ClipTokenizer& tokenizer, const std::vector<std::string>& class_names,
                                                    int64_t length);

class PromptLearner : public TextSource {
 public:
  // prompts: as above, in the order of `classes`. Parameter "prompt_vectors": [K, M, width], or [M, width] when shared,
  // N(0, 0.02^2) from the seed.
  PromptLearner(std::shared_ptr<ClipTextEncoder> encoder, const std::vector<std::vector<int64_t>>& prompts,
                std::vector<ClassText> classes, const PromptOptions& options, uint64_t seed);

  torch::Tensor features() override;
  int64_t dimension() const override { return encoder_->config().embed; }
  std::vector<ClassText> classes() const override { return classes_; }
  std::string encoder_hash() const override { return hash_; }

 protected:
  void move_frozen(const torch::TensorOptions& target) override;

 private:
  std::shared_ptr<ClipTextEncoder> encoder_;  // not registered: frozen
  std::vector<ClassText> classes_;
  PromptOptions options_;
  std::string hash_;
  torch::Tensor embedded_;  // [K, L, width] token embeddings, placeholders included
  torch::Tensor end_;       // [K]
  torch::Tensor prompt_vectors_;
};

}  // namespace tss
