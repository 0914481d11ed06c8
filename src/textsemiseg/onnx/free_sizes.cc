#include "textsemiseg/onnx/free_sizes.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace tss {
namespace {

bool equal_constants(const OnnxTensor& a, const OnnxTensor& b) {
  return a.name == b.name && a.type == b.type && a.shape == b.shape &&
         (a.data == b.data || std::memcmp(a.data.get(), b.data.get(), static_cast<size_t>(a.bytes())) == 0);
}

bool equal_but_for_sizes(const OnnxNode& a, const OnnxNode& b) {
  return a.op == b.op && a.inputs == b.inputs && a.outputs == b.outputs && a.attributes == b.attributes &&
         a.target.size() == b.target.size();
}

bool equal_but_for_sizes(const OnnxGraph& a, const OnnxGraph& b) {
  return std::equal(a.constants.begin(), a.constants.end(), b.constants.begin(), b.constants.end(), equal_constants) &&
         std::equal(a.nodes.begin(), a.nodes.end(), b.nodes.begin(), b.nodes.end(),
                    [](const OnnxNode& x, const OnnxNode& y) { return equal_but_for_sizes(x, y); });
}

// Rewrites the target so that it is right for all of them; false when that cannot be said with 0, 1 and -1.
bool free_target(const std::string& op, OnnxTarget& target, const std::vector<const OnnxTarget*>& others) {
  const OnnxTarget base = target;
  const bool reshape = op == "Reshape";
  const auto lined_up = [&](size_t i) {  // the operand's axis that axis i of the result is, counted from the end in an expansion
    return reshape ? i : i + base.from.size() - base.to.size();
  };
  bool rest_used = false;
  for (size_t i = 0; i < base.to.size(); ++i) {
    const auto same = [&](const OnnxTarget* other) { return other->to[i] == base.to[i]; };
    if (std::all_of(others.begin(), others.end(), same)) continue;
    const size_t j = lined_up(i);
    const auto copied = [&](const OnnxTarget* other) { return j < other->from.size() && other->to[i] == other->from[j]; };
    if (copied(&base) && std::all_of(others.begin(), others.end(), copied)) {
      target.to[i] = reshape ? 0 : 1;
    } else if (reshape && !rest_used) {
      target.to[i] = -1;
      rest_used = true;
    } else {
      return false;
    }
  }
  return true;
}

bool same_ranks(const OnnxTarget& a, const OnnxTarget& b) { return a.from.size() == b.from.size() && a.to.size() == b.to.size(); }

// The sides of one input or output that differ; false when even the number of sides does.
std::optional<std::vector<bool>> free_sides(const OnnxValue& value, const std::vector<const OnnxValue*>& others) {
  std::vector<bool> free(value.shape.size(), false);
  for (const OnnxValue* other : others) {
    if (other->shape.size() != free.size()) return std::nullopt;
    for (size_t i = 0; i < free.size(); ++i) free[i] = free[i] || other->shape[i] != value.shape[i];
  }
  return free;
}

}  // namespace

std::optional<OnnxGraph> with_free_sizes(const OnnxGraph& base, const std::vector<OnnxGraph>& others,
                                         const std::vector<std::string>& symbols) {
  if (base.inputs.size() != 1 || base.outputs.size() != 1) return std::nullopt;
  OnnxGraph out = base;
  std::vector<const OnnxValue*> inputs, outputs;
  for (const OnnxGraph& other : others) {
    if (!equal_but_for_sizes(base, other)) return std::nullopt;
    inputs.push_back(&other.inputs.at(0));
    outputs.push_back(&other.outputs.at(0));
  }
  for (size_t n = 0; n < out.nodes.size(); ++n) {
    OnnxNode& node = out.nodes[n];
    for (size_t t = 0; t < node.target.size(); ++t) {
      std::vector<const OnnxTarget*> targets;
      for (const OnnxGraph& other : others) {
        targets.push_back(&other.nodes[n].target[t]);
        if (!same_ranks(base.nodes[n].target[t], *targets.back())) return std::nullopt;
      }
      if (!free_target(node.op, node.target[t], targets)) return std::nullopt;
    }
  }
  OnnxValue &input = out.inputs[0], &output = out.outputs[0];
  const auto free_in = free_sides(input, inputs), free_out = free_sides(output, outputs);
  if (!free_in || !free_out || free_in->size() > symbols.size()) return std::nullopt;
  for (size_t i = 0; i < free_in->size(); ++i) input.symbols.push_back((*free_in)[i] ? symbols[i] : "");
  for (size_t i = 0; i < free_out->size(); ++i) {
    const auto as_input = [&](const OnnxValue& x, const OnnxValue& y) { return i < x.shape.size() && x.shape[i] == y.shape[i]; };
    bool same = i < free_in->size() && as_input(base.inputs[0], base.outputs[0]);
    for (size_t o = 0; o < others.size(); ++o) same = same && as_input(*inputs[o], *outputs[o]);
    output.symbols.push_back(!(*free_out)[i] ? "" : same ? symbols[i] : output.name + "_" + std::to_string(i));
  }
  return out;
}

}  // namespace tss
