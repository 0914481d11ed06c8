// Dice on prepared cases while training, for the selection of a checkpoint and for the log.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/inference/sliding_window.h"
#include "textsemiseg/methods/method.h"

namespace tss {

struct ValidationScore {
  std::vector<double>
      dice;         // per foreground class, mean over cases; a class in neither prediction nor reference of a case is left out
  double mean = 0;  // over foreground classes
};

// Probabilities [K, X, Y, Z] of one prepared case, on the CPU.
torch::Tensor predict_case(Method& method, const CachedCase& one, int64_t channels, const WindowOptions& window,
                           torch::Device device);

// On the prepared grid, no post-processing. Leaves the method in evaluation mode.
ValidationScore validate(Method& method, const Dataset& dataset, const std::vector<std::string>& cases,
                         const WindowOptions& window, torch::Device device);

// "left atrium 0.842, right atrium 0.000 (!)": a class at zero is marked.
std::string describe(const ValidationScore& score, const std::vector<std::string>& class_names);

}  // namespace tss
