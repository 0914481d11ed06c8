// From a function of one tensor to an ONNX graph: the function runs once under LibTorch's tracer, what does not depend on the input is
// computed then and there, and every operation left is rewritten by its rule.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/onnx/graph.h"

namespace tss {

struct OnnxSource {
  std::string subject;  // what error messages are about: "method mc_net"
  std::function<torch::Tensor(const torch::Tensor&)> function;
  std::map<const void*, std::string> names;  // of weights, by the address of their data
  std::string input = "image", output = "probabilities";
};

// Names and addresses of a module's parameters and buffers.
std::map<const void*, std::string> weight_names(const torch::nn::Module& module);

// The graph for inputs of the example's sizes. Gradients must be off for every weight. The traced operations are run once more on noise
// and compared with the function, so that a function whose operations depend on the values of its input is refused.
// Throws InputError "subject: aten::x ...; expected ..." on an operation without a rule.
OnnxGraph onnx_graph(const OnnxSource& source, const torch::Tensor& example);

struct OnnxSizes {
  bool batch = false, window = false;  // may they differ from the example's?
};

// The same with as many free sizes as can be shown: it is traced again with twice the batch and, where `other_window` is given
// (a size whose sides all differ from the example's), with that window, and the graphs are compared (onnx/free_sizes.h).
OnnxGraph onnx_graph_with_free_sizes(const OnnxSource& source, const torch::Tensor& example,
                                     const std::optional<std::vector<int64_t>>& other_window, OnnxSizes* sizes = nullptr);

}  // namespace tss
