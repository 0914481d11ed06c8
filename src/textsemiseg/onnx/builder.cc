#include "textsemiseg/onnx/builder.h"

#include <torch/csrc/jit/ir/constants.h>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

namespace jit = torch::jit;

size_t TracedOperation::index(const std::string& argument) const {
  const c10::FunctionSchema* schema = node_.maybeSchema();
  if (!schema) refuse("has no schema");
  const auto found = schema->argumentIndexWithName(argument);
  if (!found) refuse("has no argument '" + argument + "'");
  return static_cast<size_t>(*found);
}

bool TracedOperation::has(const std::string& argument) const {
  const c10::FunctionSchema* schema = node_.maybeSchema();
  return schema && schema->argumentIndexWithName(argument).has_value();
}

const TracedValue* TracedOperation::value(const std::string& argument) const { return node_.inputs().at(index(argument)); }

c10::IValue TracedOperation::constant(const std::string& argument) const {
  const auto found = jit::toIValue(value(argument));
  if (!found) refuse("computes its argument '" + argument + "' from the image");
  return *found;
}

bool TracedOperation::given(const std::string& argument) const {
  if (!has(argument)) return false;
  const TracedValue* found = value(argument);
  return !found->mustBeNone();
}

std::vector<int64_t> TracedOperation::integers(const std::string& argument) const {
  const TracedValue* found = value(argument);
  std::vector<int64_t> out;
  if (found->node()->kind() == c10::prim::ListConstruct) {
    for (const TracedValue* item : found->node()->inputs()) {
      const auto one = jit::toIValue(item);
      if (!one) refuse("computes its argument '" + argument + "' from the image");
      out.push_back(one->toInt());
    }
    return out;
  }
  const c10::IValue whole = constant(argument);
  return whole.isInt() ? std::vector<int64_t>{whole.toInt()} : whole.toIntVector();
}

std::vector<int64_t> TracedOperation::integers(const std::string& argument, size_t count) const {
  std::vector<int64_t> out = integers(argument);
  if (out.size() == 1) out.assign(count, out.front());
  return out;
}

std::vector<const TracedValue*> TracedOperation::list(const std::string& argument) const {
  const TracedValue* found = value(argument);
  if (found->node()->kind() != c10::prim::ListConstruct) refuse("takes a list that is not written out");
  return {found->node()->inputs().begin(), found->node()->inputs().end()};
}

void TracedOperation::refuse(const std::string& reason) const {
  throw InputError(subject_, name() + " " + reason, "operations that the ONNX export has a rule for");
}

OnnxType onnx_type_of(torch::Dtype dtype) {
  switch (dtype) {
    case torch::kFloat32:
      return OnnxType::kFloat;
    case torch::kFloat64:
      return OnnxType::kDouble;
    case torch::kInt32:
      return OnnxType::kInt32;
    case torch::kInt64:
      return OnnxType::kInt64;
    case torch::kBool:
      return OnnxType::kBool;
    default:
      throw Error(concat("tensors of type ", c10::toString(dtype), " have no place in an exported graph"));
  }
}

OnnxAttribute attribute(const char* name, int64_t value) { return {name, value}; }
OnnxAttribute attribute(const char* name, double value) { return {name, static_cast<float>(value)}; }
OnnxAttribute attribute(const char* name, const char* value) { return {name, std::string(value)}; }
OnnxAttribute attribute(const char* name, std::vector<int64_t> value) { return {name, std::move(value)}; }

std::string OnnxBuilder::name(const TracedValue* value) {
  const auto found = known_.find(value);
  if (found != known_.end()) return found->second;
  const torch::Tensor tensor = constant_of(value);
  if (!tensor.defined()) throw Error(concat("no rule gave %", value->debugName(), " of the traced graph a name"));
  return known_[value] = traced_constant(tensor);
}

std::vector<int64_t> OnnxBuilder::shape(const TracedValue* value) {
  const torch::Tensor tensor = constant_of(value);
  if (tensor.defined()) return tensor.sizes().vec();
  const auto type = value->type()->cast<c10::TensorType>();
  const auto sizes = type ? type->sizes().concrete_sizes() : std::nullopt;
  if (!sizes) throw Error(concat("the shape of %", value->debugName(), " was not traced"));
  return *sizes;
}

