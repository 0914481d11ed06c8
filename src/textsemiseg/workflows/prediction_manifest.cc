#include "textsemiseg/workflows/prediction_manifest.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/version.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/inference/mirror.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/report/colours.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// What decides the label maps; time, machine and the place of the runs do not (the checkpoint's fingerprint tells them apart).
Json deciding(Json manifest) {
  for (const char* key : {"written", "environment", "cases"}) manifest.erase(key);
  for (Json& run : manifest["runs"]) run.erase("folder");
  return manifest;
}

bool is_manifest(const Json& json) {
  const auto is_list = [&](const char* key) { return json.contains(key) && json[key].is_array(); };
  if (!json.is_object() || !json.contains("textsemiseg") || !is_list("runs") || !is_list("cases")) return false;
  return std::all_of(json["cases"].begin(), json["cases"].end(),
                     [](const Json& one) { return one.is_object() && one.contains("case") && one["case"].is_string(); });
}

Json read_manifest(const fs::path& path) {
  Json json;
  try {
    json = read_json(path);
  } catch (const InputError&) {
  }
  if (!is_manifest(json))
    throw InputError(path.string(), "is not a manifest of predictions", "another --output: this file is never replaced");
  return json;
}

// Of the manifest that is there already.
Json cases_kept(const fs::path& path, const Json& settings, bool overwrite) {
  if (!fs::exists(path)) return Json::array();
  const Json before = read_manifest(path);
  if (deciding(before) == deciding(settings)) return before.at("cases");
  if (overwrite) return Json::array();
  throw InputError(path.string(), "is of predictions by other runs or settings", "another --output, or --overwrite");
}

// Held while the manifest is read and written again. The kernel lets go of it when the program ends, however it ends.
class ManifestLock {
 public:
  explicit ManifestLock(const fs::path& manifest) {
    const fs::path folder = manifest.has_parent_path() ? manifest.parent_path() : fs::path(".");
    fs::create_directories(folder);
    file_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file_ >= 0) ::flock(file_, LOCK_EX);  // file systems without locks go on without
  }
  ~ManifestLock() {
    if (file_ >= 0) ::close(file_);
  }
  ManifestLock(const ManifestLock&) = delete;
  ManifestLock& operator=(const ManifestLock&) = delete;

 private:
  int file_ = -1;
};

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
  return to_file ? output.parent_path() / (image_stem(output) + ".predictions.json") : PredictionsFolder{output}.record();
}

void check_manifest(const fs::path& path, const Json& settings, bool overwrite) { cases_kept(path, settings, overwrite); }

void add_to_manifest(const fs::path& path, const Json& settings, const Json& one, bool overwrite) {
  const ManifestLock lock(path);
  std::map<std::string, Json> by_name;
  for (const Json& earlier : cases_kept(path, settings, overwrite)) by_name[earlier.at("case").get<std::string>()] = earlier;
  by_name[one.at("case").get<std::string>()] = one;
  Json out = settings;
  out["cases"] = Json::array();
  for (const auto& [name, record] : by_name) out["cases"].push_back(record);
  write_json(path, out);
}

}  // namespace tss
