#include "textsemiseg/inference/predictor.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/inference/cut_planes.h"
#include "textsemiseg/inference/mirror.h"
#include "textsemiseg/inference/plane_argmax.h"
#include "textsemiseg/inference/plane_mean.h"
#include "textsemiseg/methods/precision.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {

Predictor::Predictor(Recipe recipe, std::shared_ptr<Method> method, PredictorOptions options)
    : Predictor(std::vector<PredictorMember>{{std::move(recipe), std::move(method), options.window}}, options) {}

Predictor::Predictor(std::vector<PredictorMember> members, PredictorOptions options)
    : members_(std::move(members)), options_(std::move(options)) {
  if (members_.empty()) throw Error("prediction needs at least one network");
  options_.postprocess.check();
  torch::NoGradGuard no_grad;
  for (const PredictorMember& member : members_) {
    if (member.recipe.reorients() != members_.front().recipe.reorients())
      throw InputError("recipe", "some networks take scans as stored, others in RAS order", "one way for all of them");
    member.window.check();
    member.method->to(options_.device);
    member.method->eval();
    member.method->begin_prediction();
  }
}

WindowFunction Predictor::function_of(const PredictorMember& member) const {
  return mirrored(
      [method = member.method, this](const torch::Tensor& windows) {
        const PrecisionScope precision(options_.bf16, options_.device.type());
        return method->predict(windows);
      },
      options_.mirror);
}

Prediction Predictor::run(const std::vector<Prepared>& scans, const Geometry& target) const {
  PlaneArgmax result(target, options_.probabilities);
  PlaneMean mean(static_cast<int64_t>(scans.size()), [&](int64_t x, const torch::Tensor& plane) { result.take(x, plane); });
  struct Runner {
    WindowStream stream;
    PlaneResampler onto_scan;
    CutPlanes cut;
  };
  std::vector<Runner> runners;
  Prediction out;
  for (size_t m = 0; m < scans.size(); ++m) {
    runners.push_back({WindowStream(scans[m].image, members_[m].window, function_of(members_[m]), options_.device),
                       PlaneResampler(scans[m].grid, target), CutPlanes(scans[m].sides, target)});
    out.windows += runners.back().stream.windows();
  }
  // The one that is furthest behind goes on, so that few planes wait for the others.
  for (int64_t done = 0; done < out.windows;) {
    Runner* last = nullptr;
    for (Runner& runner : runners) {
      if (runner.stream.windows_done() == runner.stream.windows()) continue;
      if (!last || runner.onto_scan.next() < last->onto_scan.next()) last = &runner;
    }
    const int64_t before = last->stream.windows_done();
    last->stream.advance([&](int64_t x, const torch::Tensor& slab) {
      last->onto_scan.take(
          x, slab, [&](int64_t plane_x, const torch::Tensor& plane) { mean.take(plane_x, last->cut.apply(plane_x, plane)); });
    });
    done += last->stream.windows_done() - before;
    if (options_.progress) options_.progress(done, out.windows);
  }
  out.labels = std::move(result).labels();
  out.probabilities = std::move(result).probabilities();
  return out;
}

Predictor::Prepared Predictor::prepare(const Recipe& recipe, const std::vector<Image>& channels) const {
  Prepared out;
  out.sides.channels = channels;
  out.sides = apply_recipe(recipe, std::move(out.sides));
  out.grid = out.sides.geometry();
  out.image = torch::empty({static_cast<int64_t>(channels.size()), out.grid.size[0], out.grid.size[1], out.grid.size[2]});
  for (size_t c = 0; c < channels.size(); ++c) {
    const auto& voxels = out.sides.channels[c].voxels;
    std::copy(voxels.begin(), voxels.end(), out.image[static_cast<int64_t>(c)].data_ptr<float>());
  }
  out.sides.channels.clear();
  return out;
}

Prediction Predictor::predict(const std::vector<Image>& channels) const {
  if (channels.empty()) throw Error("prediction needs at least one channel");
  const Geometry& scan = channels.front().geometry;
  for (size_t c = 1; c < channels.size(); ++c) {
    const std::string difference = grid_difference(channels[c].geometry, scan);
    if (!difference.empty()) throw InputError(concat("channel ", c), difference, "the grid of channel 0");
  }
  std::vector<Prepared> scans;
  for (const PredictorMember& member : members_) {
    scans.push_back(prepare(member.recipe, channels));
    if (options_.prepared) options_.prepared(scans.size() - 1, scans.back().image, scans.back().sides.crop_fell_back);
  }
  // Most recipes bring scans to the array axes nearest to RAS: interpolation happens along those axes, the rest is permuting.
  const bool reoriented = members_.front().recipe.reorients();
  Prediction out = run(scans, reoriented ? map_to_ras(scan).apply(scan) : scan);
  if (reoriented) {
    out.labels = onto_axes_of(out.labels, scan);
    for (Image& p : out.probabilities) p = onto_axes_of(p, scan);
  }
  for (size_t m = 0; m < scans.size(); ++m) {
    if (!scans[m].sides.crop_fell_back) continue;
    out.crop_fell_back = true;
    if (!warned_->exchange(true)) {
      log_warning("recipe " + members_[m].recipe.name +
                  " crops around the label, which scans to predict do not have: cropped without it, unlike in training");
    }
  }
  postprocess(out.labels, options_.postprocess);
  return out;
}

LabelMap Predictor::predict_prepared(const torch::Tensor& image, const Geometry& grid) const {
  if (members_.size() != 1) throw Error("a prepared image goes through one network");
  LabelMap labels = run({{image.dim() == 3 ? image.unsqueeze(0) : image, grid, {}}}, grid).labels;
  postprocess(labels, options_.postprocess);
  return labels;
}

}  // namespace tss
