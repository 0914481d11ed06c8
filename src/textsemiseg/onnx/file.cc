#include "textsemiseg/onnx/file.h"

#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/stream_file.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr int64_t kMostBytes = 2'000'000'000;  // protobuf ends at 2^31; the rest is for the graph itself

int onnx_type(OnnxType type) {
  switch (type) {
    case OnnxType::kFloat:
      return onnx::TensorProto::FLOAT;
    case OnnxType::kDouble:
      return onnx::TensorProto::DOUBLE;
    case OnnxType::kInt32:
      return onnx::TensorProto::INT32;
    case OnnxType::kInt64:
      return onnx::TensorProto::INT64;
    case OnnxType::kBool:
      return onnx::TensorProto::BOOL;
  }
  throw Error("unknown type of an ONNX constant");
}

void write_tensor(const std::string& name, OnnxType type, const OnnxShape& shape, const void* data, int64_t bytes,
                  onnx::GraphProto& out) {
  onnx::TensorProto& tensor = *out.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx_type(type));
  for (const int64_t side : shape) tensor.add_dims(side);
  tensor.set_raw_data(data, static_cast<size_t>(bytes));
}

struct AttributeWriter {
  onnx::AttributeProto& out;

  void operator()(int64_t value) const {
    out.set_type(onnx::AttributeProto::INT);
    out.set_i(value);
  }
  void operator()(float value) const {
    out.set_type(onnx::AttributeProto::FLOAT);
    out.set_f(value);
  }
  void operator()(const std::string& value) const {
    out.set_type(onnx::AttributeProto::STRING);
    out.set_s(value);
  }
  void operator()(const std::vector<int64_t>& values) const {
    out.set_type(onnx::AttributeProto::INTS);
    for (const int64_t value : values) out.add_ints(value);
  }
};

void write_node(const OnnxNode& node, onnx::GraphProto& out) {
  onnx::NodeProto& proto = *out.add_node();
  proto.set_op_type(node.op);
  proto.set_name(node.outputs.front());
  for (const std::string& input : node.inputs) proto.add_input(input);
  for (const std::string& output : node.outputs) proto.add_output(output);
  for (const OnnxAttribute& attribute : node.attributes) {
    onnx::AttributeProto& one = *proto.add_attribute();
    one.set_name(attribute.name);
    std::visit(AttributeWriter{one}, attribute.value);
  }
  for (const OnnxTarget& target : node.target) {
    const std::string name = node.outputs.front() + ".shape";
    proto.add_input(name);
    write_tensor(name, OnnxType::kInt64, {static_cast<int64_t>(target.to.size())}, target.to.data(),
                 static_cast<int64_t>(target.to.size() * sizeof(int64_t)), out);
  }
}

void write_value(const OnnxValue& value, onnx::ValueInfoProto& out) {
  out.set_name(value.name);
  auto& tensor = *out.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx_type(value.type));
  for (size_t i = 0; i < value.shape.size(); ++i) {
    auto& side = *tensor.mutable_shape()->add_dim();
    if (i < value.symbols.size() && !value.symbols[i].empty())
      side.set_dim_param(value.symbols[i]);
    else
      side.set_dim_value(value.shape[i]);
  }
}

onnx::ModelProto to_proto(const OnnxGraph& graph) {
  onnx::ModelProto model;
  model.set_ir_version(kOnnxIrVersion);
  model.set_producer_name("textsemiseg");
  onnx::OperatorSetIdProto& opset = *model.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOnnxOpset);
  for (const auto& [key, value] : graph.metadata) {
    onnx::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  onnx::GraphProto& out = *model.mutable_graph();
  out.set_name(graph.name);
  for (const OnnxValue& value : graph.inputs) write_value(value, *out.add_input());
  for (const OnnxValue& value : graph.outputs) write_value(value, *out.add_output());
  for (const OnnxTensor& tensor : graph.constants)
    write_tensor(tensor.name, tensor.type, tensor.shape, tensor.data.get(), tensor.bytes(), out);
  for (const OnnxNode& node : graph.nodes) write_node(node, out);
  return model;
}

}  // namespace

int64_t onnx_type_bytes(OnnxType type) {
  switch (type) {
    case OnnxType::kFloat:
    case OnnxType::kInt32:
      return 4;
    case OnnxType::kDouble:
    case OnnxType::kInt64:
      return 8;
    case OnnxType::kBool:
      return 1;
  }
  throw Error("unknown type of an ONNX constant");
}

int64_t OnnxTensor::elements() const {
  int64_t count = 1;
  for (const int64_t side : shape) count *= side;
  return count;
}

void write_onnx(const std::filesystem::path& path, const OnnxGraph& graph) {
  int64_t bytes = 0;
  for (const OnnxTensor& tensor : graph.constants) bytes += tensor.bytes();
  if (bytes > kMostBytes)
    throw InputError(path.string(), concat("would hold ", fixed(static_cast<double>(bytes) * 1e-9, 1), " GB of weights"),
                     "at most 2 GB, which is where one ONNX file ends (safetensors has no such limit)");
  onnx::ModelProto model = to_proto(graph);
  try {
    onnx::checker::check_model(model);
    // Strict: an operator whose shapes do not fit is an error here, not at the first use.
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), onnx::ShapeInferenceOptions(true, 1, true));
  } catch (const std::exception& error) {
    std::string message = error.what();
    for (char& c : message)
      if (c == '\n') c = ' ';
    throw Error(path.string() + ": the ONNX graph is not valid: " + message);
  }
  write_stream_file(path, [&](std::ostream& out) {
    if (!model.SerializeToOstream(&out)) out.setstate(std::ios::failbit);
  });
}

}  // namespace tss
