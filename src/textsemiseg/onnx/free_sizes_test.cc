#include "textsemiseg/onnx/free_sizes.h"

#include <gtest/gtest.h>

namespace tss::free_sizes_test {

const std::vector<std::string> kSymbols{"N", "C", "X"};

OnnxNode reshape(OnnxShape from, OnnxShape to, const char* op = "Reshape") {
  return {op, {"x"}, {"y"}, {}, {{std::move(from), std::move(to)}}};
}

OnnxGraph graph_of(OnnxShape in, OnnxShape out, std::vector<OnnxNode> nodes) {
  OnnxGraph graph;
  graph.inputs = {{"x", OnnxType::kFloat, std::move(in), {}}};
  graph.outputs = {{"y", OnnxType::kFloat, std::move(out), {}}};
  graph.nodes = std::move(nodes);
  return graph;
}

TEST(FreeSizes, CopiesSidesAndLeavesTheRestOpen) {
  const auto at = [](int64_t n, int64_t x) { return graph_of({n, 4, x}, {n, 2, 2 * x}, {reshape({n, 4, x}, {n, 2, 2 * x})}); };
  const auto free = with_free_sizes(at(1, 8), {at(2, 8), at(1, 10)}, kSymbols);
  ASSERT_TRUE(free);
  EXPECT_EQ(free->nodes[0].target[0].to, (OnnxShape{0, 2, -1}));
  EXPECT_EQ(free->inputs[0].symbols, (std::vector<std::string>{"N", "", "X"}));
  EXPECT_EQ(free->outputs[0].symbols, (std::vector<std::string>{"N", "", "y_2"}));  // twice as long as the input's

  const auto batch = with_free_sizes(at(1, 8), {at(2, 8)}, kSymbols);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->nodes[0].target[0].to, (OnnxShape{0, 2, 16}));
  EXPECT_EQ(batch->inputs[0].symbols, (std::vector<std::string>{"N", "", ""}));
}

TEST(FreeSizes, TwoSidesThatAreNotCopiedStayFixed) {
  const auto at = [](int64_t x) { return graph_of({1, x, x}, {x / 2, 4, x / 2}, {reshape({1, x, x}, {x / 2, 4, x / 2})}); };
  EXPECT_FALSE(with_free_sizes(at(8), {at(12)}, kSymbols));
}

TEST(FreeSizes, AnExpansionKeepsWhatComes) {
  const auto at = [](int64_t n) { return graph_of({n, 1, 3}, {n, 5, 3}, {reshape({n, 1, 3}, {n, 5, 3}, "Expand")}); };
  const auto free = with_free_sizes(at(1), {at(2)}, kSymbols);
  ASSERT_TRUE(free);
  EXPECT_EQ(free->nodes[0].target[0].to, (OnnxShape{1, 5, 3}));
  // Grown from one, the size must be said.
  const auto grown = [](int64_t n) { return graph_of({1, 3}, {n, 3}, {reshape({1, 3}, {n, 3}, "Expand")}); };
  EXPECT_FALSE(with_free_sizes(grown(2), {grown(3)}, kSymbols));
}

TEST(FreeSizes, AnyOtherDifferenceKeepsTheSizesFixed) {
  const auto with_axis = [](int64_t axis) {
    return graph_of({1, 2, 3}, {1, 2, 3}, {{"Softmax", {"x"}, {"y"}, {{"axis", axis}}, {}}});
  };
  EXPECT_TRUE(with_free_sizes(with_axis(1), {with_axis(1)}, kSymbols));
  EXPECT_FALSE(with_free_sizes(with_axis(1), {with_axis(2)}, kSymbols));

  const auto with_constant = [](float value) {
    OnnxGraph graph = graph_of({1}, {1}, {{"Mul", {"x", "factor"}, {"y"}, {}, {}}});
    const auto held = std::make_shared<float>(value);
    graph.constants = {{"factor", OnnxType::kFloat, {}, held}};
    return graph;
  };
  EXPECT_TRUE(with_free_sizes(with_constant(2), {with_constant(2)}, kSymbols));
  EXPECT_FALSE(with_free_sizes(with_constant(2), {with_constant(3)}, kSymbols));
}

}  // namespace tss::free_sizes_test
