// Eq. 1 of Text-SemiSeg: t_k = encoder([V_1] ... [V_M] [text of class k]), with learnable vectors V and a frozen text encoder.
// Context optimisation as in Zhou et al., "Learning to prompt for vision-language models", IJCV 2022, class name at the end.
//
// A class may have several texts s (synonyms, descriptions): their unit features f_s are combined to t_k, of unit length again, by their
// mean, or by attention: sum of softmax_s(q_k . f_s / sqrt(d)) f_s with a learnable query q_k that starts at 0, as the mean.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/text/clip_text_encoder.h"
#include "textsemiseg/text/clip_tokenizer.h"
#include "textsemiseg/text/text_encoder.h"
#include "textsemiseg/text/text_source.h"

namespace tss {

struct PromptOptions {
  int64_t length = 4;            // M, number of learnable vectors; 0: the texts alone
  bool class_specific = true;    // every class has its own M vectors
  std::string combine = "mean";  // of a class's several texts: "mean" | "attend"
};

// Token ids start, M placeholders, name, ".", end of each class for CLIP; an underscore in a name counts as a blank.
std::vector<std::vector<int64_t>> learnable_prompts(const ClipTokenizer& tokenizer, const std::vector<std::string>& class_names,
                                                    int64_t length);

// Parameters: "prompt_vectors" [K, M, width], or [M, width] when shared, N(0, 0.02^2) from the seed, where M > 0; "sentence_queries" [K, d]
// where texts are attended and a class has several. With neither, features are computed once.
class PromptLearner : public TextSource {
 public:
  // texts: one or more of each class, names or sentences (class_prompt makes them prompts), in the order of `classes`.
  PromptLearner(std::shared_ptr<TextEncoder> encoder, const std::vector<std::vector<std::string>>& texts,
                std::vector<ClassText> classes, const PromptOptions& options, uint64_t seed);
  // prompts: one token row of each class, start, M placeholders and end included.
  PromptLearner(std::shared_ptr<TextEncoder> encoder, const std::vector<std::vector<int64_t>>& prompts,
                std::vector<ClassText> classes, const PromptOptions& options, uint64_t seed);

  torch::Tensor features() override;
  int64_t dimension() const override { return encoder_->dimension(); }
  std::vector<ClassText> classes() const override { return classes_; }
  std::string encoder_hash() const override { return hash_; }
  const std::shared_ptr<TextEncoder>& encoder() const { return encoder_; }

 protected:
  void move_frozen(const torch::TensorOptions& target) override;

 private:
  struct Prompts {
    std::vector<std::vector<int64_t>> rows;
    std::vector<int64_t> owner;  // class of each row
  };
  static Prompts prompts_of(const TextEncoder& encoder, const std::vector<std::vector<std::string>>& texts, int64_t length);
  static Prompts one_each(const std::vector<std::vector<int64_t>>& rows);
  PromptLearner(std::shared_ptr<TextEncoder> encoder, const Prompts& prompts, std::vector<ClassText> classes,
                const PromptOptions& options, uint64_t seed);
  torch::Tensor sentence_features();  // [R, d], unit rows

  std::shared_ptr<TextEncoder> encoder_;  // not registered: frozen
  std::vector<ClassText> classes_;
  PromptOptions options_;
  std::string hash_;
  torch::Tensor embedded_;  // [R, L, width] token embeddings, placeholders included
  torch::Tensor end_;       // [R] on the CPU
  torch::Tensor owner_;     // [R], undefined when every class has one text
  torch::Tensor member_;    // [K, R] bool, whether a row is the class's
  torch::Tensor prompt_vectors_, sentence_queries_;
  torch::Tensor start_states_, fixed_;  // made when first needed
};

}  // namespace tss
