#include "textsemiseg/statistics/estimate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "textsemiseg/base/random.h"

namespace tss::estimate_test {

TEST(Estimate, MeanAndSampleDeviation) {
  const Estimate e = estimate_mean({1, 2, 3, 4});
  EXPECT_DOUBLE_EQ(*e.mean, 2.5);
  EXPECT_DOUBLE_EQ(*e.deviation, std::sqrt(5.0 / 3));
  EXPECT_EQ(e.count, 4);
}

TEST(Estimate, WhatDoesNotExistIsAbsent) {
  EXPECT_FALSE(estimate_mean({}).mean.has_value());
  const Estimate one = estimate_mean({0.7});
  EXPECT_DOUBLE_EQ(*one.mean, 0.7);
  EXPECT_FALSE(one.deviation.has_value());
  EXPECT_FALSE(one.low.has_value());
}

TEST(Estimate, IntervalOfTwoValuesIsKnown) {
  // Means of a resample of {0, 1}: 0 (1/4), 1/2 (1/2), 1 (1/4).
  const Estimate e = estimate_mean({0, 1});
  EXPECT_DOUBLE_EQ(*e.low, 0);
  EXPECT_DOUBLE_EQ(*e.high, 1);
  const Estimate inner = estimate_mean({0, 1}, {.resamples = 10000, .level = 0.4});
  EXPECT_DOUBLE_EQ(*inner.low, 0.5);
  EXPECT_DOUBLE_EQ(*inner.high, 0.5);
}

TEST(Estimate, IntervalNearsTheNormalOneForManyCases) {
  Random random(5, Stream::kPhantom);
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) values.push_back(random.normal());
  const Estimate e = estimate_mean(values);
  const double half = 1.96 * *e.deviation / 20;
  EXPECT_NEAR(*e.low, *e.mean - half, 0.1 * half);
  EXPECT_NEAR(*e.high, *e.mean + half, 0.1 * half);
}

TEST(Estimate, SeedDecides) {
  std::vector<double> values;
  for (int i = 0; i < 12; ++i) values.push_back(std::sin(i * i + 1.0));  // no two resamples share a mean
  const Estimate a = estimate_mean(values), b = estimate_mean(values);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_NE(a.low, estimate_mean(values, {.seed = 1}).low);
  EXPECT_LT(*a.low, *a.mean);
  EXPECT_GT(*a.high, *a.mean);
}

}  // namespace tss::estimate_test
