// predictions.json beside predicted label maps: by what they were made, and what became of each scan.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/cli/prediction.h"

namespace tss {

// The settings, without cases.
Json prediction_manifest(const PredictingRuns& runs);

// Where the manifest of these outputs lies: <stem>.json beside a single file, predictions.json in a folder.
std::filesystem::path manifest_path(const std::filesystem::path& output, bool to_file);

// A manifest that is there already: its cases go on standing when runs and settings are the same; else throws InputError, unless
// overwrite. Call before any work is done.
Json cases_kept(const std::filesystem::path& path, const Json& settings, bool overwrite);

// Atomic. Cases of the same name are replaced, the others stay, sorted.
void write_manifest(const std::filesystem::path& path, const Json& settings, const Json& kept, const Json& cases);

}  // namespace tss
