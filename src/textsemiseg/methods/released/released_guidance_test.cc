#include "textsemiseg/methods/released/released_guidance.h"

#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/networks.h"

namespace tss::released_guidance_test {

using testing::largest_difference;
using testing::small_vnet;

TEST(ReleasedAlignment, ConstantMapsAndFeaturesGiveTheirProduct) {
  const torch::Tensor projected = torch::tensor({1.0, -2.0}).view({1, 2, 1, 1, 1}).expand({1, 2, 2, 3, 4});
  const torch::Tensor maps = torch::tensor({0.25, 0.75}).view({1, 2, 1, 1, 1}).expand({1, 2, 8, 12, 16});
  const torch::Tensor vectors = released_class_vectors(maps, projected);
  EXPECT_LT(largest_difference(vectors, torch::tensor({{{0.25, -0.5}, {0.75, -1.5}}})), 1e-6);
  const torch::Tensor text = torch::tensor({{0.25, 0.5}, {0.75, -1.5}});
  EXPECT_NEAR(released_alignment(vectors, text).item<double>(), 0.25, 1e-6);
  EXPECT_LT(largest_difference(normalise_depth(projected).select(1, 1), torch::full({1, 2, 3, 4}, -0.5)), 1e-6);
}

TEST(ReleasedTextBlock, IsOneTokenPerPlaneOfTheRoundedUpPatch) {
  const MultiplanarOptions block = released_text_block(small_vnet(), {8, 9, 16}, 12, 0.3);
  EXPECT_EQ(block.size, (std::array<int64_t, 3>{2, 3, 4}));
  EXPECT_EQ(block.patch, block.size);
  EXPECT_EQ(block.dimension, 12);
  EXPECT_TRUE(block.released_parameters);
}

}  // namespace tss::released_guidance_test
