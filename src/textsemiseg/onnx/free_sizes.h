// Which sizes of an input a graph may leave open, found by comparing graphs of one network converted at several input sizes.
//
// A size is free when nothing but the shape operands of Reshape and Expand depends on it, and those can be written without it: 0 copies
// a side of the operand, -1 is what is left, 1 keeps a side of an expansion. Everything else (weights, positions, paddings, cuts) must
// be equal in all graphs. That is a statement about the sizes compared; tests show it at others.
#pragma once

#include <optional>
#include <vector>

#include "textsemiseg/onnx/graph.h"

namespace tss {

// The graph that stands for `base` and all of `others` (one input, one output); nothing where they differ in more than sizes. Sides of
// the input that differ get the symbols given, one per axis; sides of the output too where they are the input's, else names of their own.
std::optional<OnnxGraph> with_free_sizes(const OnnxGraph& base, const std::vector<OnnxGraph>& others,
                                         const std::vector<std::string>& symbols);

}  // namespace tss
