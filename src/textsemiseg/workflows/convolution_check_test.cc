#include "textsemiseg/workflows/convolution_check.h"

#include <gtest/gtest.h>

#include <limits>

namespace tss::convolution_check_test {

const SelfTest& self_test() {
  static const SelfTest result = convolution_self_test();
  return result;
}

TEST(SelfTest, ConvolutionsAreRightHere) {
  const SelfTest& result = self_test();
  ASSERT_GE(result.checks.size(), 7u);
  for (const SelfCheck& check : result.checks) EXPECT_TRUE(check.passed()) << check.name << ": " << check.error;
  for (const Timing& timing : result.timings) EXPECT_GT(timing.gflops, 0) << timing.name;
}

// A precision's rounding is visible: the errors are measured, not assumed.
TEST(SelfTest, PrecisionsDiffer) {
  const SelfTest& result = self_test();
  EXPECT_GT(result.checks[1].error, 1e-9) << result.checks[1].name;
  EXPECT_GT(result.checks[4].error, 1e-4) << result.checks[4].name;
}

TEST(SelfCheck, NaNAndTooLargeErrorsFail) {
  EXPECT_FALSE((SelfCheck{"", std::numeric_limits<double>::quiet_NaN(), 1}.passed()));
  EXPECT_FALSE((SelfCheck{"", 2e-5, 1e-5}.passed()));
  EXPECT_TRUE((SelfCheck{"", 1e-5, 1e-5}.passed()));
}

}  // namespace tss::convolution_check_test
