// predictions.json beside predicted label maps: by what they were made, and what became of each scan.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "textsemiseg/workflows/prediction.h"

namespace tss {

// The settings, without cases.
Json prediction_manifest(const PredictingRuns& runs);

// Where the manifest of these outputs lies: <stem>.predictions.json beside a single file (<stem>.json is the scan's sidecar in BIDS and
// of dcm2niix), predictions.json in a folder.
std::filesystem::path manifest_path(const std::filesystem::path& output, bool to_file);

// Each change is atomic, also beside another program that predicts into the same folder; other cases stay, sorted by name.
class PredictionManifest {
 public:
  // A file that is there already must be a manifest, of the same runs and settings unless overwrite, which begins it anew with the first
  // change; else throws InputError. Make it before any work is done.
  PredictionManifest(std::filesystem::path path, Json settings, bool overwrite);

  const std::filesystem::path& path() const { return path_; }
  // On record before: finished cases by id, and the ids of cases whose files were being written.
  std::map<std::string, Json> finished() const;
  std::set<std::string> begun() const;

  void begin(const std::string& id);  // from here on its outputs may be there
  void add(const Json& record);       // finished; in place of an earlier record of its name
  void fail(const std::string& id, const std::vector<std::string>& inputs, const std::string& reason);

 private:
  struct Cases {
    std::map<std::string, Json> finished, failed;
    std::set<std::string> begun;
  };
  Cases read() const;
  void change(const std::function<void(Cases&)>& what);

  std::filesystem::path path_;
  Json settings_;
  bool overwrite_;
};

// Goes on with a prediction that was stopped: marks the jobs as finished whose outputs are there and on record of the same scan, and lets
// the others replace what the stop left of them. Gives the number of finished ones. Throws InputError where an output on record
// is of a scan that has changed since, or lacks a file that is asked for now, unless overwrite: those cases are predicted again.
size_t take_up(std::vector<PredictionJob>& jobs, const PredictionManifest& manifest, int64_t classes, bool overwrite);

}  // namespace tss
