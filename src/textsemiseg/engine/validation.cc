#include "textsemiseg/engine/validation.h"

#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/metrics/overlap.h"

namespace tss {

torch::Tensor predict_case(Method& method, const CachedCase& one, int64_t channels, const WindowOptions& window,
                           torch::Device device) {
  const Size3& size = one.geometry.size;
  // The map is read-only and outlives the tensor.
  const torch::Tensor image =
      torch::from_blob(const_cast<float*>(one.image.data<float>()), {channels, size[0], size[1], size[2]}, torch::kFloat32);
  return sliding_window(image, window, [&](const torch::Tensor& x) { return method.predict(x); }, device);
}

ValidationScore validate(Method& method, const Dataset& dataset, const std::vector<std::string>& cases,
                         const WindowOptions& window, torch::Device device) {
  torch::NoGradGuard no_grad;
  method.eval();
  method.begin_prediction();
  const auto classes = static_cast<size_t>(dataset.classes());
  std::vector<double> sum(classes, 0.0);
  std::vector<int64_t> counted(classes, 0);
  for (const auto& id : cases) {
    const CachedCase one = dataset.load(id);
    if (!one.label) throw InputError("validation case " + id, "has no label", "a case with a label");
    const torch::Tensor labels =
        predict_case(method, one, dataset.channels(), window, device).argmax(0).to(torch::kUInt8).contiguous();
    const auto counts = count_classes(labels.data_ptr<uint8_t>(), one.label->data<uint8_t>(), one.geometry.size);
    for (size_t c = 1; c < classes; ++c) {
      const double value = dice(counts[c]);
      if (std::isnan(value) || !dataset.groups(id).tells_apart(static_cast<int64_t>(c))) continue;
      sum[c] += value;
      ++counted[c];
    }
  }
  ValidationScore score;
  for (size_t c = 1; c < classes; ++c) {
    score.dice.push_back(counted[c] > 0 ? sum[c] / static_cast<double>(counted[c]) : 0.0);
    score.mean += score.dice.back() / static_cast<double>(classes - 1);
  }
  return score;
}

std::string describe(const ValidationScore& score, const std::vector<std::string>& class_names) {
  std::vector<std::string> parts;
  for (size_t c = 0; c < score.dice.size(); ++c)
    parts.push_back(class_names[c + 1] + " " + fixed(score.dice[c], 3) + (score.dice[c] < 0.005 ? " (!)" : ""));
  return join(parts, ", ");
}

}  // namespace tss
