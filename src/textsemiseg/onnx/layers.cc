// Rules for layers: convolution, normalisation, linear maps, attention, re-sampling, pooling.
#include <ATen/PadNd.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "textsemiseg/onnx/builder.h"

namespace tss {
namespace {

using Ints = std::vector<int64_t>;

size_t spatial_axes(const TracedValue* x) { return static_cast<size_t>(OnnxBuilder::rank(x) - 2); }

// ONNX wants the padding of all low ends, then of all high ends.
Ints both_ends(Ints low, const Ints& high) {
  low.insert(low.end(), high.begin(), high.end());
  return low;
}

// A weight or bias that may be missing, with the value it then stands for.
std::string weight_or(const TracedOperation& op, OnnxBuilder& b, const char* argument, double value, int64_t channels) {
  if (op.given(argument)) return b.name(op.value(argument));
  return b.constant(torch::full({channels}, value));
}

// A weight [C] beside [N, C, ...]: as [C, 1, ...].
std::string per_channel(const TracedOperation& op, OnnxBuilder& b, const char* argument, size_t axes) {
  OnnxShape shape(axes + 1, 1);
  shape[0] = OnnxBuilder::shape(op.value(argument)).at(0);
  return b.reshape(b.name(op.value(argument)), {shape[0]}, shape);
}

void convolution(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("input");
  const OnnxShape weight = OnnxBuilder::shape(op.value("weight"));
  const size_t axes = spatial_axes(x);
  const bool transposed = op.has("transposed") ? op.flag("transposed") : op.name().find("transpose") != std::string::npos;
  std::vector<std::string> inputs{b.name(x), b.name(op.value("weight"))};
  if (op.given("bias")) inputs.push_back(b.name(op.value("bias")));
  const Ints padding = op.integers("padding", axes);
  std::vector<OnnxAttribute> attributes{
      attribute("kernel_shape", Ints(weight.begin() + 2, weight.end())), attribute("strides", op.integers("stride", axes)),
      attribute("pads", both_ends(padding, padding)), attribute("dilations", op.integers("dilation", axes)),
      attribute("group", op.integer("groups"))};
  if (transposed) attributes.push_back(attribute("output_padding", op.integers("output_padding", axes)));
  b.set(op.output(), b.add(transposed ? "ConvTranspose" : "Conv", inputs, attributes));
}

void batch_norm(const TracedOperation& op, OnnxBuilder& b) {
  if (op.flag("training") || !op.given("running_mean")) op.refuse("uses the statistics of the batch, not those of the training");
  const TracedValue* x = op.value("input");
  const int64_t channels = OnnxBuilder::shape(x).at(1);
  b.set(op.output(), b.add("BatchNormalization",
                           {b.name(x), weight_or(op, b, "weight", 1, channels), weight_or(op, b, "bias", 0, channels),
                            b.name(op.value("running_mean")), b.name(op.value("running_var"))},
                           {attribute("epsilon", op.number("eps"))}));
}

// Axis by axis: over all voxels at once runtimes add up in single precision and are off by 1e-6 of the mean, which twenty layers of
// normalisation turn into 1e-4 of a probability.
std::string mean_over(OnnxBuilder& b, std::string x, const Ints& axes) {
  for (size_t i = axes.size(); i-- > 0;)
    x = b.add("ReduceMean", {x}, {attribute("axes", Ints{axes[i]}), attribute("keepdims", int64_t{1})});
  return x;
}

// (x - mean) / sqrt(variance + eps)
std::string standardised(const TracedOperation& op, OnnxBuilder& b, const std::string& x, const Ints& axes) {
  const std::string centred = b.add("Sub", {x, mean_over(b, x, axes)});
  const std::string variance = mean_over(b, b.add("Mul", {centred, centred}), axes);
  return b.add("Div", {centred, b.add("Sqrt", {b.add("Add", {variance, b.scalar(op.number("eps"))})})});
}

Ints axes_from(int64_t first, int64_t end) {
  Ints axes(static_cast<size_t>(end - first));
  std::iota(axes.begin(), axes.end(), first);
  return axes;
}

std::string scaled_per_channel(const TracedOperation& op, OnnxBuilder& b, std::string y, size_t axes) {
  if (op.given("weight")) y = b.add("Mul", {y, per_channel(op, b, "weight", axes)});
  if (op.given("bias")) y = b.add("Add", {y, per_channel(op, b, "bias", axes)});
  return y;
}

void instance_norm(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("input");
  if (!op.flag("use_input_stats")) op.refuse("uses the statistics of the training, not those of its input");
  const std::string y = standardised(op, b, b.name(x), axes_from(2, OnnxBuilder::rank(x)));
  b.set(op.output(), scaled_per_channel(op, b, y, spatial_axes(x)));
}

// A group's channels are laid along the first spatial axis, which leaves the others as they come.
void group_norm(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("input");
  const OnnxShape shape = OnnxBuilder::shape(x);
  OnnxShape grouped = shape;
  grouped.at(1) = op.integer("num_groups");
  grouped.at(2) *= shape[1] / grouped[1];
  const std::string y = standardised(op, b, b.reshape(b.name(x), shape, grouped), axes_from(2, OnnxBuilder::rank(x)));
  b.set(op.output(), scaled_per_channel(op, b, b.reshape(y, grouped, shape), spatial_axes(x)));
}

void layer_norm(const TracedOperation& op, OnnxBuilder& b) {
  const auto count = static_cast<int64_t>(op.integers("normalized_shape").size());
  std::string y = standardised(op, b, b.name(op.value("input")), axes_from(-count, 0));
  if (op.given("weight")) y = b.add("Mul", {y, b.name(op.value("weight"))});
  if (op.given("bias")) y = b.add("Add", {y, b.name(op.value("bias"))});
  b.set(op.output(), y);
}

// y = x W^T + b
void linear(const TracedOperation& op, OnnxBuilder& b) {
  std::string y = b.add("MatMul", {b.name(op.value("input")), b.transposed_matrix(op.value("weight"))});
  if (op.given("bias")) y = b.add("Add", {y, b.name(op.value("bias"))});
  b.set(op.output(), y);
}

void matmul(const TracedOperation& op, OnnxBuilder& b) {
  b.set(op.output(), b.add("MatMul", {b.name(op.value("self")), b.name(op.value(op.has("other") ? "other" : "mat2"))}));
}

// beta * self + alpha * (a b)
void add_product(const TracedOperation& op, OnnxBuilder& b) {
  const bool batched = op.has("batch1");
  const auto scaled = [&](std::string x, const char* factor) {
    return op.number(factor) == 1 ? x : b.add("Mul", {x, b.scalar(op.number(factor))});
  };
  const std::string product =
      b.add("MatMul", {b.name(op.value(batched ? "batch1" : "mat1")), b.name(op.value(batched ? "batch2" : "mat2"))});
  b.set(op.output(), b.add("Add", {scaled(b.name(op.value("self")), "beta"), scaled(product, "alpha")}));
}

void einsum(const TracedOperation& op, OnnxBuilder& b) {
  std::vector<std::string> inputs;
  for (const TracedValue* one : op.list("tensors")) inputs.push_back(b.name(one));
  b.set(op.output(), b.add("Einsum", inputs, {attribute("equation", op.text("equation").c_str())}));
}

// softmax(q k^T scale + mask) v
void attention(const TracedOperation& op, OnnxBuilder& b) {
  if (op.flag("is_causal")) op.refuse("is causal");
  if (op.has("enable_gqa") && op.flag("enable_gqa")) op.refuse("shares heads");
  const TracedValue* query = op.value("query");
  const OnnxShape shape = OnnxBuilder::shape(query);
  const double scale = op.given("scale") ? op.number("scale") : 1 / std::sqrt(static_cast<double>(shape.back()));
  Ints turn;
  for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i) turn.push_back(i);
  std::swap(turn[turn.size() - 1], turn[turn.size() - 2]);
  const std::string keys = b.add("Transpose", {b.name(op.value("key"))}, {attribute("perm", turn)});
  std::string scores = b.add("Mul", {b.add("MatMul", {b.name(query), keys}), b.scalar(scale)});
  if (op.given("attn_mask")) {
    const TracedValue* mask = op.value("attn_mask");
    if (OnnxBuilder::dtype(mask) == torch::kBool)
      scores = b.add("Where", {b.name(mask), scores, b.scalar(-std::numeric_limits<float>::infinity())});
    else
      scores = b.add("Add", {scores, b.name(mask)});
  }
  const std::string weights = b.add("Softmax", {scores}, {attribute("axis", int64_t{-1})});
  b.set(op.output(), b.add("MatMul", {weights, b.name(op.value("value"))}));
}

// Scales where they give the traced size exactly (they hold for other sizes too), sizes otherwise.
void resize(const TracedOperation& op, OnnxBuilder& b, const char* mode, const char* coordinates) {
  const TracedValue* x = op.node().inputs().at(0);
  const OnnxShape from = OnnxBuilder::shape(x), to = OnnxBuilder::shape(op.output());
  torch::Tensor scales = torch::ones({static_cast<int64_t>(from.size())});
  bool exact = true;
  for (size_t i = 2; i < from.size(); ++i) {
    const float scale = static_cast<float>(to[i]) / static_cast<float>(from[i]);
    scales[static_cast<int64_t>(i)] = scale;
    exact = exact && scale == std::floor(scale);
  }
  std::vector<OnnxAttribute> attributes{attribute("mode", mode), attribute("coordinate_transformation_mode", coordinates)};
  if (std::string(mode) == "nearest") attributes.push_back(attribute("nearest_mode", "floor"));
  std::vector<std::string> inputs{b.name(x), "", exact ? b.constant(scales, "scales") : ""};
  if (!exact) inputs.push_back(b.integers(to));
  b.set(op.output(), b.add("Resize", inputs, attributes));
}

void resize_linear(const TracedOperation& op, OnnxBuilder& b) {
  resize(op, b, "linear", op.flag("align_corners") ? "align_corners" : "pytorch_half_pixel");
}

void resize_nearest(const TracedOperation& op, OnnxBuilder& b) { resize(op, b, "nearest", "asymmetric"); }

std::vector<OnnxAttribute> pooling(const TracedOperation& op, const char* input) {
  const size_t axes = spatial_axes(op.value(input));
  const Ints kernel = op.integers("kernel_size", axes);
  const Ints stride = op.integers("stride").empty() ? kernel : op.integers("stride", axes);
  const Ints padding = op.integers("padding", axes);
  if (op.flag("ceil_mode")) op.refuse("rounds its sizes up");
  return {attribute("kernel_shape", kernel), attribute("strides", stride), attribute("pads", both_ends(padding, padding))};
}

void max_pool(const TracedOperation& op, OnnxBuilder& b) {
  std::vector<OnnxAttribute> attributes = pooling(op, "self");
  attributes.push_back(attribute("dilations", op.integers("dilation", spatial_axes(op.value("self")))));
  b.set(op.output(), b.add("MaxPool", {b.name(op.value("self"))}, attributes));
}

void average_pool(const TracedOperation& op, OnnxBuilder& b) {
  if (op.given("divisor_override")) op.refuse("has a divisor of its own");
  std::vector<OnnxAttribute> attributes = pooling(op, "self");
  attributes.push_back(attribute("count_include_pad", static_cast<int64_t>(op.flag("count_include_pad"))));
  b.set(op.output(), b.add("AveragePool", {b.name(op.value("self"))}, attributes));
}

// Whole blocks only: to one value, or to a divisor of the sides.
void adaptive_pool(const TracedOperation& op, OnnxBuilder& b, const char* whole, const char* blocks) {
  const TracedValue* x = op.value("self");
  const OnnxShape from = OnnxBuilder::shape(x), to = OnnxBuilder::shape(op.output());
  Ints kernel;
  bool one = true;
  for (size_t i = 2; i < from.size(); ++i) {
    if (from[i] % to[i] != 0) op.refuse("has blocks of unequal sizes");
    kernel.push_back(from[i] / to[i]);
    one = one && to[i] == 1;
  }
  b.set(op.output(), one ? b.add(whole, {b.name(x)})
                         : b.add(blocks, {b.name(x)}, {attribute("kernel_shape", kernel), attribute("strides", kernel)}));
}

void adaptive_average(const TracedOperation& op, OnnxBuilder& b) { adaptive_pool(op, b, "GlobalAveragePool", "AveragePool"); }
void adaptive_max(const TracedOperation& op, OnnxBuilder& b) { adaptive_pool(op, b, "GlobalMaxPool", "MaxPool"); }

// constant, reflect, edge (replicate), or circular, which ONNX lacks. ATen has the mode in the operation's name, as text or as a number.
std::string padding_mode(const TracedOperation& op) {
  if (op.name().find("reflection") != std::string::npos) return "reflect";
  if (op.name().find("replication") != std::string::npos) return "edge";
  if (!op.has("mode")) return "constant";
  const c10::IValue mode = op.constant("mode");
  if (mode.isString()) return mode.toStringRef() == "replicate" ? "edge" : mode.toStringRef();
  switch (static_cast<at::padding_mode>(mode.toInt())) {
    case at::padding_mode::reflect:
      return "reflect";
    case at::padding_mode::replicate:
      return "edge";
    case at::padding_mode::circular:
      return "circular";
    case at::padding_mode::constant:
      return "constant";
  }
  op.refuse("pads in an unknown mode");
}

// ATen names the last axis first.
void pad(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("self");
  const Ints given = op.integers(op.has("pad") ? "pad" : "padding");
  const auto rank = static_cast<size_t>(OnnxBuilder::rank(x));
  Ints pads(2 * rank, 0);
  for (size_t i = 0; i < given.size() / 2; ++i) {
    pads[rank - 1 - i] = given[2 * i];
    pads[2 * rank - 1 - i] = given[2 * i + 1];
  }
  const std::string mode = padding_mode(op);
  if (mode == "circular") op.refuse("wraps around");
  std::vector<std::string> inputs{b.name(x), b.integers(pads)};
  if (mode == "constant") inputs.push_back(b.scalar(op.given("value") ? op.number("value") : 0, OnnxBuilder::dtype(x)));
  b.set(op.output(), b.add("Pad", inputs, {attribute("mode", mode.c_str())}));
}

}  // namespace

