// From a raw scan to classes on the scan's own grid: recipe, sliding window, network, and back; with one network or the mean of
// several.
#pragma once

#include <torch/torch.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "textsemiseg/inference/postprocess.h"
#include "textsemiseg/inference/sliding_window.h"
#include "textsemiseg/methods/method.h"
#include "textsemiseg/recipe/recipe.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

struct PredictorOptions {
  WindowOptions window;  // of a single member; several bring their own
  PostprocessOptions postprocess;
  std::vector<int64_t>
      mirror;         // axes of the prepared grid over whose mirror images probabilities are averaged (inference/mirror.h)
  bool bf16 = false;  // convolutions in bfloat16
  bool probabilities = false;
  torch::Device device = torch::kCPU;
  std::function<void(int64_t done, int64_t windows)> progress;  // after each call of a network, over all members
  // What a member's network is about to see, [C, X, Y, Z]; crop_fell_back as in Prediction.
  std::function<void(size_t member, const torch::Tensor& image, bool crop_fell_back)> prepared;
};

// A trained network and what its scans go through.
struct PredictorMember {
  Recipe recipe;
  std::shared_ptr<Method> method;
  WindowOptions window;
};

struct Prediction {
  LabelMap labels;                   // geometry of the scan, bit for bit
  std::vector<Image> probabilities;  // one per class, where asked for
  int64_t windows = 0;               // over all members
  bool crop_fell_back = false;       // a recipe crops around the label, which a scan to predict does not have
};

class Predictor {
 public:
  // Moves the methods to the device, puts them into evaluation mode and calls begin_prediction() once. Whoever goes on training
  // one afterwards calls train() again. The options are checked.
  Predictor(Recipe recipe, std::shared_ptr<Method> method, PredictorOptions options);
  // The mean of the members' probabilities, taken on the scan's grid; each prepares the scan by its own recipe. They must have the
  // same classes. Memory: the prepared scans, and planes of about one patch per member.
  Predictor(std::vector<PredictorMember> members, PredictorOptions options);

  // channels: one raw image per input channel, all on one grid (throws InputError otherwise).
  Prediction predict(const std::vector<Image>& channels) const;
  Prediction predict(const Image& raw) const { return predict(std::vector<Image>{raw}); }

  // An image that is prepared already, [C, X, Y, Z] or [X, Y, Z] float; classes on the same grid, post-processed. For one member.
  LabelMap predict_prepared(const torch::Tensor& image, const Geometry& grid) const;

 private:
  struct Prepared {
    torch::Tensor image;  // [C, X, Y, Z]
    Geometry grid;
    CaseArrays sides;  // its arrays left out: where the recipe's crops cut
  };
  Prepared prepare(const Recipe& recipe, const std::vector<Image>& channels) const;
  // scans: one per member.
  Prediction run(const std::vector<Prepared>& scans, const Geometry& target) const;
  WindowFunction function_of(const PredictorMember& member) const;

  std::shared_ptr<std::atomic<bool>> warned_ = std::make_shared<std::atomic<bool>>(false);
  std::vector<PredictorMember> members_;
  PredictorOptions options_;
};

}  // namespace tss
