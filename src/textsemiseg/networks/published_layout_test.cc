#include "textsemiseg/networks/published_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/testing.h"
#include "textsemiseg/networks/two_task_vnet.h"
#include "textsemiseg/networks/vnet.h"

namespace tss::published_layout_test {

std::string own(const char* layout, const char* name) { return own_name(published_layout(layout), name); }

TEST(PublishedLayout, RenamesWhatStandsElsewhere) {
  EXPECT_EQ(own("nested", "decoder2.block_six.conv.0.weight"), "decoder2.block_six.conv.0.weight");
  EXPECT_EQ(own("flat", "block_five.conv.0.weight"), "encoder.block_five.conv.0.weight");
  EXPECT_EQ(own("flat", "block_five_up.conv.0.weight"), "decoder1.block_five_up.conv.0.weight");
  EXPECT_EQ(own("flat", "block_four_dw.conv.0.weight"), "encoder.block_four_dw.conv.0.weight");
  EXPECT_EQ(own("flat", "out_conv.bias"), "decoder1.out_conv.bias");
  EXPECT_EQ(own("flat", "resnet_encoder.layer1.0.conv1.weight"), "resnet_encoder.layer1.0.conv1.weight");
  EXPECT_EQ(own("flat_two_heads", "out_conv2.bias"), "out_conv2.bias");
  EXPECT_EQ(own("flat_branches", "branchs.0.1.bias"), "decoder1.out_conv.bias");
  EXPECT_EQ(own("flat_branches", "branchs.0.0.conv.0.bias"), "decoder1.block_nine.conv.0.bias");
  EXPECT_EQ(own("one_decoder", "decoder.out_conv.bias"), "decoder1.out_conv.bias");
  EXPECT_EQ(own("decoders_from_zero", "decoder1.out_conv.bias"), "decoder2.out_conv.bias");
  EXPECT_EQ(own("vclip_seg", "decoder2.proj_header.mlp2.0.bias"), "decoder2.proj_header.proj.0.bias");
}

TEST(PublishedLayout, WritingIsTheInverseOfReading) {
  const std::vector three = {UpSampling::kTransposed, UpSampling::kTrilinear, UpSampling::kNearest};
  const auto check = [](const char* layout, const torch::nn::Module& net) {
    std::set<std::string> published;
    for (const auto& parameter : net.named_parameters()) {
      const std::string name = published_name(published_layout(layout), parameter.key());
      EXPECT_EQ(own(layout, name.c_str()), parameter.key()) << layout;
      EXPECT_TRUE(published.insert(name).second) << layout << ": two tensors named " << name;
    }
  };
  const std::vector one = {UpSampling::kTransposed};
  for (const char* layout : {"nested", "flat", "flat_branches", "one_decoder"}) check(layout, *VNet(VNetOptions{}, one));
  check("decoders_from_zero", *VNet(VNetOptions{}, three));
  check("flat_two_heads", *TwoTaskVNet(VNetOptions{}));
}

TEST(PublishedLayout, UnknownNamesListTheKnownOnes) {
  EXPECT_THAT(testing::input_error_of([] { published_layout("round"); }),
              ::testing::HasSubstr("layout: found 'round'; expected nested, flat"));
}

}  // namespace tss::published_layout_test
