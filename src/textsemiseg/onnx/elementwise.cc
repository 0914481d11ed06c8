// Rules for operations that look at each element alone.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "textsemiseg/onnx/builder.h"

namespace tss {
namespace {

// An argument in the type in which the operation computes; plain numbers and tensors without axes take any.
std::string operand(const TracedOperation& op, OnnxBuilder& b, const char* argument, torch::Dtype type) {
  const TracedValue* value = op.value(argument);
  const torch::Tensor constant = OnnxBuilder::constant_of(value);
  if (constant.defined() && constant.dim() == 0) return b.scalar(constant.item<double>(), type);
  return OnnxBuilder::dtype(value) == type ? b.name(value) : b.cast(b.name(value), type);
}

// The name of an ONNX operator as a template argument.
template <size_t n>
struct OnnxName {
  constexpr OnnxName(const char (&name)[n]) { std::copy_n(name, n, text); }
  char text[n];
};

torch::Dtype result_type(const TracedOperation& op) { return OnnxBuilder::dtype(op.output()); }

template <OnnxName kOp>
void unary(const TracedOperation& op, OnnxBuilder& b) {
  b.set(op.output(), b.add(kOp.text, {operand(op, b, "self", result_type(op))}));
}

template <OnnxName kOp>
void binary(const TracedOperation& op, OnnxBuilder& b) {
  const torch::Dtype type = result_type(op);
  if (op.given("rounding_mode")) op.refuse("rounds its result");
  std::string other = operand(op, b, "other", type);
  if (op.has("alpha") && op.number("alpha") != 1) other = b.add("Mul", {other, b.scalar(op.number("alpha"), type)});
  b.set(op.output(), b.add(kOp.text, {operand(op, b, "self", type), other}));
}

void reversed_subtraction(const TracedOperation& op, OnnxBuilder& b) {
  const torch::Dtype type = result_type(op);
  std::string self = operand(op, b, "self", type);
  if (op.has("alpha") && op.number("alpha") != 1) self = b.add("Mul", {self, b.scalar(op.number("alpha"), type)});
  b.set(op.output(), b.add("Sub", {operand(op, b, "other", type), self}));
}

template <OnnxName kOp>
void compare(const TracedOperation& op, OnnxBuilder& b) {
  const torch::Dtype type = OnnxBuilder::dtype(op.value("self"));
  b.set(op.output(), b.add(kOp.text, {operand(op, b, "self", type), operand(op, b, "other", type)}));
}

void differ(const TracedOperation& op, OnnxBuilder& b) {
  const torch::Dtype type = OnnxBuilder::dtype(op.value("self"));
  b.set(op.output(), b.add("Not", {b.add("Equal", {operand(op, b, "self", type), operand(op, b, "other", type)})}));
}

void where(const TracedOperation& op, OnnxBuilder& b) {
  const torch::Dtype type = result_type(op);
  b.set(op.output(),
        b.add("Where", {operand(op, b, "condition", torch::kBool), operand(op, b, "self", type), operand(op, b, "other", type)}));
}

void masked_fill(const TracedOperation& op, OnnxBuilder& b) {
  const torch::Dtype type = result_type(op);
  b.set(op.output(),
        b.add("Where", {operand(op, b, "mask", torch::kBool), operand(op, b, "value", type), operand(op, b, "self", type)}));
}

void power(const TracedOperation& op, OnnxBuilder& b) {
  const torch::Dtype type = result_type(op);
  b.set(op.output(), b.add("Pow", {operand(op, b, "self", type), operand(op, b, "exponent", type)}));
}

void square(const TracedOperation& op, OnnxBuilder& b) {
  const std::string x = b.name(op.value("self"));
  b.set(op.output(), b.add("Mul", {x, x}));
}

void reciprocal_root(const TracedOperation& op, OnnxBuilder& b) {
  b.set(op.output(), b.add("Reciprocal", {b.add("Sqrt", {b.name(op.value("self"))})}));
}

void clamp(const TracedOperation& op, OnnxBuilder& b) {
  const torch::Dtype type = result_type(op);
  const auto bound = [&](const char* argument) { return op.given(argument) ? operand(op, b, argument, type) : std::string(); };
  b.set(op.output(), b.add("Clip", {operand(op, b, "self", type), bound("min"), bound("max")}));
}

void hard_tanh(const TracedOperation& op, OnnxBuilder& b) {
  b.set(op.output(), b.add("Clip", {b.name(op.value("self")), b.scalar(op.number("min_val")), b.scalar(op.number("max_val"))}));
}

void relu6(const TracedOperation& op, OnnxBuilder& b) {
  b.set(op.output(), b.add("Clip", {b.name(op.value("self")), b.scalar(0), b.scalar(6)}));
}

void leaky_relu(const TracedOperation& op, OnnxBuilder& b) {
  b.set(op.output(), b.add("LeakyRelu", {b.name(op.value("self"))}, {attribute("alpha", op.number("negative_slope"))}));
}

void elu(const TracedOperation& op, OnnxBuilder& b) {
  if (op.number("scale") != 1 || op.number("input_scale") != 1) op.refuse("is scaled");
  b.set(op.output(), b.add("Elu", {b.name(op.value("self"))}, {attribute("alpha", op.number("alpha"))}));
}

void prelu(const TracedOperation& op, OnnxBuilder& b) {
  // One slope per channel: the weight gets the axes that follow the channel.
  const OnnxShape slopes = OnnxBuilder::shape(op.value("weight"));
  OnnxShape lined_up = slopes;
  for (int64_t axis = 2; axis < OnnxBuilder::rank(op.value("self")); ++axis) lined_up.push_back(1);
  b.set(op.output(), b.add("PRelu", {b.name(op.value("self")), b.reshape(b.name(op.value("weight")), slopes, lined_up)}));
}

void silu(const TracedOperation& op, OnnxBuilder& b) {
  const std::string x = b.name(op.value("self"));
  b.set(op.output(), b.add("Mul", {x, b.add("Sigmoid", {x})}));
}

void softplus(const TracedOperation& op, OnnxBuilder& b) {
  if (op.number("beta") != 1) op.refuse("has beta other than 1");
  b.set(op.output(), b.add("Softplus", {b.name(op.value("self"))}));
}

// x Phi(x): 0.5 x (1 + erf(x / sqrt 2)), or with tanh the usual approximation 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
void gelu(const TracedOperation& op, OnnxBuilder& b) {
  const std::string x = b.name(op.value("self"));
  std::string inner;
  if (op.has("approximate") && op.text("approximate") == "tanh") {
    const std::string cube = b.add("Mul", {b.add("Mul", {x, x}), x});
    const std::string sum = b.add("Add", {x, b.add("Mul", {cube, b.scalar(0.044715)})});
    inner = b.add("Tanh", {b.add("Mul", {sum, b.scalar(std::sqrt(2 / std::numbers::pi))})});
  } else {
    inner = b.add("Erf", {b.add("Mul", {x, b.scalar(std::numbers::sqrt2 / 2)})});
  }
  const std::string half = b.add("Mul", {x, b.scalar(0.5)});
  b.set(op.output(), b.add("Mul", {half, b.add("Add", {inner, b.scalar(1)})}));
}

void identity(const TracedOperation& op, OnnxBuilder& b) { b.set(op.output(), b.name(op.node().inputs().at(0))); }

// Dropout of any kind: nothing happens outside training.
void dropout(const TracedOperation& op, OnnxBuilder& b) {
  if (op.flag("train")) op.refuse("is in training mode");
  identity(op, b);
}

void convert(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.node().inputs().at(0);
  const torch::Dtype type = result_type(op);
  b.set(op.output(), OnnxBuilder::dtype(x) == type ? b.name(x) : b.cast(b.name(x), type));
}

// A tensor of one value in the shape of another one.
void filled_like(const TracedOperation& op, OnnxBuilder& b) {
  const std::string kind = op.name();
  const double value = kind == "aten::zeros_like" ? 0 : kind == "aten::ones_like" ? 1 : op.number("fill_value");
  const std::string shape = b.add("Shape", {b.name(op.node().inputs().at(0))});
  b.set(op.output(), b.add("Expand", {b.scalar(value, result_type(op)), shape}));
}

}  // namespace

void add_elementwise_rules(OnnxRules& rules) {
  rules.insert({
      {"aten::relu", unary<"Relu">},
      {"aten::sigmoid", unary<"Sigmoid">},
      {"aten::tanh", unary<"Tanh">},
      {"aten::exp", unary<"Exp">},
      {"aten::log", unary<"Log">},
      {"aten::sqrt", unary<"Sqrt">},
      {"aten::abs", unary<"Abs">},
      {"aten::neg", unary<"Neg">},
      {"aten::erf", unary<"Erf">},
      {"aten::selu", unary<"Selu">},
      {"aten::reciprocal", unary<"Reciprocal">},
      {"aten::floor", unary<"Floor">},
      {"aten::ceil", unary<"Ceil">},
      {"aten::round", unary<"Round">},
      {"aten::sign", unary<"Sign">},
      {"aten::logical_not", unary<"Not">},
      {"aten::add", binary<"Add">},
      {"aten::sub", binary<"Sub">},
      {"aten::rsub", reversed_subtraction},
      {"aten::mul", binary<"Mul">},
      {"aten::div", binary<"Div">},
      {"aten::maximum", binary<"Max">},
      {"aten::minimum", binary<"Min">},
      {"aten::gt", compare<"Greater">},
      {"aten::ge", compare<"GreaterOrEqual">},
      {"aten::lt", compare<"Less">},
      {"aten::le", compare<"LessOrEqual">},
      {"aten::eq", compare<"Equal">},
      {"aten::ne", differ},
      {"aten::logical_and", compare<"And">},
      {"aten::logical_or", compare<"Or">},
      {"aten::where", where},
      {"aten::masked_fill", masked_fill},
      {"aten::pow", power},
      {"aten::square", square},
      {"aten::rsqrt", reciprocal_root},
      {"aten::clamp", clamp},
      {"aten::clamp_min", clamp},
      {"aten::clamp_max", clamp},
      {"aten::hardtanh", hard_tanh},
      {"aten::relu6", relu6},
      {"aten::leaky_relu", leaky_relu},
      {"aten::elu", elu},
      {"aten::prelu", prelu},
      {"aten::silu", silu},
      {"aten::softplus", softplus},
      {"aten::gelu", gelu},
      {"aten::contiguous", identity},
      {"aten::detach", identity},
      {"aten::clone", identity},
      {"aten::alias", identity},
      {"aten::lift_fresh", identity},
      {"aten::empty_like", identity},  // only its shape means anything
      {"aten::dropout", dropout},
      {"aten::feature_dropout", dropout},
      {"aten::alpha_dropout", dropout},
      {"aten::feature_alpha_dropout", dropout},
      {"aten::to", convert},
      {"aten::type_as", convert},
      {"aten::zeros_like", filled_like},
      {"aten::ones_like", filled_like},
      {"aten::full_like", filled_like},
  });
}

}  // namespace tss
