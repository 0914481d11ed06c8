#include "textsemiseg/cli/prediction_manifest.h"

#include <map>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/version.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/inference/mirror.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/report/colours.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// What decides the label maps; time and machine do not.
Json deciding(Json manifest) {
  for (const char* key : {"written", "environment", "cases"}) manifest.erase(key);
  return manifest;
}

}  // namespace

Json prediction_manifest(const PredictingRuns& runs) {
  Json out;
  out["textsemiseg"] = kVersion;
  out["written"] = timestamp();
  out["runs"] = Json::array();
  for (size_t i = 0; i < runs.runs.size(); ++i) out["runs"].push_back(prediction_record(runs.runs[i], runs.options[i]));
  for (size_t i = 0; i < runs.runs.size(); ++i) out["runs"][i]["folder"] = runs.runs[i].folder.string();
  const PredictorOptions& common = runs.options.front();
  // Stated once for all runs.
  for (const char* key : {"class_names", "mirror", "precision", "postprocess"}) {
    for (Json& run : out["runs"]) run.erase(key);
  }
  out["averaged"] = concat("probabilities of ", runs.runs.size(), runs.runs.size() == 1 ? " run" : " runs", ", mirror axes ",
                           mirror_axes_name(common.mirror));
  out["mirror"] = mirror_axes_name(common.mirror);
  out["precision"] = common.bf16 ? "bf16" : "fp32";
  out["postprocess"] = write_options(common.postprocess);
  out["classes"] = Json::array();
  const auto& names = runs.record().class_names;
  for (size_t k = 0; k < names.size(); ++k)
    out["classes"].push_back({{"label", k}, {"name", names[k]}, {"colour", css_colour(class_colour(static_cast<int64_t>(k)))}});
  out["environment"] = environment_record(common.device);
  return out;
}

fs::path manifest_path(const fs::path& output, bool to_file) {
  return to_file ? output.parent_path() / (image_stem(output) + ".json") : output / "predictions.json";
}

Json cases_kept(const fs::path& path, const Json& settings, bool overwrite) {
  if (!fs::exists(path)) return Json::array();
  const Json before = read_json(path);
  if (before.is_object() && before.contains("cases") && before.contains("runs") && deciding(before) == deciding(settings))
    return before.at("cases");
  if (overwrite) return Json::array();
  throw InputError(path.string(), "is of predictions by other runs or settings", "another --output, or --overwrite");
}

void write_manifest(const fs::path& path, const Json& settings, const Json& kept, const Json& cases) {
  std::map<std::string, Json> by_name;
  for (const Json* list : {&kept, &cases}) {
    for (const Json& one : *list) by_name[one.at("case").get<std::string>()] = one;
  }
  Json out = settings;
  out["cases"] = Json::array();
  for (const auto& [name, one] : by_name) out["cases"].push_back(one);
  write_json(path, out);
}

}  // namespace tss
