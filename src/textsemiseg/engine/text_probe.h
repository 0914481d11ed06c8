// Does text do anything? What happens to a trained method's predictions when its class texts are replaced. Why it may be nothing:
// docs/methods.md#what-text-can-do-here-and-what-it-cannot.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/inference/sliding_window.h"
#include "textsemiseg/methods/method.h"
#include "textsemiseg/statistics/estimate.h"

namespace tss {

// Other class texts to predict with.
struct TextReplacement {
  std::string name;     // "permuted"
  std::string what;     // "class k gets the text of class k + 1", one line for the reader
  torch::Tensor texts;  // [K, d]
};

// One case under one replacement. Logits are known up to a constant per voxel: what is compared is log p_k minus its mean over k.
struct TextChange {
  std::string id;
  double largest_logit = 0;  // largest change of a centred logit, and its mean
  double mean_logit = 0;
  int64_t decisions = 0;  // voxels that get another class
  int64_t voxels = 0;
  std::optional<double> dice;  // mean foreground Dice afterwards minus before; absent without a label
};

struct TextProbeRow {
  TextReplacement replacement;
  std::vector<TextChange> cases;
  Estimate dice;  // of the change over cases
  double largest_logit() const;
  double mean_logit() const;  // mean over cases
  double decided() const;     // share of voxels that get another class
};

struct TextProbe {
  std::vector<TextProbeRow> rows;
  std::vector<std::string> unavailable;  // replacements that could not be made here, each with its reason
};

// Without an encoder: "permuted" (class k gets the text of class k + 1), "others" (every class gets the text of class 1), "random"
// (unit vectors drawn from the seed), "blank" (zeros). texts: the method's own, [K, d].
std::vector<TextReplacement> plain_replacements(const torch::Tensor& texts, uint64_t seed);

// With the run's text source: "organs" (names of organs that no class has) and "nonsense" (letters without meaning), through the
// run's own prompts. What needs an encoder or table that is not at hand is listed in `unavailable` instead.
std::vector<TextReplacement> worded_replacements(const LoadedRun& run, std::vector<std::string>& unavailable);

// On the prepared grids. The method is left in evaluation mode with its own texts; it must have class texts.
TextProbe probe_texts(Method& method, const Dataset& dataset, const std::vector<std::string>& cases,
                      const std::vector<TextReplacement>& replacements, const WindowOptions& window, torch::Device device);

// {"cases": [...], "rows": [{"name", "what", "largest_logit", "mean_logit", "decisions_share", "dice": {"mean", "low", "high"}}], ...}
Json to_json(const TextProbe& probe);
// For people, a line per replacement.
std::string describe(const TextProbe& probe);

}  // namespace tss
