// Rules for operations that move, cut and join without computing.
#include <limits>
#include <numeric>

#include "textsemiseg/onnx/builder.h"

namespace tss {
namespace {

using Ints = std::vector<int64_t>;

int64_t axis_of(const TracedOperation& op, const char* argument, int64_t rank) {
  const int64_t axis = op.integer(argument);
  return axis < 0 ? axis + rank : axis;
}

// Every view ends in the traced shape; onnx/free_sizes.h says which of its sizes may stay open.
void reshape(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.node().inputs().at(0);
  b.set(op.output(), b.reshape(b.name(x), OnnxBuilder::shape(x), OnnxBuilder::shape(op.output())));
}

void expand(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("self");
  b.set(op.output(), b.expand(b.name(x), OnnxBuilder::shape(x), OnnxBuilder::shape(op.output())));
}

std::string transposed(OnnxBuilder& b, const std::string& x, const Ints& order) {
  return b.add("Transpose", {x}, {attribute("perm", order)});
}

void permute(const TracedOperation& op, OnnxBuilder& b) {
  Ints order = op.integers("dims");
  for (int64_t& axis : order)
    if (axis < 0) axis += static_cast<int64_t>(order.size());
  b.set(op.output(), transposed(b, b.name(op.value("self")), order));
}

void transpose(const TracedOperation& op, OnnxBuilder& b) {
  const int64_t rank = OnnxBuilder::rank(op.value("self"));
  Ints order(static_cast<size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  if (op.has("dim0"))
    std::swap(order[static_cast<size_t>(axis_of(op, "dim0", rank))], order[static_cast<size_t>(axis_of(op, "dim1", rank))]);
  else if (rank == 2)
    std::swap(order[0], order[1]);
  b.set(op.output(), transposed(b, b.name(op.value("self")), order));
}

void move_axes(const TracedOperation& op, OnnxBuilder& b) {
  const int64_t rank = OnnxBuilder::rank(op.value("self"));
  Ints from = op.integers("source"), to = op.integers("destination"), order(static_cast<size_t>(rank), -1);
  std::vector<bool> taken(static_cast<size_t>(rank), false);
  for (size_t i = 0; i < from.size(); ++i) {
    from[i] += from[i] < 0 ? rank : 0;
    to[i] += to[i] < 0 ? rank : 0;
    order[static_cast<size_t>(to[i])] = from[i];
    taken[static_cast<size_t>(from[i])] = true;
  }
  int64_t next = 0;
  for (int64_t& axis : order) {
    if (axis >= 0) continue;
    while (taken[static_cast<size_t>(next)]) ++next;
    axis = next++;
  }
  b.set(op.output(), transposed(b, b.name(op.value("self")), order));
}

void unsqueeze(const TracedOperation& op, OnnxBuilder& b) {
  const int64_t axis = axis_of(op, "dim", OnnxBuilder::rank(op.output()));
  b.set(op.output(), b.add("Unsqueeze", {b.name(op.value("self")), b.integers({axis})}));
}

void squeeze(const TracedOperation& op, OnnxBuilder& b) {
  const OnnxShape shape = OnnxBuilder::shape(op.value("self"));
  const auto rank = static_cast<int64_t>(shape.size());
  if (!op.has("dim")) op.refuse("names no axis");
  Ints axes;
  for (int64_t axis : op.integers("dim")) {
    axis += axis < 0 ? rank : 0;
    if (shape.at(static_cast<size_t>(axis)) == 1) axes.push_back(axis);
  }
  const std::string x = b.name(op.value("self"));
  b.set(op.output(), axes.empty() ? x : b.add("Squeeze", {x, b.integers(axes)}));
}

void cut(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("self");
  const int64_t axis = axis_of(op, "dim", OnnxBuilder::rank(x));
  const int64_t begin = op.given("start") ? op.integer("start") : 0;
  const int64_t end = op.given("end") ? op.integer("end") : std::numeric_limits<int64_t>::max();
  const int64_t step = op.integer("step");
  const bool whole = begin == 0 && step == 1 && end == std::numeric_limits<int64_t>::max();
  b.set(op.output(), whole ? b.name(x) : b.slice(b.name(x), axis, begin, end, step));
}

void narrow(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("self");
  const int64_t axis = axis_of(op, "dim", OnnxBuilder::rank(x));
  int64_t begin = op.integer("start");
  if (begin < 0) begin += OnnxBuilder::shape(x).at(static_cast<size_t>(axis));
  b.set(op.output(), b.slice(b.name(x), axis, begin, begin + op.integer("length")));
}

// An index without an axis takes the axis away.
void select(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("self");
  const int64_t axis = axis_of(op, "dim", OnnxBuilder::rank(x));
  const std::string index = b.scalar(static_cast<double>(op.integer("index")), torch::kInt64);
  b.set(op.output(), b.add("Gather", {b.name(x), index}, {attribute("axis", axis)}));
}

void index_select(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("self");
  const int64_t axis = axis_of(op, "dim", OnnxBuilder::rank(x));
  b.set(op.output(), b.add("Gather", {b.name(x), b.name(op.value("index"))}, {attribute("axis", axis)}));
}

void concatenate(const TracedOperation& op, OnnxBuilder& b) {
  std::vector<std::string> inputs;
  for (const TracedValue* one : op.list("tensors")) inputs.push_back(b.name(one));
  const int64_t axis = axis_of(op, "dim", OnnxBuilder::rank(op.output()));
  b.set(op.output(), b.add("Concat", inputs, {attribute("axis", axis)}));
}

void stack(const TracedOperation& op, OnnxBuilder& b) {
  const int64_t axis = axis_of(op, "dim", OnnxBuilder::rank(op.output()));
  std::vector<std::string> inputs;
  for (const TracedValue* one : op.list("tensors")) inputs.push_back(b.add("Unsqueeze", {b.name(one), b.integers({axis})}));
  b.set(op.output(), b.add("Concat", inputs, {attribute("axis", axis)}));
}

// chunk, split, unbind: a list of parts, which the trace unpacks at once.
void parts(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("self");
  const int64_t axis = axis_of(op, "dim", OnnxBuilder::rank(x));
  const bool unbind = op.name() == "aten::unbind";
  for (const auto& use : op.output()->uses()) {
    if (use.user->kind() != c10::prim::ListUnpack) op.refuse("leaves a list that is not unpacked");
    int64_t begin = 0;
    for (const TracedValue* part : use.user->outputs()) {
      const int64_t count = unbind ? 1 : OnnxBuilder::shape(part).at(static_cast<size_t>(axis));
      if (unbind)
        b.set(part, b.add("Gather", {b.name(x), b.scalar(static_cast<double>(begin), torch::kInt64)}, {attribute("axis", axis)}));
      else
        b.set(part, b.slice(b.name(x), axis, begin, begin + count));
      begin += count;
    }
  }
}

void tile(const TracedOperation& op, OnnxBuilder& b) {
  const TracedValue* x = op.value("self");
  const Ints times = op.integers("repeats");
  const OnnxShape from = OnnxBuilder::shape(x);
  OnnxShape with_axes(times.size() - from.size(), 1);
  with_axes.insert(with_axes.end(), from.begin(), from.end());
  b.set(op.output(), b.add("Tile", {b.reshape(b.name(x), from, with_axes), b.integers(times)}));
}

void flip(const TracedOperation& op, OnnxBuilder& b) {
  const int64_t rank = OnnxBuilder::rank(op.value("self"));
  std::string x = b.name(op.value("self"));
  for (int64_t axis : op.integers("dims"))
    x = b.slice(x, axis < 0 ? axis + rank : axis, -1, std::numeric_limits<int64_t>::min(), -1);
  b.set(op.output(), x);
}

void nothing(const TracedOperation&, OnnxBuilder&) {}  // read where they are used

}  // namespace

void add_shape_rules(OnnxRules& rules) {
  for (const char* name : {"aten::view", "aten::reshape", "aten::_unsafe_view", "aten::flatten", "aten::unflatten",
                           "aten::view_as", "aten::reshape_as"})
    rules[name] = reshape;
  rules.insert({
      {"aten::expand", expand},       {"aten::expand_as", expand},      {"aten::permute", permute},
      {"aten::transpose", transpose}, {"aten::t", transpose},           {"aten::movedim", move_axes},
      {"aten::unsqueeze", unsqueeze}, {"aten::squeeze", squeeze},       {"aten::slice", cut},
      {"aten::narrow", narrow},       {"aten::select", select},         {"aten::index_select", index_select},
      {"aten::cat", concatenate},     {"aten::concat", concatenate},    {"aten::stack", stack},
      {"aten::chunk", parts},         {"aten::split", parts},           {"aten::split_with_sizes", parts},
      {"aten::unbind", parts},        {"aten::repeat", tile},           {"aten::flip", flip},
      {"prim::Constant", nothing},    {"prim::ListConstruct", nothing}, {"prim::ListUnpack", nothing},
  });
}

}  // namespace tss
