// Does text do anything? How much a trained method's prediction on one case changes when its class texts are replaced.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>

#include "textsemiseg/data/dataset.h"
#include "textsemiseg/inference/sliding_window.h"
#include "textsemiseg/methods/method.h"

namespace tss {

struct TextChange {
  double probability = 0;  // largest change of a probability
  int64_t decisions = 0;   // voxels that get another class
};

struct TextEffect {
  TextChange replaced;  // by unit vectors drawn from the seed
  TextChange permuted;  // class k gets the text of class k + 1; exactly 0 where attention sums over the set of texts (methods.md 16.5)
  int64_t voxels = 0;
};

// On the prepared grid of one case. The method is left in evaluation mode with its own texts. The method must have class texts.
TextEffect measure_text_effect(Method& method, const Dataset& dataset, const std::string& id, const WindowOptions& window,
                               torch::Device device, uint64_t seed);

}  // namespace tss
