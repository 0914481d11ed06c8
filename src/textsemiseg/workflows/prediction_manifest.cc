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
  for (const char* key : {"written", "environment", "cases", "begun", "failed"}) manifest.erase(key);
  for (Json& run : manifest["runs"]) run.erase("folder");
  return manifest;
}

bool is_manifest(const Json& json) {
  const auto is_list = [&](const char* key) { return json.contains(key) && json[key].is_array(); };
  if (!json.is_object() || !json.contains("textsemiseg") || !is_list("runs") || !is_list("cases")) return false;
  const auto are_cases = [](const Json& list) {
    return std::all_of(list.begin(), list.end(),
                       [](const Json& one) { return one.is_object() && one.contains("case") && one["case"].is_string(); });
  };
  return are_cases(json["cases"]) && (!json.contains("failed") || (is_list("failed") && are_cases(json["failed"])));
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

// The manifest that is there already; null where there is none, or it is begun anew.
Json manifest_kept(const fs::path& path, const Json& settings, bool overwrite) {
  if (!fs::exists(path)) return {};
  Json before = read_manifest(path);
  if (deciding(before) == deciding(settings)) return before;
  if (overwrite) return {};
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

PredictionManifest::PredictionManifest(fs::path path, Json settings, bool overwrite)
    : path_(std::move(path)), settings_(std::move(settings)), overwrite_(overwrite) {
  read();
}

PredictionManifest::Cases PredictionManifest::read() const {
  Cases out;
  const Json before = manifest_kept(path_, settings_, overwrite_);
  if (before.is_null()) return out;
  for (const Json& one : before.at("cases")) out.finished[one.at("case").get<std::string>()] = one;
  for (const Json& one : before.value("failed", Json::array())) out.failed[one.at("case").get<std::string>()] = one;
  for (const Json& id : before.value("begun", Json::array())) {
    if (id.is_string()) out.begun.insert(id.get<std::string>());
  }
  return out;
}

std::map<std::string, Json> PredictionManifest::finished() const { return read().finished; }

std::set<std::string> PredictionManifest::begun() const { return read().begun; }

void PredictionManifest::change(const std::function<void(Cases&)>& what) {
  const ManifestLock lock(path_);
  Cases cases = read();
  overwrite_ = false;  // begun anew once; from here on it is ours
  what(cases);
  Json out = settings_;
  out["cases"] = Json::array();
  for (const auto& [name, record] : cases.finished) out["cases"].push_back(record);
  for (const auto& [name, record] : cases.failed) out["failed"].push_back(record);
  if (!cases.begun.empty()) out["begun"] = cases.begun;
  write_json(path_, out);
}

void PredictionManifest::begin(const std::string& id) {
  change([&](Cases& cases) {
    cases.finished.erase(id);  // its outputs are replaced one after the other
    cases.begun.insert(id);
  });
}

void PredictionManifest::add(const Json& record) {
  const std::string id = record.at("case");
  change([&](Cases& cases) {
    cases.finished[id] = record;
    cases.failed.erase(id);
    cases.begun.erase(id);
  });
}

void PredictionManifest::fail(const std::string& id, const std::vector<std::string>& inputs, const std::string& reason) {
  change([&](Cases& cases) { cases.failed[id] = {{"case", id}, {"inputs", inputs}, {"reason", reason}}; });
}

size_t take_up(std::vector<PredictionJob>& jobs, const PredictionManifest& manifest, int64_t classes, bool overwrite) {
  const std::map<std::string, Json> finished = manifest.finished();
  const std::set<std::string> begun = manifest.begun();
  const auto is_finished = [&](const PredictionJob& job) {
    const auto record = finished.find(job.id);
    const fs::path label_map = job.output.filename();
    if (record == finished.end() || record->second.value("output", "") != label_map.string() || !fs::exists(job.output) ||
        !job.fault.empty())
      return false;
    if (!is_of_same_scan(job, record->second)) {
      if (overwrite) return false;
      throw InputError(job.output.string(), "is of a scan that has changed since",
                       "--overwrite to predict it again, or another --output");
    }
    for (const fs::path& path : job.outputs(classes)) {
      if (fs::exists(path) || overwrite) continue;
      throw InputError(job.output.string(), "is finished without " + path.filename().string(),
                       "the options of the prediction that was stopped, or --overwrite to predict it again");
    }
    return true;
  };
  size_t count = 0;
  for (PredictionJob& job : jobs) {
    job.replace = begun.contains(job.id);
    job.finished = is_finished(job);
    count += job.finished;
  }
  return count;
}

}  // namespace tss
