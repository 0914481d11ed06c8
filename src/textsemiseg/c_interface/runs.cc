#include <algorithm>
#include <memory>
#include <mutex>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/c_interface/array.h"
#include "textsemiseg/c_interface/guarded_call.h"
#include "textsemiseg/c_interface/options.h"
#include "textsemiseg/c_interface/textsemiseg.h"
#include "textsemiseg/dataset/prepare.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/workflows/prediction.h"

struct tss_runs {
  tss::PredictingRuns runs;
  std::string description;
  std::mutex predicting;
};

namespace tss {
namespace {

// The settings of a prediction as fields; those that may be absent have a value that says so.
struct PredictionFields {
  PredictionSettings settings;
  double overlap = -1;
  int64_t window_batch = 0;

  template <class V>
  void visit(V& v) {
    v("overlap", overlap);
    v("stride", settings.stride);
    v("weights", settings.weights);
    v("preset", settings.preset);
    v("mirror", settings.mirror);
    v("window_batch", window_batch);
    v("keep_largest", settings.keep_largest);
    v("min_component", settings.min_component);
    v("device", settings.device);
    v("checkpoint", settings.checkpoint);
    v("precision", settings.precision);
    v("threads", settings.threads);
  }
};

PredictionSettings settings_of(const char* text) {
  const Json given = options_of(text);
  PredictionFields fields;
  read_options(given, "options", fields);
  if (given.contains("overlap")) fields.settings.overlap = fields.overlap;
  if (given.contains("window_batch")) fields.settings.window_batch = fields.window_batch;
  return fields.settings;
}

Json description_of(const PredictingRuns& runs) {
  Json out = {{"class_names", runs.record().class_names}, {"channels", runs.record().channels}, {"runs", Json::array()}};
  for (size_t i = 0; i < runs.runs.size(); ++i) out["runs"].push_back(prediction_record(runs.runs[i], runs.options[i]));
  return out;
}

std::vector<Image> images_of(const tss_array* channels, int32_t count, const double* affine, int64_t expected) {
  if (count != expected) throw InputError("scan", concat("has ", count, " channel(s)"), concat(expected, ", as in training"));
  std::vector<Image> out;
  for (int32_t c = 0; c < count; ++c) {
    const std::string name = count == 1 ? "scan" : concat("scan: channel ", c);
    out.push_back(image_of(channels[c], geometry_of(channels[c], affine), name));
    check_finite(out.back(), name);
  }
  return out;
}

Prediction predict(const PredictingRuns& runs, const std::vector<Image>& images, bool probabilities, tss_progress progress,
                   void* context) {
  PredictorOptions options = runs.options.front();
  options.probabilities = probabilities;
  options.progress = [=](int64_t done, int64_t windows) {
    if (progress && progress(context, static_cast<double>(done) / static_cast<double>(windows)) != 0)
      throw Interrupted("the prediction was stopped");
  };
  std::vector<PredictorMember> members(runs.runs.size());
  for (size_t i = 0; i < members.size(); ++i)
    members[i] = {runs.runs[i].record.recipe, runs.runs[i].method, runs.options[i].window};
  return Predictor(std::move(members), std::move(options)).predict(images);
}

}  // namespace
}  // namespace tss

tss_runs* tss_open_runs(const char* const* folders, int32_t count, const char* settings) {
  std::unique_ptr<tss_runs> out;
  const int32_t code = tss::guarded_call([&] {
    out = std::make_unique<tss_runs>();
    if (count < 1) throw tss::InputError("runs", "no folder is given", "one or more");
    const tss::PredictionSettings chosen = tss::settings_of(settings);
    if (chosen.threads > 0) tss::set_threads(chosen.threads);
    out->runs = tss::load_runs({folders, folders + count}, chosen);
    out->description = tss::description_of(out->runs).dump();
  });
  return code == 0 ? out.release() : nullptr;
}

void tss_close_runs(tss_runs* runs) { delete runs; }

const char* tss_describe_runs(const tss_runs* runs) { return runs->description.c_str(); }

int32_t tss_predict(tss_runs* runs, const tss_array* channels, int32_t count, const double* affine, tss_progress progress,
                    void* context, uint8_t* labels, float* probabilities) {
  return tss::guarded_call([&] {
    const std::lock_guard alone(runs->predicting);
    const std::vector<tss::Image> images = tss::images_of(channels, count, affine, runs->runs.record().channels);
    const tss::Prediction found = tss::predict(runs->runs, images, probabilities != nullptr, progress, context);
    std::copy(found.labels.voxels.begin(), found.labels.voxels.end(), labels);
    for (const tss::Image& image : found.probabilities)
      probabilities = std::copy(image.voxels.begin(), image.voxels.end(), probabilities);
  });
}
