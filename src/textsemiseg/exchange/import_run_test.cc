#include "textsemiseg/exchange/import_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "support/torch_files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/exchange/export_weights.h"
#include "textsemiseg/exchange/published_networks.h"
#include "textsemiseg/methods/released/text_decoder.h"
#include "textsemiseg/networks/residual_vnet.h"
#include "textsemiseg/networks/unet3d.h"
#include "textsemiseg/weights/module_state.h"

namespace tss::import_run_test {
namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TorchSave;

class ImportRunTest : public ::testing::Test {
 protected:
  ImportRunTest() {
    options_.file = folder_ / "x.pth";
    options_.classes = {"background", "left atrium"};
    small_.widths = {2, 4};
    small_.depths = {1, 2};
  }
  fs::path run() const { return folder_ / "run"; }
  void save(const TensorMap& tensors) const {
    TorchSave file;
    file.write(options_.file, TorchSave::dict({{TorchSave::text("net"), file.state(tensors)},
                                               {TorchSave::text("opt"), TorchSave::sgd_state()}}));
  }
  std::string error() {
    const std::string message = testing::input_error_of([&] { import_run(options_, run()); });
    EXPECT_FALSE(fs::exists(run()));
    size_t files = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(options_.file.parent_path())) ++files;
    EXPECT_EQ(files, 1u) << "something was left behind";
    return message;
  }
  // Batch norms whose statistics matter.
  static void stir(torch::nn::Module& module) {
    module.train();
    for (auto& buffer : module.named_buffers())
      if (ends_with(buffer.key(), "running_var")) buffer.value().uniform_(0.5, 1.5);
    module.eval();
  }

  testing::TemporaryFolder folder_;
  ImportOptions options_;
  VNetOptions small_;
};

TEST_F(ImportRunTest, AnImportedRunPredictsWhatTheNetworkDoes) {
  VNet net(small_, std::vector{UpSampling::kTransposed, UpSampling::kTrilinear});
  stir(*net);
  save(state_of(*net));
  options_.patch = {16, 16, 8};
  options_.recipe = "left_atrium";
  const std::string line = import_run(options_, run());
  EXPECT_THAT(line, HasSubstr("predicts as mc_net, windows of 16 x 16 x 8, recipe left_atrium"));
  const LoadedRun loaded = load_run(run());
  EXPECT_EQ(loaded.record.protocol, "imported");
  EXPECT_EQ(loaded.record.origin.at("network"), "mc_net");
  EXPECT_EQ(loaded.record.origin.at("key"), "net");
  EXPECT_EQ(loaded.chosen, "imported from " + fs::absolute(options_.file).string() + "; protocol imported");
  EXPECT_EQ(loaded.config.network.widths, small_.widths);
  const torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::randn({1, 1, 16, 16, 8});
  EXPECT_TRUE(torch::equal(loaded.method->predict(x), torch::softmax(net->forward_one(x, 0), 1)));

  // Out again under the authors' names, the same bits.
  export_weights(run(), folder_ / "out.safetensors");
  const TensorFile out = read_safetensors(folder_ / "out.safetensors");
  EXPECT_EQ(hash_of(out.tensors), hash_of(state_of(*net)));
  EXPECT_EQ(out.metadata.at("format"), "pt");
  EXPECT_THAT(testing::input_error_of([&] { export_weights(run(), folder_ / "out.safetensors"); }), HasSubstr("exists"));
  // The flat layout counts five levels; with two there are no such names.
  EXPECT_THAT(testing::input_error_of([&] { export_weights(run(), folder_ / "no.safetensors", {.names = "ua_mt"}); }),
              HasSubstr("--names: found 'ua_mt'"));
}

TEST_F(ImportRunTest, TheTextNetworkBringsItsPatchAndTakesItsTexts) {
  MultiplanarOptions block;
  block.channels = 4;
  block.size = block.patch = {8, 8, 4};
  block.text_dimension = block.dimension = 16;
  block.released_parameters = true;
  TextVNet net(small_, block);
  stir(*net);
  save(state_of(*net));
  options_.overrides = {{"text", {{"source", "learned"}, {"dimension", 32}}}};
  EXPECT_THAT(error(), HasSubstr("text: its features have 32 numbers; expected 16, for which the network in"));
  options_.overrides = {{"text", {{"source", "learned"}, {"dimension", 16}}}};
  options_.patch = {16, 16, 16};
  EXPECT_THAT(error(), HasSubstr("--patch: found 16,16,16; expected 16,16,8, which the text block of the file was made for"));
  options_.patch.clear();
  options_.overrides["text_semiseg"]["variant"] = "paper";
  EXPECT_THAT(error(), HasSubstr("text_semiseg.variant: found \"paper\"; expected \"reference\""));
  options_.overrides.erase("text_semiseg");
  import_run(options_, run());
  const LoadedRun loaded = load_run(run());
  EXPECT_EQ(loaded.config.inference.patch, (std::vector<int64_t>{16, 16, 8}));
  EXPECT_EQ(loaded.record.texts.list.size(), 2u);
  const torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::randn({1, 1, 16, 16, 8});
  const torch::Tensor p = torch::sigmoid(net->forward_first(x, loaded.method->class_texts()).select(1, 1));
  EXPECT_TRUE(torch::equal(loaded.method->predict(x).select(1, 1), p));
}

