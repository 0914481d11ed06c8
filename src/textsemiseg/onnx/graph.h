// An ONNX graph as plain data: what a converter fills and onnx/file.h writes. Neither LibTorch nor libonnx is seen here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace tss {

enum class OnnxType { kFloat, kDouble, kInt32, kInt64, kBool };
int64_t onnx_type_bytes(OnnxType type);

using OnnxShape = std::vector<int64_t>;

// A constant: a weight, or a small list of integers. The bytes are little-endian, C order, and belong to whoever `data` keeps alive.
struct OnnxTensor {
  std::string name;
  OnnxType type = OnnxType::kFloat;
  OnnxShape shape;
  std::shared_ptr<const void> data;

  int64_t elements() const;
  int64_t bytes() const { return elements() * onnx_type_bytes(type); }
};

struct OnnxAttribute {
  std::string name;
  std::variant<int64_t, float, std::string, std::vector<int64_t>> value;

  bool operator==(const OnnxAttribute&) const = default;
};

// The shape operand of Reshape and Expand. It is kept apart from the constants until the file is written, because sizes that differ
// between inputs may become "as it comes" (onnx/free_sizes.h).
struct OnnxTarget {
  OnnxShape from, to;

  bool operator==(const OnnxTarget&) const = default;
};

struct OnnxNode {
  std::string op;
  std::vector<std::string> inputs;  // an empty name: this optional input is not given
  std::vector<std::string> outputs;
  std::vector<OnnxAttribute> attributes;
  std::vector<OnnxTarget> target;  // none, or the one that follows the inputs
};

// An input or output. A side with a symbol may have any size, and sizes with equal symbols are equal.
struct OnnxValue {
  std::string name;
  OnnxType type = OnnxType::kFloat;
  OnnxShape shape;
  std::vector<std::string> symbols;  // as many as sides; empty: the size stands in shape
};

struct OnnxGraph {
  std::string name;
  std::vector<OnnxValue> inputs, outputs;
  std::vector<OnnxTensor> constants;
  std::vector<OnnxNode> nodes;                  // in an order in which they can be computed
  std::map<std::string, std::string> metadata;  // of the file
};

}  // namespace tss
