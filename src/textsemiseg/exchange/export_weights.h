// The weights of a run as one safetensors file, under the names that the authors' programs load.
#pragma once

#include <filesystem>
#include <string>

namespace tss {

struct ExportOptions {
  std::string checkpoint = "selected";  // as for predict: selected, best or last
  std::string names = "original";       // original | own | a network of exchange/published_networks.h
  bool overwrite = false;
};

// original: the published names of the method's network, so that load_state_dict of its authors' class takes the file as it is.
// own: everything of the method under our names, and the class texts ("class_texts").
// Metadata: format "pt", the run, method, class names, whose names. Atomic. Returns one line for people.
// Throws InputError: no run, output exists, no published network for this method and variant, a network other than it (depth).
std::string export_weights(const std::filesystem::path& run, const std::filesystem::path& output,
                           const ExportOptions& options = {});

// Throws InputError when `output` exists, unless overwrite.
void check_output(const std::filesystem::path& output, bool overwrite);

}  // namespace tss