torch::Dtype OnnxBuilder::dtype(const TracedValue* value) {
  const torch::Tensor tensor = constant_of(value);
  if (tensor.defined()) return tensor.scalar_type();
  const auto type = value->type()->cast<c10::TensorType>();
  if (!type || !type->scalarType()) throw Error(concat("the type of %", value->debugName(), " was not traced"));
  return *type->scalarType();
}

torch::Tensor OnnxBuilder::constant_of(const TracedValue* value) {
  if (value->node()->kind() != c10::prim::Constant) return {};
  const auto constant = jit::toIValue(value);
  if (!constant) return {};
  if (constant->isTensor()) return constant->toTensor();
  if (constant->isInt()) return torch::tensor(constant->toInt(), torch::kInt64);
  if (constant->isDouble()) return torch::tensor(constant->toDouble(), torch::kFloat32);
  if (constant->isBool()) return torch::tensor(constant->toBool(), torch::kBool);
  return {};
}

std::string OnnxBuilder::constant(const torch::Tensor& tensor, const std::string& hint) {
  OnnxTensor out;
  out.name = fresh(hint);
  out.type = onnx_type_of(tensor.scalar_type());
  out.shape = tensor.sizes().vec();
  const auto held = std::make_shared<torch::Tensor>(tensor.detach().to(torch::kCPU).contiguous());
  out.data = std::shared_ptr<const void>(held, held->data_ptr());
  graph_.constants.push_back(out);
  return out.name;
}

// The tensor is kept, so that its address stands for it alone.
std::string OnnxBuilder::traced_constant(const torch::Tensor& tensor) {
  auto& [out, held] = traced_[{tensor.data_ptr(), tensor.sizes().vec(), tensor.strides().vec()}];
  if (held.defined()) return out;
  held = tensor;
  const auto known = names_.find(tensor.data_ptr());
  const std::string stem = known == names_.end() ? "constant" : known->second;
  return out = constant(tensor, tensor.dim() == 2 && !tensor.is_contiguous() ? stem + ".transposed" : stem);
}

std::string OnnxBuilder::transposed_matrix(const TracedValue* value) {
  const torch::Tensor matrix = constant_of(value);
  if (matrix.defined()) return traced_constant(matrix.t());
  return add("Transpose", {name(value)}, {attribute("perm", std::vector<int64_t>{1, 0})});
}

std::string OnnxBuilder::integers(const std::vector<int64_t>& values) {
  std::string& name = integer_lists_[values];
  if (name.empty()) name = constant(torch::tensor(values, torch::kInt64), "integers");
  return name;
}

std::string OnnxBuilder::scalar(double value, torch::Dtype dtype) {
  std::string& name = scalars_[{value, dtype}];
  if (name.empty()) name = constant(torch::full({}, value, dtype), "scalar");
  return name;
}

std::string OnnxBuilder::add(const std::string& op, const std::vector<std::string>& inputs,
                             const std::vector<OnnxAttribute>& attributes) {
  OnnxNode node;
  node.op = op;
  node.inputs = inputs;
  node.attributes = attributes;
  node.outputs = {fresh(op)};
  graph_.nodes.push_back(node);
  return node.outputs.front();
}

std::string OnnxBuilder::shaped(const char* op, const std::string& x, const OnnxShape& from, const OnnxShape& to) {
  if (from == to) return x;
  const std::string out = add(op, {x});
  graph_.nodes.back().target.push_back({from, to});
  return out;
}

std::string OnnxBuilder::cast(const std::string& x, torch::Dtype to) {
  // Numbers of onnx.proto's TensorProto.DataType.
  static const std::map<OnnxType, int64_t> numbers = {
      {OnnxType::kFloat, 1}, {OnnxType::kInt32, 6}, {OnnxType::kInt64, 7}, {OnnxType::kBool, 9}, {OnnxType::kDouble, 11}};
  return add("Cast", {x}, {attribute("to", numbers.at(onnx_type_of(to)))});
}

std::string OnnxBuilder::slice(const std::string& x, int64_t axis, int64_t begin, int64_t end, int64_t step) {
  return add("Slice", {x, integers({begin}), integers({end}), integers({axis}), integers({step})});
}

std::string OnnxBuilder::fresh(const std::string& stem) {
  const int64_t times = used_[stem]++;
  return times == 0 ? stem : concat(stem, "_", times);
}

}  // namespace tss
