// One vector per class: a row of a table of text embeddings, or drawn from the seed where the table has none; refined by
// learning. t_k = normalise(b_k + r_k), b_k the unit row, r_k a residual that starts at 0.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/text/text_source.h"

namespace tss {

class VectorText : public TextSource {
 public:
  // base: [K, d]; its rows are normalised here, so that a residual means the same for embeddings of any norm.
  // hash: of the table, empty without one.
  VectorText(const torch::Tensor& base, std::vector<ClassText> classes, std::string hash);

  torch::Tensor features() override;
  int64_t dimension() const override { return base_.size(1); }
  std::vector<ClassText> classes() const override { return classes_; }
  std::string encoder_hash() const override { return hash_; }

 protected:
  void move_frozen(const torch::TensorOptions& target) override;

 private:
  torch::Tensor base_;      // [K, d], not registered: the table itself is given again by whoever resumes
  torch::Tensor residual_;  // [K, d], parameter "residual"
  std::vector<ClassText> classes_;
  std::string hash_;
};

// Every class a unit vector drawn from the seed.
std::shared_ptr<VectorText> learned_text(const std::vector<std::string>& class_names, int64_t dimension, uint64_t seed);

// Rows of a table (table_prompts.h says which class gets which), the others drawn from the seed. A class with several texts gets
// the normalised mean of the unit rows that are found for them.
// Throws InputError as read_text_table (text_table.h).
std::shared_ptr<VectorText> table_text(const std::filesystem::path& table, const std::filesystem::path& prompts,
                                       const std::vector<std::string>& class_names,
                                       const std::vector<std::vector<std::string>>& class_texts, uint64_t seed);

}  // namespace tss
