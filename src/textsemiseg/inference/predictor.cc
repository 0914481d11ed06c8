#include "textsemiseg/inference/predictor.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/inference/slab_argmax.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {

Predictor::Predictor(Recipe recipe, std::shared_ptr<Method> method, PredictorOptions options)
    : recipe_(std::move(recipe)), method_(std::move(method)), options_(std::move(options)) {
  options_.window.check();
  options_.postprocess.check();
  torch::NoGradGuard no_grad;
  method_->to(options_.device);
  method_->eval();
  method_->begin_prediction();
}

Prediction Predictor::run(const torch::Tensor& image, const Geometry& prepared, const Geometry& target) const {
  SlabArgmax result(prepared, target, options_.probabilities);
  Prediction out;
  out.windows = sliding_window_slabs(
      image, options_.window, [&](const torch::Tensor& windows) { return method_->predict(windows); }, options_.device,
      [&](int64_t x, const torch::Tensor& probabilities) { result.take(x, probabilities); });
  out.labels = std::move(result).labels();
  out.probabilities = std::move(result).probabilities();
  return out;
}

Prediction Predictor::predict(const std::vector<Image>& channels) const {
  if (channels.empty()) throw Error("prediction needs at least one channel");
  const Geometry& scan = channels.front().geometry;
  Geometry prepared;
  torch::Tensor image;
  for (size_t c = 0; c < channels.size(); ++c) {
    const std::string difference = grid_difference(channels[c].geometry, scan);
    if (!difference.empty()) throw InputError(concat("channel ", c), difference, "the grid of channel 0");
    const Image channel = apply_recipe(recipe_, channels[c]);
    if (c == 0) {
      prepared = channel.geometry;
      image = torch::empty({static_cast<int64_t>(channels.size()), prepared.size[0], prepared.size[1], prepared.size[2]});
    }
    std::copy(channel.voxels.begin(), channel.voxels.end(), image[static_cast<int64_t>(c)].data_ptr<float>());
  }
  // Recipes bring scans to the array axes nearest to RAS: interpolation happens along those axes, the rest is permuting.
  Prediction out = run(image, prepared, map_to_ras(scan).apply(scan));
  out.labels = onto_axes_of(out.labels, scan);
  for (Image& p : out.probabilities) p = onto_axes_of(p, scan);
  postprocess(out.labels, options_.postprocess);
  return out;
}

LabelMap Predictor::predict_prepared(const torch::Tensor& image, const Geometry& grid) const {
  LabelMap labels = run(image.dim() == 3 ? image.unsqueeze(0) : image, grid, grid).labels;
  postprocess(labels, options_.postprocess);
  return labels;
}

}  // namespace tss
