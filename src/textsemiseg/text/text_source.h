// Where the features of the class names come from: one interface for encoders, tables and learned vectors.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

namespace tss {

// What every list and result says about a class's text.
struct ClassText {
  std::string name;    // class name, the prompt
  std::string source;  // e.g. "CLIP ViT-B/32 (random weights)", "table clip_vitb32_..., row 'Pancreas'", "learned unit vector"
};

class TextSource : public torch::nn::Module {
 public:
  // [K, d], rows L2-normalised, differentiable with respect to this module's trainable parameters. Class 0 is the background.
  virtual torch::Tensor features() = 0;
  virtual int64_t dimension() const = 0;
  virtual std::vector<ClassText> classes() const = 0;
};

}  // namespace tss
