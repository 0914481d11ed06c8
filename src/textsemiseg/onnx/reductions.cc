// Rules for sums, means, extremes and norms over axes, and for softmax.
#include <cmath>
#include <numeric>

#include "textsemiseg/onnx/builder.h"

namespace tss {
namespace {

using Ints = std::vector<int64_t>;

struct Over {
  Ints axes;
  bool keep = false;
};

// No axes given: all of them.
Over axes_of(const TracedOperation& op) {
  const int64_t rank = OnnxBuilder::rank(op.value("self"));
  Over over;
  if (op.given("dim")) over.axes = op.integers("dim");
  if (over.axes.empty()) {
    over.axes.resize(static_cast<size_t>(rank));
    std::iota(over.axes.begin(), over.axes.end(), 0);
  }
  for (int64_t& axis : over.axes) axis += axis < 0 ? rank : 0;
  over.keep = op.has("keepdim") && op.flag("keepdim");
  return over;
}

std::string in_result_type(const TracedOperation& op, OnnxBuilder& b, const TracedValue* x) {
  const torch::Dtype type = OnnxBuilder::dtype(op.output());
  return OnnxBuilder::dtype(x) == type ? b.name(x) : b.cast(b.name(x), type);
}

// Opset 13 gives the axes of a sum as an input and those of every other reduction as an attribute.
std::string reduce(OnnxBuilder& b, const std::string& kind, const std::string& x, const Over& over) {
  const OnnxAttribute keep = attribute("keepdims", static_cast<int64_t>(over.keep));
  if (kind == "ReduceSum") return b.add(kind, {x, b.integers(over.axes)}, {keep});
  return b.add(kind, {x}, {attribute("axes", over.axes), keep});
}

void mean(const TracedOperation& op, OnnxBuilder& b) {
  b.set(op.output(), reduce(b, "ReduceMean", in_result_type(op, b, op.value("self")), axes_of(op)));
}
void sum(const TracedOperation& op, OnnxBuilder& b) {
  b.set(op.output(), reduce(b, "ReduceSum", in_result_type(op, b, op.value("self")), axes_of(op)));
}

// max and min of two tensors are maximum and minimum; along one axis they come with an index.
void extreme(const TracedOperation& op, OnnxBuilder& b, const char* pair, const char* along) {
  if (op.has("other")) {
    b.set(op.output(), b.add(pair, {b.name(op.value("self")), b.name(op.value("other"))}));
    return;
  }
  if (op.node().outputs().size() > 1 && op.output(1)->hasUses()) op.refuse("is asked where the extreme is");
  b.set(op.output(), reduce(b, along, b.name(op.value("self")), axes_of(op)));
}
void maximum(const TracedOperation& op, OnnxBuilder& b) { extreme(op, b, "Max", "ReduceMax"); }
void minimum(const TracedOperation& op, OnnxBuilder& b) { extreme(op, b, "Min", "ReduceMin"); }

void arg_extreme(const TracedOperation& op, OnnxBuilder& b) {
  if (!op.given("dim")) op.refuse("names no axis");
  b.set(op.output(),
        b.add(op.name() == "aten::argmax" ? "ArgMax" : "ArgMin", {b.name(op.value("self"))},
              {attribute("axis", op.integer("dim")), attribute("keepdims", static_cast<int64_t>(op.flag("keepdim")))}));
}

void norm(const TracedOperation& op, OnnxBuilder& b) {
  const char* order = op.has("ord") ? "ord" : "p";
  const double p = op.given(order) ? op.number(order) : 2;
  if (p != 1 && p != 2) op.refuse("is of an order other than 1 and 2");
  b.set(op.output(), reduce(b, p == 1 ? "ReduceL1" : "ReduceL2", in_result_type(op, b, op.value("self")), axes_of(op)));
}

// sum of squared distances to the mean over n - 1 (n where uncorrected); std is its root.
void variance(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("self");
  Over over = axes_of(op);
  int64_t count = 1;
  for (const int64_t axis : over.axes) count *= OnnxBuilder::shape(x).at(static_cast<size_t>(axis));
  double correction = 1;
  if (op.has("unbiased")) correction = op.flag("unbiased") ? 1 : 0;
  if (op.has("correction") && op.given("correction")) correction = op.number("correction");
  const std::string centred = b.add("Sub", {b.name(x), reduce(b, "ReduceMean", b.name(x), {over.axes, true})});
  std::string out = reduce(b, "ReduceSum", b.add("Mul", {centred, centred}), over);
  out = b.add("Div", {out, b.scalar(static_cast<double>(count) - correction)});
  b.set(op.output(), op.name() == "aten::std" ? b.add("Sqrt", {out}) : out);
}

void softmax(const TracedOperation& op, OnnxBuilder& b) {
  const bool logarithm = op.name().find("log_softmax") != std::string::npos;
  b.set(op.output(), b.add(logarithm ? "LogSoftmax" : "Softmax", {in_result_type(op, b, op.value("self"))},
                           {attribute("axis", op.integer("dim"))}));
}

}  // namespace

void add_reduction_rules(OnnxRules& rules) {
  rules.insert({
      {"aten::mean", mean},
      {"aten::sum", sum},
      {"aten::max", maximum},
      {"aten::min", minimum},
      {"aten::amax", maximum},
      {"aten::amin", minimum},
      {"aten::argmax", arg_extreme},
      {"aten::argmin", arg_extreme},
      {"aten::norm", norm},
      {"aten::linalg_vector_norm", norm},
      {"aten::var", variance},
      {"aten::std", variance},
      {"aten::softmax", softmax},
      {"aten::log_softmax", softmax},
  });
}

}  // namespace tss
