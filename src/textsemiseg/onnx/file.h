// ONNX files, through Debian's libonnx: opset 13, IR version 7, which every runtime of the last years reads.
#pragma once

#include <filesystem>

#include "textsemiseg/onnx/graph.h"

namespace tss {

constexpr int64_t kOnnxOpset = 13;
constexpr int64_t kOnnxIrVersion = 7;

// Checks the graph with libonnx's checker, infers every shape and writes the file in one go (atomic). Replaces a file of that name.
// Throws InputError when the constants are larger than the format's 2 GB, Error when the checker or shape inference objects: then the
// graph was built wrongly.
void write_onnx(const std::filesystem::path& path, const OnnxGraph& graph);

}  // namespace tss
