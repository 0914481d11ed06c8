#include "textsemiseg/engine/memory_estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/engine/optimisation.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/methods/registry.h"

namespace tss::memory_estimate_test {

using ::testing::HasSubstr;

RunConfig config_of(const std::string& method, const std::vector<int64_t>& patch) {
  RunConfig config = make_run_config(
      {{"method", method}, {"sampler", {{"patch", patch}}}, {"network", {{"widths", {4, 8, 8}}, {"depths", {1, 1, 1}}}}}, "test");
  if (!method_info(method).uses_unlabelled) config.sampler.unlabelled = 0;
  return config;
}

const std::vector<std::string> kClasses = {"background", "one", "two"};

// Bytes of a whole step of that patch, counted.
double counted(const RunConfig& config) {
  const auto method = build_method(config, kClasses, 1, nullptr);
  Optimisation optimisation(*method, config.optimiser);
  const auto& p = config.sampler.patch;
  const int64_t samples = config.sampler.labelled + config.sampler.unlabelled;
  return tensor_bytes_during([&] {
    const Batch batch{torch::randn({samples, 1, p[0], p[1], p[2]}),
                      torch::randint(3, {config.sampler.labelled, p[0], p[1], p[2]}, torch::kInt64)};
    optimisation.step(batch, 0, config.train.iterations - 1, config.train.iterations);
  });
}

TEST(MemoryEstimate, SmallPatchesTellWhatALargeOneTakes) {
  for (const std::string method : {"supervised", "mc_net"}) {
    const RunConfig config = config_of(method, {64, 48, 56});
    const double told = measure_step_memory(config, kClasses, 1, {}).bytes(config.sampler.patch), there = counted(config);
    EXPECT_GT(told, 0.97 * there) << method;
    EXPECT_LT(told, 1.3 * there) << method;
  }
}

TEST(MemoryEstimate, TheLargestPatchFitsAndTheNextDoesNot) {
  const StepMemory step = {.fixed = 1e6, .per_voxel = 100, .side_multiple = 8};
  const std::vector<int64_t> most = step.largest({96, 96, 48}, 30e6);
  ASSERT_EQ(most.size(), 3);
  EXPECT_LE(step.bytes(most), 30e6);
  EXPECT_GT(step.bytes({most[0] + 8, most[1] + 8, most[2] + 8}), 30e6);
  EXPECT_EQ(most[0] % 8, 0);
  EXPECT_TRUE(step.largest({96, 96, 48}, 1e6).empty());
}

TEST(MemoryEstimate, APatchThatDoesNotFitIsRefusedWithOneThatDoes) {
  const RunConfig huge = config_of("supervised", {4096, 4096, 4096});
  const StepMemory step = measure_step_memory(huge, kClasses, 1, {});
  const std::string message = testing::input_error_of([&] { memory_line(step, huge, 1); });
  EXPECT_THAT(message, HasSubstr("sampler.patch: [4096, 4096, 4096]"));
  EXPECT_THAT(message, HasSubstr("expected at most ["));
  const RunConfig small = config_of("supervised", {32, 32, 32});
  EXPECT_THAT(memory_line(measure_step_memory(small, kClasses, 1, {}), small, 1), HasSubstr("memory about "));
}

}  // namespace tss::memory_estimate_test
