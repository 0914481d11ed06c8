// A published checkpoint becomes a run that predict and evaluate accept.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/recipe/recipe.h"

namespace tss {

struct ImportOptions {
  std::filesystem::path file;
  std::filesystem::path also;        // the other network of a method that predicts with two; empty: none
  std::string key;                   // where in the file the weights are; empty: searched
  std::string network;               // of exchange/published_networks.h; empty: recognised
  std::string method;                // that shall predict; empty: the one the network belongs to
  std::vector<std::string> classes;  // names, background first; empty: "background", "class 1", ...
  std::vector<int64_t> patch;        // training patch; empty: of the text block where there is one, else 96, 96, 96
  std::string recipe = "generic";    // how scans are prepared: what the authors did
  Json overrides = Json::object();   // further options of the run's configuration (text.*, inference.*)
};

// Writes the run folder in one rename. The record says where the weights are from and, as the protocol "imported", that nothing is
// claimed on how they were chosen. Returns one line for people.
// Throws InputError: a file (weights_file.h), a network that no method of ours predicts with, or not alone, a folder that exists, options
// that do not fit the weights. Nothing is left behind then.
std::string import_run(const ImportOptions& options, const std::filesystem::path& run);

// Checks a checkpoint against its network and writes it as safetensors under the published names, numbers untouched; for networks whose
// methods are not here. Atomic. Returns one line for people.
std::string convert_weights(const ImportOptions& options, const std::filesystem::path& output);

}  // namespace tss
