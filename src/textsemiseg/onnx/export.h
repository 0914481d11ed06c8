// The verb `export --output model.onnx`: what a run predicts on one window, as a file for any ONNX runtime.
#pragma once

#include <filesystem>
#include <string>

namespace tss {

struct OnnxExportOptions {
  std::string checkpoint = "selected";  // as for predict: selected, best or last
  bool overwrite = false;
};

// Writes the graph "image" [N, C, X, Y, Z] -> "probabilities" [N, K, X, Y, Z], both float, for windows of the run's patch;
// docs/exchange.md#which-sizes-are-free says which sizes are free.
// The recipe and the sliding window are not in it; metadata names them, the classes and the run.
// Throws InputError: no run, output exists, weights above 2 GB, or an operation of the method that has no ONNX form here.
void export_onnx(const std::filesystem::path& run, const std::filesystem::path& output, const OnnxExportOptions& options = {});

}  // namespace tss