TEST_F(ImportRunTest, AMethodOfTwoNetworksNeedsAFileForEach) {
  VNetOptions five;
  five.widths = {2, 4, 4, 4, 6};
  VNet v(five, std::vector{UpSampling::kTransposed});
  ResidualVNet r(five);
  stir(*v);
  stir(*r);
  const fs::path beside = folder_ / "beside";  // error() counts the files of the folder
  fs::create_directory(beside);
  const TensorMap state_v = published_tensors(published_network("mcf_v"), state_of(*v), "memory"),
                  state_r = published_tensors(published_network("mcf_r"), state_of(*r), "memory");
  options_.file = beside / "x.pth";
  save(state_r);
  EXPECT_THAT(error(), HasSubstr("holds the network 'mcf_r' (R branch of MCF, residual encoder (WYC-321/MCF)), one of two that "
                                 "'mcf' predicts with; expected --method mcf --also FILE, a file with 'mcf_v'"));
  options_.also = options_.file;
  EXPECT_THAT(error(), HasSubstr("--also: without --method"));
  options_.method = "mcf";
  EXPECT_THAT(error(), HasSubstr("--also: the files hold 'mcf_r' and 'mcf_r'; expected 'mcf_r' and 'mcf_v'"));
  options_.file = folder_ / "v.pth";
  save(state_v);
  for (int swap = 0; swap < 2; ++swap, std::swap(options_.file, options_.also)) {
    import_run(options_, run());
    const LoadedRun loaded = load_run(run());
    EXPECT_EQ(loaded.record.origin.at("network"), "mcf_v");
    EXPECT_EQ(loaded.record.origin.at("also").at("network"), "mcf_r");
    const torch::NoGradGuard no_grad;
    const torch::Tensor x = torch::randn({1, 1, 16, 16, 16});
    const torch::Tensor p = (torch::softmax(v->forward_one(x, 0), 1) + torch::softmax(r->forward(x), 1)) / 2;
    EXPECT_LT((loaded.method->predict(x) - p).abs().max().item<double>(), 1e-6);
    for (const auto& [names, state] : {std::pair{"original", state_v}, {"mcf_r", state_r}}) {
      export_weights(run(), folder_ / "out.safetensors", {.names = names, .overwrite = true});
      EXPECT_EQ(hash_of(read_safetensors(folder_ / "out.safetensors").tensors), hash_of(state)) << names;
    }
    fs::remove_all(run());
  }
}

TEST_F(ImportRunTest, ANetworkMayNeedAnOptionOfItsMethod) {
  PyramidUNet net(small_);
  save(state_of(*net));
  options_.overrides = {{"urpc", {{"backbone", "vnet"}}}};
  EXPECT_THAT(error(), HasSubstr("urpc.backbone: found \"vnet\"; expected \"unet3d\""));
  options_.overrides = Json::object();
  import_run(options_, run());
  const LoadedRun loaded = load_run(run());
  net->eval();
  const torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::randn({1, 1, 16, 16, 16});
  EXPECT_TRUE(torch::equal(loaded.method->predict(x), torch::softmax(net->forward_finest(x), 1)));
  export_weights(run(), folder_ / "out.safetensors");
  EXPECT_EQ(hash_of(read_safetensors(folder_ / "out.safetensors").tensors), hash_of(state_of(*net)));
}

TEST_F(ImportRunTest, OptionsThatDoNotFitLeaveNothingBehind) {
  VNet net(small_, std::vector{UpSampling::kTransposed});
  save(state_of(*net));
  options_.classes = {"background"};
  EXPECT_THAT(error(), HasSubstr("--classes: found 1 names (background); expected 2"));
  options_.classes.clear();
  options_.method = "mc_net";
  EXPECT_THAT(error(), HasSubstr("holds the network 'vnet', lacks 'decoder1.block_eight"));
  options_.method = "supervised";
  options_.recipe = "nowhere";
  EXPECT_THAT(error(), HasSubstr("recipe: 'nowhere'"));
  options_.recipe = "generic";
  options_.overrides = {{"sampler", {{"patc", 3}}}};
  EXPECT_THAT(error(), HasSubstr("patc"));
  options_.overrides = {{"network", {{"widths", {4, 8}}}}};
  EXPECT_THAT(error(), HasSubstr("network: found"));
  options_.overrides = Json::object();
  options_.key = "opt";
  EXPECT_THAT(error(), HasSubstr("holds no weights"));
}

}  // namespace tss::import_run_test
