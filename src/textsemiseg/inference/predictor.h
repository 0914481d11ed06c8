// From a raw scan to classes on the scan's own grid: recipe, sliding window, network, and back.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "textsemiseg/data/recipe.h"
#include "textsemiseg/inference/postprocess.h"
#include "textsemiseg/inference/sliding_window.h"
#include "textsemiseg/methods/method.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

struct PredictorOptions {
  WindowOptions window;
  PostprocessOptions postprocess;
  bool probabilities = false;
  torch::Device device = torch::kCPU;
};

struct Prediction {
  LabelMap labels;                   // geometry of the scan, bit for bit
  std::vector<Image> probabilities;  // one per class, where asked for
  int64_t windows = 0;
};

class Predictor {
 public:
  // Moves the method to the device, puts it into evaluation mode and calls begin_prediction() once. Whoever goes on training it
  // afterwards calls train() again. The options are checked.
  Predictor(Recipe recipe, std::shared_ptr<Method> method, PredictorOptions options);

  // channels: one raw image per input channel, all on one grid (throws InputError otherwise).
  Prediction predict(const std::vector<Image>& channels) const;
  Prediction predict(const Image& raw) const { return predict(std::vector<Image>{raw}); }

  // An image that is prepared already, [C, X, Y, Z] or [X, Y, Z] float; classes on the same grid, post-processed.
  LabelMap predict_prepared(const torch::Tensor& image, const Geometry& grid) const;

 private:
  Prediction run(const torch::Tensor& image, const Geometry& prepared, const Geometry& target) const;

  Recipe recipe_;
  std::shared_ptr<Method> method_;
  PredictorOptions options_;
};

}  // namespace tss
