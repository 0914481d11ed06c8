// Where the features of the class names come from: one interface for encoders, tables and learned vectors.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

namespace tss {

// What every list and result says about a class's text.
struct ClassText {
  std::string name;    // of the class
  std::string source;  // e.g. "CLIP ViT-B/32 (random weights)", "table organs.pth, row 3 'Pancreas'", "learned unit vector"
  std::vector<std::string> texts = {};  // what was read in place of the name; empty: the name itself
  bool learned = false;                 // no word enters the vector
};

// named_parameters() holds what is trained (prompts, residuals) and nothing else; what is frozen (an encoder, a table) follows
// to(device) and to(dtype) but is no part of the module's state, so that no checkpoint carries it.
class TextSource : public torch::nn::Module {
 public:
  // [K, d], rows L2-normalised, differentiable with respect to this module's trainable parameters. Class 0 is the background.
  virtual torch::Tensor features() = 0;
  virtual int64_t dimension() const = 0;
  virtual std::vector<ClassText> classes() const = 0;
  // Hash of the frozen part (weights of the encoder, rows of the table); empty where there is none.
  virtual std::string encoder_hash() const { return ""; }

  void to(torch::Device device, torch::Dtype dtype, bool non_blocking = false) override;
  void to(torch::Dtype dtype, bool non_blocking = false) override;
  void to(torch::Device device, bool non_blocking = false) override;

 protected:
  // Moves the frozen part to what `target` names (device, dtype or both).
  virtual void move_frozen(const torch::TensorOptions& /*target*/) {}
};

// Given features, for prediction from a checkpoint without its encoder and for tests.
class FixedText : public TextSource {
 public:
  // features: [K, d], normalised here; trainable: they are the parameter "features".
  FixedText(const torch::Tensor& features, std::vector<ClassText> classes, bool trainable = false);

  torch::Tensor features() override;
  int64_t dimension() const override { return features_.size(1); }
  std::vector<ClassText> classes() const override { return classes_; }

 protected:
  void move_frozen(const torch::TensorOptions& target) override;

 private:
  torch::Tensor features_;
  std::vector<ClassText> classes_;
  bool trainable_;
};

}  // namespace tss
