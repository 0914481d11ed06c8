#include "textsemiseg/onnx/convert.h"

#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/runtime/interpreter.h>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/onnx/builder.h"
#include "textsemiseg/onnx/free_sizes.h"

namespace tss {

namespace jit = torch::jit;

namespace {

using TracedGraph = std::shared_ptr<jit::Graph>;

const std::vector<std::string>& axis_symbols() {
  static const std::vector<std::string> symbols{"N", "C", "X", "Y", "Z"};
  return symbols;
}

// The same noise for every shape and every time.
torch::Tensor noise(at::IntArrayRef shape) {
  torch::Tensor out = torch::empty(shape);
  Random random(0, Stream::kPhantom);
  float* values = out.data_ptr<float>();
  for (int64_t i = 0; i < out.numel(); ++i) values[i] = static_cast<float>(random.uniform(-2, 2));
  return out;
}

TracedGraph trace(const OnnxSource& source, const torch::Tensor& example) {
  const auto traced = jit::tracer::trace(
      {example},
      [&](jit::Stack inputs) {
        const jit::tracer::NoWarn quiet;  // about operations in place, whose traces check_trace proves right
        return jit::Stack{source.function(inputs.at(0).toTensor())};
      },
      [](const torch::Tensor&) { return std::string(); }, /*strict=*/true, /*force_outplace=*/true);
  TracedGraph graph = traced.first->graph;
  jit::ConstantPropagation(graph);
  jit::EliminateDeadCode(graph);
  return graph;
}

// A trace keeps the operations of one run. Values that steered them (the largest class, a threshold) would be frozen unnoticed.
void check_trace(const OnnxSource& source, const TracedGraph& graph, const torch::Tensor& example) {
  const torch::Tensor other = noise(example.sizes());
  const torch::Tensor expected = source.function(other);
  jit::Stack stack{other.clone()};
  jit::InterpreterState(jit::Code(graph, "exported")).run(stack);
  const torch::Tensor found = stack.at(0).toTensor();
  if (found.sizes() != expected.sizes() || !torch::allclose(found, expected, 1e-4, 1e-5))
    throw InputError(source.subject, "predicts with other operations on another image, which one graph cannot hold",
                     "the same operations for every image");
}

const OnnxRules& rules() {
  static const OnnxRules table = [] {
    OnnxRules all;
    add_elementwise_rules(all);
    add_layer_rules(all);
    add_shape_rules(all);
    add_reduction_rules(all);
    return all;
  }();
  return table;
}

OnnxGraph convert(const OnnxSource& source, const TracedGraph& traced) {
  OnnxGraph graph;
  OnnxBuilder builder(graph, source.names);
  const jit::Value* input = traced->inputs().at(0);
  const jit::Value* output = traced->outputs().at(0);
  builder.set(input, source.input);
  graph.inputs.push_back({source.input, onnx_type_of(OnnxBuilder::dtype(input)), OnnxBuilder::shape(input), {}});
  for (const jit::Node* node : traced->nodes()) {
    const TracedOperation op(*node, source.subject);
    const auto rule = rules().find(op.name());
    if (rule == rules().end()) op.refuse("has no ONNX rule");
    rule->second(op, builder);
  }
  OnnxNode last;
  last.op = "Identity";
  last.inputs = {builder.name(output)};
  last.outputs = {source.output};
  graph.nodes.push_back(last);
  graph.outputs.push_back({source.output, onnx_type_of(OnnxBuilder::dtype(output)), OnnxBuilder::shape(output), {}});
  return graph;
}

// Nothing where the function refuses that size.
std::optional<OnnxGraph> graph_at(const OnnxSource& source, const std::vector<int64_t>& shape) {
  try {
    return convert(source, trace(source, noise(shape)));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

std::map<const void*, std::string> weight_names(const torch::nn::Module& module) {
  std::map<const void*, std::string> names;
  const auto add = [&](const auto& tensors) {
    for (const auto& item : tensors)
      if (item.value().defined() && item.value().numel() > 0) names[item.value().data_ptr()] = item.key();
  };
  add(module.named_parameters());
  add(module.named_buffers());
  return names;
}

OnnxGraph onnx_graph(const OnnxSource& source, const torch::Tensor& example) {
  torch::NoGradGuard no_grad;
  const TracedGraph traced = trace(source, example);
  check_trace(source, traced, example);
  return convert(source, traced);
}

OnnxGraph onnx_graph_with_free_sizes(const OnnxSource& source, const torch::Tensor& example,
                                     const std::optional<std::vector<int64_t>>& other_window, OnnxSizes* sizes) {
  torch::NoGradGuard no_grad;
  OnnxSizes found;
  const OnnxGraph base = onnx_graph(source, example);
  OnnxGraph graph = base;
  std::vector<int64_t> shape = example.sizes().vec();
  shape[0] *= 2;
  std::vector<OnnxGraph> others;
  // Adds the graph of one more size where a common one is found.
  const auto take = [&](const std::vector<int64_t>& size) {
    std::optional<OnnxGraph> other = graph_at(source, size);
    if (!other) return false;
    others.push_back(std::move(*other));
    std::optional<OnnxGraph> common = with_free_sizes(base, others, axis_symbols());
    if (common) graph = std::move(*common);
    return common.has_value();
  };
  found.batch = take(shape);
  if (found.batch && other_window) {
    shape = example.sizes().vec();
    std::copy(other_window->begin(), other_window->end(), shape.begin() + 2);
    found.window = take(shape);
  }
  if (sizes) *sizes = found;
  return graph;
}

}  // namespace tss
