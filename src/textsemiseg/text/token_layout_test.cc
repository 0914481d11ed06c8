#include "textsemiseg/text/token_layout.h"

#include <gtest/gtest.h>

namespace tss::token_layout_test {
using Attention = TokenLayout::Attention;

torch::Tensor padded(int64_t n, int64_t positions) {
  return torch::arange(n * positions * 3, torch::kFloat32).view({n, positions, 3});
}

TEST(TokenLayout, PaddingIsLeftOutWhereThereIsMuch) {
  const TokenLayout layout(torch::tensor({1, 7, 2}), 8, 0, Attention::kWithinText, torch::kFloat32);
  const torch::Tensor all = padded(3, 8), rows = layout.pack(all);
  ASSERT_EQ(rows.sizes(), (std::vector<int64_t>{13, 3}));
  EXPECT_TRUE(torch::equal(rows, torch::cat({all[0].slice(0, 0, 2), all[1], all[2].slice(0, 0, 3)})));
  const torch::Tensor back = layout.unpack(rows);
  EXPECT_TRUE(torch::equal(back[1], all[1]));
  EXPECT_TRUE(torch::equal(back[2].slice(0, 0, 3), all[2].slice(0, 0, 3)));
  EXPECT_TRUE(torch::equal(layout.first_rows(), torch::tensor({0, 2, 10})));
  EXPECT_TRUE(torch::equal(layout.last_rows(), torch::tensor({1, 9, 12})));
  EXPECT_TRUE(torch::allclose(layout.averaging().matmul(rows)[2], all[2].slice(0, 0, 3).mean(0)));
  EXPECT_TRUE(torch::equal(layout.mask()[0].squeeze().isinf(), torch::arange(8).gt(1).expand({8, 8})));
  EXPECT_FALSE(layout.mask()[1].isinf().any().item<bool>());
}

TEST(TokenLayout, LittlePaddingStays) {
  const TokenLayout layout(torch::tensor({6, 7}), 8, 0, Attention::kWithinText, torch::kFloat32);
  const torch::Tensor all = padded(2, 8), rows = layout.pack(all);
  EXPECT_TRUE(torch::equal(rows, all.view({16, 3})));
  EXPECT_TRUE(torch::equal(layout.unpack(rows), all));
  EXPECT_TRUE(torch::equal(layout.last_rows(), torch::tensor({6, 15})));
  EXPECT_TRUE(torch::allclose(layout.averaging().matmul(rows)[0], all[0].slice(0, 0, 7).mean(0)));
}

TEST(TokenLayout, KnownFirstTokenIsAKeyWithoutARow) {
  const TokenLayout layout(torch::tensor({2, 3}), 4, 1, Attention::kCausal, torch::kFloat64);
  EXPECT_EQ(layout.positions(), 3);
  EXPECT_TRUE(torch::equal(layout.last_rows(), torch::tensor({1, 5})));
  EXPECT_EQ(layout.mask().scalar_type(), torch::kFloat64);
  const auto barred = torch::tensor({0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0}, torch::kBool).view({3, 4});
  EXPECT_TRUE(torch::equal(layout.mask()[0][0].isinf(), barred));
  EXPECT_TRUE(
      torch::equal(layout.single_mask().squeeze().isinf(), torch::tensor({0, 0, 0, 1, 0, 0, 0, 0}, torch::kBool).view({2, 4})));
}

TEST(TokenLayout, EqualLengthsNeedNoMask) {
  const TokenLayout layout(torch::tensor({3, 3}), 4, 0, Attention::kWithinText, torch::kFloat32);
  EXPECT_FALSE(layout.mask().defined());
  EXPECT_FALSE(layout.single_mask().defined());
}

TEST(TokenLayout, AnEndOutsideIsRefused) {
  EXPECT_THROW(TokenLayout(torch::tensor({4}), 4, 0, Attention::kCausal, torch::kFloat32), c10::Error);
  EXPECT_THROW(TokenLayout(torch::tensor({0}), 4, 1, Attention::kCausal, torch::kFloat32), c10::Error);
}

}  // namespace tss::token_layout_test
