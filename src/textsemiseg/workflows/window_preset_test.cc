#include "textsemiseg/workflows/window_preset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "textsemiseg/base/error.h"

namespace tss::window_preset_test {

using ::testing::ElementsAre;

TEST(WindowPreset, HasThePublishedSteps) {
  WindowOptions options;
  options.patch = {112, 112, 80};
  options.weights = "gaussian";
  apply_window_preset("left_atrium", options);
  EXPECT_THAT(options.stride, ElementsAre(18, 18, 4));
  EXPECT_EQ(options.weights, "constant");
  options.patch = {32, 48, 64};
  apply_window_preset("brats2019", options);
  EXPECT_THAT(options.stride, ElementsAre(32, 48, 64));
  EXPECT_NO_THROW(options.check());
  EXPECT_THROW(apply_window_preset("left_atrum", options), InputError);
  EXPECT_THAT(window_preset_names(), ElementsAre("brats2019", "left_atrium", "msd_lung", "pancreas_ct"));
}

}  // namespace tss::window_preset_test
