// What rules for single operations write with: reading the arguments of a traced operation, and adding nodes and constants to the graph.
#pragma once

#include <torch/csrc/jit/ir/ir.h>
#include <torch/torch.h>

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "textsemiseg/onnx/graph.h"

namespace tss {

using TracedValue = torch::jit::Value;

// One operation of a trace; arguments go by their names in ATen's schemas. Throws (through the builder's refuse) where an argument is no
// constant although its rule needs one.
class TracedOperation {
 public:
  TracedOperation(const torch::jit::Node& node, std::string subject) : node_(node), subject_(std::move(subject)) {}

  std::string name() const { return node_.kind().toQualString(); }
  const torch::jit::Node& node() const { return node_; }
  const TracedValue* output(size_t i = 0) const { return node_.outputs().at(i); }

  bool has(const std::string& argument) const;  // in the schema of this overload
  const TracedValue* value(const std::string& argument) const;
  c10::IValue constant(const std::string& argument) const;

  bool given(const std::string& argument) const;  // there, and not None
  int64_t integer(const std::string& argument) const { return constant(argument).toInt(); }
  double number(const std::string& argument) const { return constant(argument).toScalar().toDouble(); }
  bool flag(const std::string& argument) const { return constant(argument).toBool(); }
  std::string text(const std::string& argument) const { return constant(argument).toStringRef(); }
  std::vector<int64_t> integers(const std::string& argument) const;                // an integer counts as a list of one
  std::vector<int64_t> integers(const std::string& argument, size_t count) const;  // a list of one stands for `count` equal ones
  std::vector<const TracedValue*> list(const std::string& argument) const;         // of tensors

  // Throws InputError: this operation, used this way, has no ONNX form here.
  [[noreturn]] void refuse(const std::string& reason) const;

 private:
  size_t index(const std::string& argument) const;

  const torch::jit::Node& node_;
  std::string subject_;
};

OnnxType onnx_type_of(torch::Dtype dtype);  // throws Error on types that no graph of ours has
OnnxAttribute attribute(const char* name, int64_t value);
OnnxAttribute attribute(const char* name, double value);
OnnxAttribute attribute(const char* name, const char* value);
OnnxAttribute attribute(const char* name, std::vector<int64_t> value);

class OnnxBuilder {
 public:
  // names: of tensors that are somebody's weights, by their address.
  OnnxBuilder(OnnxGraph& graph, std::map<const void*, std::string> names) : graph_(graph), names_(std::move(names)) {}

  // Name in the graph; a constant that no node uses never gets there.
  std::string name(const TracedValue* value);
  void set(const TracedValue* value, const std::string& name) { known_[value] = name; }
  // Shape at the traced size.
  static std::vector<int64_t> shape(const TracedValue* value);
  static int64_t rank(const TracedValue* value) { return static_cast<int64_t>(shape(value).size()); }
  static torch::Dtype dtype(const TracedValue* value);
  // The tensor behind a value that does not depend on the input; undefined otherwise.
  static torch::Tensor constant_of(const TracedValue* value);

  std::string constant(const torch::Tensor& tensor, const std::string& hint = "constant");
  // A matrix turned round; a constant one is turned here.
  std::string transposed_matrix(const TracedValue* value);
  std::string integers(const std::vector<int64_t>& values);
  std::string scalar(double value, torch::Dtype dtype = torch::kFloat32);  // no axes

  // Adds a node with one output and returns the output's name.
  std::string add(const std::string& op, const std::vector<std::string>& inputs,
                  const std::vector<OnnxAttribute>& attributes = {});
  std::string reshape(const std::string& x, const OnnxShape& from, const OnnxShape& to) { return shaped("Reshape", x, from, to); }
  std::string expand(const std::string& x, const OnnxShape& from, const OnnxShape& to) { return shaped("Expand", x, from, to); }
  std::string cast(const std::string& x, torch::Dtype to);
  // Steps of one from begin to end along an axis; step -1 goes backwards.
  std::string slice(const std::string& x, int64_t axis, int64_t begin, int64_t end, int64_t step = 1);

 private:
  std::string traced_constant(const torch::Tensor& tensor);
  std::string shaped(const char* op, const std::string& x, const OnnxShape& from, const OnnxShape& to);
  std::string fresh(const std::string& stem);

  OnnxGraph& graph_;
  std::map<const void*, std::string> names_;
  std::unordered_map<const TracedValue*, std::string> known_;
  std::map<std::string, int64_t> used_;  // how often a stem was given out
  // Constants of the trace by address, sizes and strides: a weight that several operations share is stored once.
  std::map<std::tuple<const void*, std::vector<int64_t>, std::vector<int64_t>>, std::pair<std::string, torch::Tensor>> traced_;
  std::map<std::vector<int64_t>, std::string> integer_lists_;
  std::map<std::pair<double, torch::Dtype>, std::string> scalars_;
};

// Writes one operation; registered by ATen name ("aten::relu").
using OnnxRule = void (*)(const TracedOperation& op, OnnxBuilder& builder);
using OnnxRules = std::map<std::string, OnnxRule>;
void add_elementwise_rules(OnnxRules& rules);
void add_layer_rules(OnnxRules& rules);
void add_shape_rules(OnnxRules& rules);
void add_reduction_rules(OnnxRules& rules);

}  // namespace tss
