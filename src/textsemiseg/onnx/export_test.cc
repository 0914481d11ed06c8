// What the ONNX export says and refuses; that its files compute the same is shown in onnxruntime (tests/onnx).
#include "textsemiseg/onnx/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "support/untrained_run.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/onnx/convert.h"

namespace tss::export_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

Json configuration(const std::string& method, const std::string& more = "") {
  Json tree = parse_toml("[sampler]\npatch = [8, 8, 12]\n[network]\nwidths = [4, 8, 8]\ndepths = [1, 1, 1]\n" + more, "test");
  tree["method"] = method;
  tree["dataset"] = "none";
  return tree;
}

const std::vector<std::string> kClasses{"background", "left atrium", "pancreas"};

class OnnxExport : public ::testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::kQuiet); }
  testing::TemporaryFolder folder_;
};

TEST_F(OnnxExport, FileNamesItsClassesTextsAndWeights) {
  testing::write_untrained_run(folder_ / "atrium", configuration("text_semiseg"), kClasses);
  export_onnx(folder_ / "atrium", folder_ / "model.onnx");
  const std::string bytes = read_text_file(folder_ / "model.onnx");
  EXPECT_THAT(bytes, HasSubstr("[\"background\",\"left atrium\",\"pancreas\"]"));
  EXPECT_THAT(bytes, HasSubstr("network.encoder.block_one.conv.0.weight"));
  EXPECT_THAT(bytes, HasSubstr("atrium"));
  EXPECT_THAT(bytes, HasSubstr("[8,8,12]"));
  EXPECT_THAT(bytes, HasSubstr("[1.0,1.0,2.0]"));
  EXPECT_THAT(bytes, Not(HasSubstr("decoder2")));  // what prediction does not use stays out
}

TEST_F(OnnxExport, KeepsAFileUnlessToldToReplaceIt) {
  testing::write_untrained_run(folder_ / "run", configuration("supervised"), kClasses);
  write_text_file(folder_ / "model.onnx", "mine");
  EXPECT_THAT(testing::input_error_of([&] { export_onnx(folder_ / "run", folder_ / "model.onnx"); }), HasSubstr("exists"));
  EXPECT_EQ(read_text_file(folder_ / "model.onnx"), "mine");
  OnnxExportOptions replace;
  replace.overwrite = true;
  export_onnx(folder_ / "run", folder_ / "model.onnx", replace);
  EXPECT_GT(fs::file_size(folder_ / "model.onnx"), 1000u);
}

TEST_F(OnnxExport, RepeatsItselfByteForByte) {
  testing::write_untrained_run(folder_ / "run", configuration("mc_net"), kClasses);
  export_onnx(folder_ / "run", folder_ / "a.onnx");
  export_onnx(folder_ / "run", folder_ / "b.onnx");
  EXPECT_EQ(read_text_file(folder_ / "a.onnx"), read_text_file(folder_ / "b.onnx"));
}

TEST_F(OnnxExport, WhatIsNoRunIsNamed) {
  EXPECT_THAT(testing::input_error_of([&] { export_onnx(folder_ / "nothing", folder_ / "model.onnx"); }), HasSubstr("nothing"));
  EXPECT_FALSE(fs::exists(folder_ / "model.onnx"));
}

OnnxSource source_of(std::function<torch::Tensor(const torch::Tensor&)> function) {
  OnnxSource source;
  source.subject = "method made_up";
  source.function = std::move(function);
  return source;
}

TEST_F(OnnxExport, AnOperationWithoutARuleIsNamed) {
  const auto message = [](const auto& function) {
    return testing::input_error_of([&] { onnx_graph(source_of(function), torch::randn({1, 2, 4, 4, 4})); });
  };
  const std::string sums = message([](const torch::Tensor& x) { return torch::cumsum(x, 1); });
  EXPECT_THAT(sums, HasSubstr("method made_up"));
  EXPECT_THAT(sums, HasSubstr("aten::cumsum"));
  // A rule that does not cover this use says so.
  const std::string wrapped = message([](const torch::Tensor& x) {
    return torch::nn::functional::pad(x, torch::nn::functional::PadFuncOptions({1, 1, 1, 1, 1, 1}).mode(torch::kCircular));
  });
  EXPECT_THAT(wrapped, HasSubstr("expected"));
  const std::string training =
      message([](const torch::Tensor& x) { return torch::batch_norm(x, {}, {}, {}, {}, true, 0.1, 1e-5, false); });
  EXPECT_THAT(training, HasSubstr("statistics of the batch"));
}

TEST_F(OnnxExport, AFunctionSteeredByItsInputIsRefused) {
  const auto steered = [](const torch::Tensor& x) { return x.abs().sum().item<float>() > 0 ? x * 2 : x * 3; };
  EXPECT_THAT(testing::input_error_of([&] { onnx_graph(source_of(steered), torch::zeros({1, 1, 4, 4, 4})); }),
              HasSubstr("other operations"));
}

TEST_F(OnnxExport, WhatDoesNotDependOnTheImageIsComputedOnce) {
  const torch::Tensor table = torch::randn({16, 3}), text = torch::randn({1, 16});
  const auto folded = [=](const torch::Tensor& x) { return x * torch::softmax(torch::matmul(text, table), 1).sum(); };
  const OnnxGraph graph = onnx_graph(source_of(folded), torch::randn({1, 1, 2, 2, 2}));
  EXPECT_EQ(graph.nodes.size(), 2u);  // Mul, and the output's name
}

TEST_F(OnnxExport, AMatrixThatSeveralOperationsShareIsStoredOnce) {
  torch::nn::Linear linear(torch::nn::LinearOptions(3, 3));
  for (auto& parameter : linear->parameters()) parameter.requires_grad_(false);
  OnnxSource source = source_of([&](const torch::Tensor& x) { return linear->forward(linear->forward(x)); });
  source.names = weight_names(*linear);
  const OnnxGraph graph = onnx_graph(source, torch::randn({1, 2, 3}));
  std::vector<std::string> names;
  for (const OnnxTensor& tensor : graph.constants) names.push_back(tensor.name);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("weight.transposed", "bias"));
}

TEST_F(OnnxExport, WeightsKeepTheirNamesOnce) {
  torch::nn::Conv3d conv(torch::nn::Conv3dOptions(1, 1, 1));
  for (auto& parameter : conv->parameters()) parameter.requires_grad_(false);
  OnnxSource source = source_of([&](const torch::Tensor& x) { return conv->forward(conv->forward(x)); });
  source.names = weight_names(*conv);
  const OnnxGraph graph = onnx_graph(source, torch::randn({1, 1, 2, 2, 2}));
  std::vector<std::string> names;
  for (const OnnxTensor& tensor : graph.constants) names.push_back(tensor.name);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("weight", "bias"));
}

}  // namespace tss::export_test
