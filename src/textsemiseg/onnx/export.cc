#include "textsemiseg/onnx/export.h"

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/onnx/convert.h"
#include "textsemiseg/onnx/file.h"
#include "textsemiseg/runs/result_keys.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Small sides at which nothing is padded, all different and different from the run's window.
std::vector<int64_t> other_window(const std::vector<int64_t>& window, int64_t multiple) {
  std::vector<int64_t> out;
  for (size_t a = 0; a < window.size(); ++a) {
    const int64_t side = static_cast<int64_t>(a + 2) * multiple;
    out.push_back(side == window[a] ? side + 3 * multiple : side);
  }
  return out;
}

std::map<std::string, std::string> metadata_of(const LoadedRun& run, const OnnxSizes& sizes) {
  const RunRecord& record = run.record;
  const Resample* resample = record.recipe.find<Resample>();
  Json texts = Json::array();
  for (const RecordedText& text : record.texts.list) texts.push_back({{"class", text.name}, {"source", text.source}});
  const Json window = deciding_settings(write_options(run.config.inference), "inference");
  return {
      {"textsemiseg.run", record.name},
      {"textsemiseg.method", run.config.method},
      {"textsemiseg.method_options", run.config.method_options.dump()},
      {"textsemiseg.checkpoint", run.chosen},
      {"textsemiseg.dataset", record.dataset},
      {"textsemiseg.class_names", Json(record.class_names).dump()},
      {"textsemiseg.texts", texts.dump()},
      {"textsemiseg.recipe", write_options(record.recipe).dump()},
      {"textsemiseg.spacing", Json(resample != nullptr ? resample->spacing : std::vector<double>{}).dump()},
      {"textsemiseg.patch", Json(run.config.inference.patch).dump()},
      {"textsemiseg.window", window.dump()},
      {"textsemiseg.free_sizes", !sizes.batch   ? "none"
                                 : sizes.window ? "batch, window"
                                                : "batch"},
      {"textsemiseg.side_multiple", concat(run.config.network.side_multiple())},
      {"textsemiseg.axes", "array axes nearest to R, A, S (NIfTI), after the recipe"},
  };
}

}  // namespace

void export_onnx(const fs::path& run, const fs::path& output, const OnnxExportOptions& options) {
  const Stopwatch watch;
  if (fs::exists(output) && !options.overwrite) throw InputError(output.string(), "exists", "a new name, or --overwrite");
  LoadedRun loaded = load_run(run, options.checkpoint);
  Method& method = *loaded.method;
  for (torch::Tensor& parameter : method.parameters()) parameter.requires_grad_(false);
  method.begin_prediction();

  OnnxSource source;
  source.subject = "method " + loaded.config.method;
  source.function = [&](const torch::Tensor& windows) { return method.predict(windows); };
  source.names = weight_names(method);
  const std::vector<int64_t>& window = loaded.config.inference.patch;
  std::vector<int64_t> shape{1, loaded.record.channels};
  shape.insert(shape.end(), window.begin(), window.end());
  std::optional<std::vector<int64_t>> other;
  if (!method.fixed_window()) other = other_window(window, loaded.config.network.side_multiple());
  OnnxSizes sizes;
  OnnxGraph graph = onnx_graph_with_free_sizes(source, torch::zeros(shape), other, &sizes);
  graph.name = loaded.config.method;
  graph.metadata = metadata_of(loaded, sizes);
  write_onnx(output, graph);

  log_info(concat(output.string(), ": ", loaded.record.name, " (", loaded.config.method, "), ", loaded.chosen, "; ",
                  sizes.batch ? "any batch, " : "batch of 1, ",
                  sizes.window ? concat("sides that are multiples of ", loaded.config.network.side_multiple())
                               : "windows of " + join(window, " x "),
                  "; ", graph.nodes.size(), " nodes, ", fixed(static_cast<double>(fs::file_size(output)) * 1e-6, 1), " MB, ",
                  format_duration(watch.seconds())));
}

}  // namespace tss
