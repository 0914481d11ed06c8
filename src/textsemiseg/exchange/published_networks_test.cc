#include "textsemiseg/exchange/published_networks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/testing.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/weights/module_state.h"

namespace tss::published_networks_test {
using ::testing::HasSubstr;

// A network of the table, small where its names allow it, under the published names.
TensorMap published_state(const PublishedNetwork& network, NetworkFacts* used = nullptr) {
  NetworkFacts facts;
  facts.options.widths = {2, 4, 6, 8, 12};
  facts.options.classes = 2;
  facts.options.normalisation = network.name == "bcp_pancreas" ? "instance" : "batch";
  facts.options.dropout = network.name != "bcp_pancreas";
  facts.text_dimension = facts.text_block.text_dimension = 16;
  facts.text_block.channels = 12;
  facts.text_block.dimension = 64;
  facts.text_block.heads = 1;
  facts.text_block.size = facts.text_block.patch = {3, 2, 1};
  facts.text_block.released_parameters = true;
  if (used) *used = facts;
  return published_tensors(network, state_of(*network.make(facts)), "memory");
}

TEST(PublishedNetworks, EveryOneIsRecognisedReadAndWrittenAgain) {
  std::set<std::string> names;
  for (const PublishedNetwork& network : published_networks()) {
    EXPECT_TRUE(names.insert(network.name).second) << network.name;
    NetworkFacts facts;
    const TensorMap published = published_state(network, &facts);
    const auto fitting = recognise(published);
    EXPECT_THAT(fitting, ::testing::Contains(&network));
    for (const PublishedNetwork* other : fitting)
      EXPECT_EQ(other->layout, network.layout) << network.name << " taken for " << other->name;
    EXPECT_LE(fitting.size(), 2u) << network.name;
    const ImportedNetwork imported = import_network(network, published, "x.pth");
    EXPECT_EQ(imported.facts.options.classes, 2) << network.name;
    EXPECT_EQ(imported.facts.options.widths, facts.options.widths) << network.name;
    EXPECT_EQ(imported.facts.options.normalisation == "instance",
              network.name == "bcp_pancreas" || network.has.front() == "center.conv1.0.weight")
        << network.name;
    if (imported.facts.has_text_block) {
      EXPECT_EQ(imported.facts.text_block.size, facts.text_block.size) << network.name;
      EXPECT_EQ(imported.facts.text_block.patch, facts.text_block.patch) << network.name;
      EXPECT_EQ(imported.facts.patch(), (std::array<int64_t, 3>{48, 32, 16}));
    }
    const TensorMap again = published_tensors(network, imported.tensors, "memory");
    EXPECT_EQ(hash_of(again), hash_of(published)) << network.name;
  }
}

std::string refusal(const std::string& name, const TensorMap& tensors) {
  return testing::input_error_of([&] { import_network(published_network(name), tensors, "x.pth"); });
}

TEST(PublishedNetworks, DifferencesAreNamedByThePublishedNames) {
  const TensorMap good = published_state(published_network("ua_mt"));
  TensorMap bad = good;
  bad.erase("block_two.conv.3.bias");
  EXPECT_THAT(refusal("ua_mt", bad), HasSubstr("x.pth: lacks 'block_two.conv.3.bias'; expected the 205 tensors of 'ua_mt'"));
  bad = good;
  bad["out_conv.extra"] = torch::ones({1});
  EXPECT_THAT(refusal("ua_mt", bad), HasSubstr("holds 'out_conv.extra'"));
  bad = good;
  bad["out_conv.bias"] = torch::ones({5});
  EXPECT_THAT(refusal("ua_mt", bad), HasSubstr("tensor 'out_conv.bias' has shape [5]; expected [2], as in 'ua_mt'"));
  bad = good;
  bad["out_conv.bias"] = torch::ones({2}, torch::kInt64);
  EXPECT_THAT(refusal("ua_mt", bad), HasSubstr("tensor 'out_conv.bias' has type Long; expected Float"));
  bad = good;
  for (auto it = bad.begin(); it != bad.end();) it = ends_with(it->first, "num_batches_tracked") ? bad.erase(it) : std::next(it);
  EXPECT_EQ(refusal("ua_mt", bad), "no error");
  bad["text_encoder.weight"] = torch::ones({1});
  EXPECT_EQ(import_network(published_network("ua_mt"), bad, "x.pth").left_out, std::vector<std::string>{"text_encoder.weight"});
}

TEST(PublishedNetworks, OneTensorLessOneMoreOneOfAnotherShapeIsNamedInEveryNetwork) {
  for (const PublishedNetwork& network : published_networks()) {
    SCOPED_TRACE(network.name);
    const TensorMap good = published_state(network);
    for (const auto& [name, tensor] : good) {
      if (!tensor.is_floating_point()) continue;  // counters of batches may be missing
      TensorMap bad = good;
      bad.erase(name);
      EXPECT_THAT(refusal(network.name, bad), HasSubstr("acks '" + name + "'"));
      break;
    }
    TensorMap bad = good;
    bad["surplus.weight"] = torch::ones({1});
    EXPECT_THAT(refusal(network.name, bad), HasSubstr("holds 'surplus.weight'"));
    bad = good;
    // Of the first convolution: of no tensor that has two names.
    const auto bias = std::find_if(bad.begin(), bad.end(), [](const auto& entry) {
      return entry.first.find("conv.0.bias") != std::string::npos || entry.first.find("conv1.0.bias") != std::string::npos;
    });
    ASSERT_NE(bias, bad.end());
    bias->second = torch::ones({77});
    EXPECT_THAT(refusal(network.name, bad), HasSubstr("tensor '" + bias->first + "' has shape [77]"));
  }
}

TEST(PublishedNetworks, TwoNamesOfOneTensorMustAgree) {
  TensorMap tensors = published_state(published_network("vclip_seg"));
  EXPECT_TRUE(tensors.contains("decoder1.proj_header.mlp2.0.bias"));
  tensors["decoder1.proj_header.mlp2.0.bias"] = torch::ones({12});
  EXPECT_THAT(refusal("vclip_seg", tensors), HasSubstr("'decoder1.proj_header.proj.0.bias' differ"));
}

TEST(PublishedNetworks, WidthsThatNoTensorBacksAreRefusedBeforeMemoryIsTaken) {
  TensorMap tensors = published_state(published_network("vnet"));
  tensors["encoder.block_one.conv.0.weight"] = torch::ones({65536, 1, 3, 3, 3});
  EXPECT_THAT(refusal("vnet", tensors),
              HasSubstr("'decoder1.block_nine.conv.0.weight' has 2 x 2 channels; expected 65536 x 65536"));
  tensors = published_state(published_network("vnet"));
  tensors["encoder.block_two.conv.0.weight"] = torch::ones({60000, 1, 3, 3, 3});
  EXPECT_THAT(refusal("vnet", tensors), HasSubstr("expected 60000 x 60000"));
  tensors = published_state(published_network("text_semiseg"));
  tensors["decoder1.attn_x5.to_patch_embedding_Axial.1.weight"] = torch::ones({64, 12 * 7});
  EXPECT_THAT(refusal("text_semiseg", tensors),
              HasSubstr("belongs to planes of 7, 3 and 6 values; expected three planes of one box"));
  tensors = published_state(published_network("vnet"));
  tensors["decoder1.out_conv.weight"] = torch::ones({5000, 2, 1, 1, 1});
  EXPECT_THAT(refusal("vnet", tensors), HasSubstr("has 5000 channels; expected 1 to 256 classes"));
}

TEST(PublishedNetworks, LayoutsThatCountBlocksHaveNoNamesForOtherDepths) {
  VNetOptions options;
  options.widths = {2, 4};
  options.depths = {1, 1};
  const TensorMap own = state_of(*VNet(options, std::vector{UpSampling::kTransposed}));
  EXPECT_EQ(published_tensors(published_network("vnet"), own, "run").size(), own.size());
  EXPECT_THAT(testing::input_error_of([&] { published_tensors(published_network("ua_mt"), own, "run"); }),
              HasSubstr("run: its network has no names in 'ua_mt'"));
}

TEST(PublishedNetworks, AWrongNetworkIsToldFromTheRightOne) {
  const TensorMap tensors = published_state(published_network("dtc"));
  const std::string message = testing::input_error_of([&] { refuse_network(published_network("mc_net"), tensors, "x.pth"); });
  EXPECT_THAT(message, HasSubstr("x.pth: holds the network 'dtc', lacks 'decoder1."));
  EXPECT_THAT(message, HasSubstr("expected 'mc_net': MC-Net"));
  EXPECT_THAT(testing::input_error_of([] { published_network("mcnet"); }), HasSubstr("(did you mean 'mc_net'?)"));
}

}  // namespace tss::published_networks_test
