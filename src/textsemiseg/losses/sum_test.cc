#include "textsemiseg/losses/sum.h"

#include <gtest/gtest.h>

namespace tss::sum_test {

TEST(Sum, AddsTermsInTheirOrder) {
  // 1e8 + 1 is 1e8 in float32: the order shows.
  const torch::Tensor large = torch::tensor(1e8f), one = torch::tensor(1.0f);
  EXPECT_EQ(sum_of({large, one, -large}).item<float>(), 0);
  EXPECT_EQ(sum_of({large, -large, one}).item<float>(), 1);
}

TEST(Sum, OfNothingIsUndefinedAndTakesTheFirstTermAsItIs) {
  torch::Tensor sum = sum_of({});
  EXPECT_FALSE(sum.defined());
  const torch::Tensor term = torch::ones({2, 3});
  add_to(sum, term);
  EXPECT_TRUE(sum.is_same(term));
  add_to(sum, term);
  EXPECT_TRUE(torch::equal(sum, 2 * term));
  EXPECT_TRUE(torch::equal(term, torch::ones({2, 3})));
}

}  // namespace tss::sum_test