void add_layer_rules(OnnxRules& rules) {
  for (const char* axes : {"1d", "2d", "3d"}) {
    const std::string n = axes;
    rules["aten::conv" + n] = convolution;
    rules["aten::conv_transpose" + n] = convolution;
    rules["aten::max_pool" + n] = max_pool;
    rules["aten::avg_pool" + n] = average_pool;
    rules["aten::adaptive_avg_pool" + n] = adaptive_average;
    rules["aten::adaptive_max_pool" + n] = adaptive_max;
    rules["aten::reflection_pad" + n] = pad;
    rules["aten::replication_pad" + n] = pad;
    rules["aten::upsample_nearest" + n] = resize_nearest;
  }
  rules.insert({
      {"aten::_convolution", convolution},
      {"aten::convolution", convolution},
      {"aten::batch_norm", batch_norm},
      {"aten::instance_norm", instance_norm},
      {"aten::group_norm", group_norm},
      {"aten::layer_norm", layer_norm},
      {"aten::linear", linear},
      {"aten::matmul", matmul},
      {"aten::bmm", matmul},
      {"aten::mm", matmul},
      {"aten::addmm", add_product},
      {"aten::baddbmm", add_product},
      {"aten::einsum", einsum},
      {"aten::scaled_dot_product_attention", attention},
      {"aten::upsample_linear1d", resize_linear},
      {"aten::upsample_bilinear2d", resize_linear},
      {"aten::upsample_trilinear3d", resize_linear},
      {"aten::constant_pad_nd", pad},
      {"aten::pad", pad},
      {"aten::_pad_enum", pad},
  });
}

}  // namespace tss
