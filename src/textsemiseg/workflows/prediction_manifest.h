// predictions.json beside predicted label maps: by what they were made, and what became of each scan.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/workflows/prediction.h"

namespace tss {

// The settings, without cases.
Json prediction_manifest(const PredictingRuns& runs);

// Where the manifest of these outputs lies: <stem>.predictions.json beside a single file (<stem>.json is the scan's sidecar in BIDS and
// of dcm2niix), predictions.json in a folder.
std::filesystem::path manifest_path(const std::filesystem::path& output, bool to_file);

// A file that is there already must be a manifest, of the same runs and settings unless overwrite; else throws InputError. Call before any
// work is done.
void check_manifest(const std::filesystem::path& path, const Json& settings, bool overwrite);

// Adds one case; another of its name is replaced, the others stay, sorted. Atomic, also beside another program that predicts into the same
// folder. A manifest of other runs or settings is begun anew with overwrite, else an InputError.
void add_to_manifest(const std::filesystem::path& path, const Json& settings, const Json& one, bool overwrite);

}  // namespace tss
