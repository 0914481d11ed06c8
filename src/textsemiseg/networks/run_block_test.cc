#include "textsemiseg/networks/run_block.h"

#include <gtest/gtest.h>

#include "support/networks.h"
#include "support/testing.h"
#include "textsemiseg/networks/blocks.h"
#include "textsemiseg/networks/memory_layout.h"

namespace tss::run_block_test {

namespace nn = torch::nn;
using testing::largest_difference;

// Running statistics away from 0 and 1.
void stir(nn::Module& module) {
  torch::NoGradGuard no_grad;
  for (auto& one : module.modules())
    if (auto* norm = one->as<nn::BatchNorm3dImpl>()) {
      norm->running_mean.normal_(0, 0.3);
      norm->running_var.uniform_(0.5, 2);
      norm->weight.uniform_(0.5, 1.5);
      norm->bias.normal_(0, 0.3);
    }
}

// Folded weights, without gradient; one sample and several, narrow and wide levels.
TEST(RunBlock, PredictsWhatTheLayersPredict) {
  torch::manual_seed(1);
  torch::NoGradGuard no_grad;
  for (const int64_t samples : {1, 3})
    for (const int64_t width : {16, 72})
      for (const char* kind : {"batch", "instance", "none"}) {
        nn::Sequential block = convolutions(2, 4, width, kind);
        stir(*block);
        block->eval();
        const torch::Tensor x = torch::randn({samples, 4, 6, 7, 5}), skip = torch::randn({samples, width, 6, 7, 5});
        EXPECT_LT(largest_difference(run_block(block, x), block->forward(x)), 1e-4) << kind;
        EXPECT_LT(largest_difference(run_block(block, x, skip), block->forward(x) + skip), 1e-4) << kind;
      }
}

// What LibTorch would compute by its general routine goes in as two halves: odd and even sides, strides, one voxel.
TEST(RunBlock, OneSampleInHalvesIsTheConvolution) {
  torch::manual_seed(2);
  for (const int64_t kernel : {3, 2})
    for (const int64_t side : {2, 3, 4, 6, 7}) {
      const int64_t stride = kernel == 2 ? 2 : 1, padding = kernel == 2 ? 0 : 1;
      nn::Conv3d convolution(nn::Conv3dOptions(8, 16, kernel).stride(stride).padding(padding));
      const torch::Tensor x = torch::randn({1, 8, side, 4, 5}).requires_grad_(true);
      const torch::Tensor got = run_convolution(*convolution, x), expected = convolution->forward(x);
      ASSERT_EQ(got.sizes(), expected.sizes());
      EXPECT_LT(largest_difference(got, expected), 1e-5);
      const torch::Tensor dy = torch::randn_like(expected);
      const auto a = torch::autograd::grad({got}, {x, convolution->weight, convolution->bias}, {dy});
      const auto b = torch::autograd::grad({expected}, {x, convolution->weight, convolution->bias}, {dy});
      for (size_t i = 0; i < a.size(); ++i) EXPECT_LT(largest_difference(a[i], b[i]), 1e-4) << kernel << " " << side << " " << i;
    }
}

TEST(RunBlock, HeadsAnswerContiguously) {
  torch::manual_seed(3);
  nn::Conv3d head = output_head(16, 3);
  const torch::Tensor x = torch::randn({2, 16, 4, 5, 6});
  const torch::Tensor got = run_head(*head, x.contiguous(torch::MemoryFormat::ChannelsLast3d));
  EXPECT_TRUE(got.is_contiguous());
  EXPECT_LT(largest_difference(got, head->forward(x)), 1e-5);
}

TEST(MemoryLayout, FollowsTheWidthOfALevel) {
  const auto last = torch::MemoryFormat::ChannelsLast3d;
  const torch::Tensor x = torch::randn({2, 16, 4, 5, 6});
  EXPECT_TRUE(in_level_layout(x, 16).is_contiguous(last));
  EXPECT_TRUE(in_level_layout(x.contiguous(last), 128).is_contiguous());
  EXPECT_TRUE(torch::equal(in_level_layout(x, 16), x));
  const torch::Tensor image = torch::randn({2, 1, 4, 5, 6});
  nn::Conv3d first(nn::Conv3dOptions(1, 16, 3).padding(1));
  EXPECT_TRUE(first->forward(in_level_layout(image, 16)).is_contiguous(last));
  EXPECT_TRUE(in_level_layout(x.to(torch::kFloat64), 16).is_contiguous());  // the plain path
}

}  // namespace tss::run_block_test
