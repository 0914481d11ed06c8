#include "textsemiseg/onnx/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "support/testing.h"

namespace tss::file_test {

using ::testing::HasSubstr;

OnnxTensor floats(const std::string& name, OnnxShape shape, std::vector<float> values) {
  const auto held = std::make_shared<std::vector<float>>(std::move(values));
  return {name, OnnxType::kFloat, std::move(shape), std::shared_ptr<const void>(held, held->data())};
}

// y = relu(x + bias), seen as 2 x 3
OnnxGraph small_graph() {
  OnnxGraph graph;
  graph.name = "small";
  graph.inputs = {{"x", OnnxType::kFloat, {6}, {}}};
  graph.outputs = {{"y", OnnxType::kFloat, {2, 3}, {}}};
  graph.constants = {floats("bias", {6}, {0, 1, 2, 3, 4, 5})};
  graph.nodes = {{"Add", {"x", "bias"}, {"sum"}, {}, {}},
                 {"LeakyRelu", {"sum"}, {"positive"}, {{"alpha", 0.5f}}, {}},
                 {"Reshape", {"positive"}, {"y"}, {}, {{{6}, {2, 3}}}}};
  graph.metadata = {{"class_names", "[\"background\",\"left atrium\"]"}};
  return graph;
}

onnx::ModelProto read_back(const std::filesystem::path& path) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(read_text_file(path)));
  return model;
}

TEST(OnnxFile, HoldsWhatTheGraphSays) {
  const testing::TemporaryFolder folder;
  write_onnx(folder / "small.onnx", small_graph());
  const onnx::ModelProto model = read_back(folder / "small.onnx");
  EXPECT_EQ(model.opset_import(0).version(), kOnnxOpset);
  EXPECT_EQ(model.metadata_props(0).value(), "[\"background\",\"left atrium\"]");
  const onnx::GraphProto& graph = model.graph();
  ASSERT_EQ(graph.node_size(), 3);
  EXPECT_EQ(graph.node(1).op_type(), "LeakyRelu");
  EXPECT_EQ(graph.node(1).attribute(0).f(), 0.5f);
  EXPECT_EQ(graph.node(2).input_size(), 2);  // the shape operand follows
  ASSERT_EQ(graph.initializer_size(), 2);
  float bias[6];
  ASSERT_EQ(graph.initializer(0).raw_data().size(), sizeof(bias));
  std::memcpy(bias, graph.initializer(0).raw_data().data(), sizeof(bias));
  EXPECT_EQ(bias[5], 5.0f);
  EXPECT_EQ(graph.initializer(1).data_type(), onnx::TensorProto::INT64);
  // Shapes in between were inferred.
  EXPECT_EQ(graph.value_info_size(), 2);
}

TEST(OnnxFile, AGraphThatCannotWorkIsRefused) {
  const testing::TemporaryFolder folder;
  const auto message = [&](const OnnxGraph& graph) -> std::string {
    try {
      write_onnx(folder / "wrong.onnx", graph);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  OnnxGraph graph = small_graph();
  graph.nodes[1].inputs = {"nowhere"};
  EXPECT_THAT(message(graph), HasSubstr("nowhere"));
  graph = small_graph();
  graph.nodes[0].op = "NoSuchOperator";
  EXPECT_THAT(message(graph), HasSubstr("NoSuchOperator"));
  graph = small_graph();
  graph.nodes[2].target[0].to = {4, 4};  // six numbers do not fill it
  EXPECT_THAT(message(graph), HasSubstr("not valid"));
  graph = small_graph();
  graph.outputs[0].shape = {3, 2};
  EXPECT_THAT(message(graph), HasSubstr("not valid"));
  EXPECT_FALSE(std::filesystem::exists(folder / "wrong.onnx"));
}

TEST(OnnxFile, MoreThanTheFormatHoldsIsRefusedBeforeAnythingIsWritten) {
  const testing::TemporaryFolder folder;
  OnnxGraph graph = small_graph();
  graph.constants.push_back({"huge", OnnxType::kFloat, {600'000'000}, nullptr});
  EXPECT_THAT(testing::input_error_of([&] { write_onnx(folder / "huge.onnx", graph); }), HasSubstr("2.4 GB"));
  EXPECT_FALSE(std::filesystem::exists(folder / "huge.onnx"));
}

TEST(OnnxFile, NamesThePlaceThatCannotBeWritten) {
  const testing::TemporaryFolder folder;
  write_text_file(folder / "file", "");
  EXPECT_THAT(testing::input_error_of([&] { write_onnx(folder / "file/model.onnx", small_graph()); }),
              HasSubstr("file/model.onnx"));
}

}  // namespace tss::file_test
