#include "textsemiseg/sampling/augmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "support/testing.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/sampling/intensity.h"

namespace tss::augmentation_test {

using ::testing::HasSubstr;

AugmentationOptions everything() {
  AugmentationOptions options;
  options.rotation = 15;
  options.scale = 0.25;
  options.noise = 0.3;
  options.blur = 1;
  options.brightness = options.contrast = 0.25;
  options.low_resolution = 1;
  options.gamma = 0.5;
  return options;
}

TEST(AugmentationDraws, OffTouchesNothing) {
  Random random(1, Stream::kAugmentation), other(1, Stream::kAugmentation);
  const AugmentationDraw draw = draw_augmentation({}, 4, random);
  EXPECT_TRUE(draw.spatial.is_identity());
  EXPECT_TRUE(draw.channels.empty());
  EXPECT_EQ(random.next64(), other.next64());
}

TEST(AugmentationDraws, StayInTheirRangesAndComeAsOftenAsAsked) {
  const AugmentationOptions options = everything();
  constexpr int kDraws = 4000;
  int rotated = 0, scaled = 0, enlarged = 0, noisy = 0, blurred = 0, bright = 0, contrasted = 0, coarse = 0, gamma = 0, apart = 0;
  for (int i = 0; i < kDraws; ++i) {
    Random random(7, Stream::kAugmentation, static_cast<uint64_t>(i));
    const AugmentationDraw draw = draw_augmentation(options, 2, random);
    for (const double angle : draw.spatial.angles) EXPECT_LE(std::abs(angle), 15);
    EXPECT_GE(draw.spatial.scale, 1 / 1.25);
    EXPECT_LE(draw.spatial.scale, 1.25);
    rotated += draw.spatial.angles != Vector3{0, 0, 0};
    scaled += draw.spatial.scale != 1;
    enlarged += draw.spatial.scale > 1;
    if (draw.channels.empty()) continue;
    ASSERT_EQ(draw.channels.size(), 2u);
    const IntensityDraw& one = draw.channels[0];
    apart += one.noise > 0 && draw.channels[1].noise > 0 && one.noise_seed == draw.channels[1].noise_seed;
    EXPECT_LE(one.noise, 0.3);
    EXPECT_TRUE(one.blur == 0 || (one.blur >= 0.5 && one.blur <= 1)) << one.blur;
    EXPECT_LE(std::abs(one.brightness), 0.25);
    EXPECT_TRUE(one.contrast >= 0.8 && one.contrast <= 1.25) << one.contrast;
    EXPECT_TRUE(one.low_resolution >= 1 && one.low_resolution <= 2) << one.low_resolution;
    EXPECT_TRUE(one.gamma >= 1 / 1.5 && one.gamma <= 1.5) << one.gamma;
    noisy += one.noise > 0;
    blurred += one.blur > 0;
    bright += one.brightness != 0;
    contrasted += one.contrast != 1;
    coarse += one.low_resolution > 1;
    gamma += one.gamma != 1;
  }
  const auto share = [](int count) { return static_cast<double>(count) / kDraws; };
  EXPECT_NEAR(share(rotated), 0.2, 0.03);
  EXPECT_NEAR(share(scaled), 0.2, 0.03);
  EXPECT_NEAR(share(enlarged), 0.1, 0.03);
  EXPECT_NEAR(share(noisy), 0.1, 0.03);
  EXPECT_NEAR(share(blurred), 0.2, 0.03);
  EXPECT_NEAR(share(bright), 0.15, 0.03);
  EXPECT_NEAR(share(contrasted), 0.15, 0.03);
  EXPECT_NEAR(share(coarse), 0.25, 0.03);
  EXPECT_NEAR(share(gamma), 0.3, 0.03);
  EXPECT_EQ(apart, 0);  // no two channels get the same noise
}

TEST(AugmentationOptions, AreReadFromASectionAndChecked) {
  AugmentationOptions options;
  read_options(parse_toml("rotation = 10\nrotation_probability = 1.0", "test"), "test", options);
  EXPECT_EQ(options.rotation, 10);
  EXPECT_NO_THROW(options.check());
  options.rotation = -3;
  EXPECT_THAT(testing::input_error_of([&] { options.check(); }), HasSubstr("sampler.augmentation.rotation: found -3"));
  options.rotation = 3;
  options.gamma_probability = 1.5;
  EXPECT_THAT(testing::input_error_of([&] { options.check(); }), HasSubstr("sampler.augmentation.gamma_probability"));
}

constexpr Size3 kSize{24, 20, 22};

std::vector<float> noise_patch(double mean, double deviation) {
  std::vector<float> out(static_cast<size_t>(kSize[0] * kSize[1] * kSize[2]));
  Random random(3, Stream::kPhantom);
  for (float& value : out) value = static_cast<float>(mean + deviation * random.normal());
  return out;
}

std::pair<double, double> moments(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (const float value : values) sum += value;
  const double mean = sum / static_cast<double>(values.size());
  for (const float value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / static_cast<double>(values.size()))};
}

std::vector<float> applied(std::vector<float> patch, const std::function<void(IntensityDraw&)>& set) {
  IntensityDraw draw;
  set(draw);
  std::vector<float> scratch;
  apply_intensity(draw, kSize, patch.data(), scratch);
  return patch;
}

TEST(Intensity, TheIdentityIsExact) {
  const auto patch = noise_patch(40, 10);
  EXPECT_EQ(applied(patch, [](IntensityDraw&) {}), patch);
}

TEST(Intensity, NoiseHasTheDeviationAskedForAndItsSeed) {
  const auto patch = noise_patch(40, 10);
  const auto draw = [](uint64_t seed) {
    return [seed](IntensityDraw& one) {
      one.noise = 0.5;
      one.noise_seed = seed;
    };
  };
  const auto noisy = applied(patch, draw(11));
  std::vector<float> added(patch.size());
  for (size_t i = 0; i < patch.size(); ++i) added[i] = noisy[i] - patch[i];
  const auto [mean, deviation] = moments(added);
  EXPECT_NEAR(mean, 0, 0.15);
  EXPECT_NEAR(deviation, 5, 0.1);
  // As a normal distribution has it: 68.3 % within one deviation, 0.27 % beyond three.
  const auto beyond = [&](double limit) {
    return static_cast<double>(std::count_if(added.begin(), added.end(), [&](float v) { return std::abs(v) > limit; })) /
           static_cast<double>(added.size());
  };
  EXPECT_NEAR(beyond(5), 0.317, 0.02);
  EXPECT_NEAR(beyond(15), 0.0027, 0.0015);
  double neighbours = 0;  // correlation of neighbours, which share a random word
  for (size_t i = 0; i + 1 < added.size(); i += 2) neighbours += added[i] * added[i + 1] / 25;
  EXPECT_NEAR(neighbours / (static_cast<double>(added.size()) / 2), 0, 0.04);
  EXPECT_EQ(applied(patch, draw(11)), noisy);
  EXPECT_NE(applied(patch, draw(12)), noisy);
}

TEST(Intensity, BlurKeepsConstantsAndSpreadsAPointAsAGaussian) {
  const auto blur = [](IntensityDraw& one) { one.blur = 1; };
  const auto flat = applied(std::vector<float>(static_cast<size_t>(kSize[0] * kSize[1] * kSize[2]), 7), blur);
  for (const float value : flat) ASSERT_NEAR(value, 7, 1e-5);
  std::vector<float> point(flat.size(), 0);
  const auto at = [](int64_t x, int64_t y, int64_t z) { return static_cast<size_t>((x * kSize[1] + y) * kSize[2] + z); };
  point[at(12, 10, 11)] = 1;
  const auto spread = applied(point, blur);
  EXPECT_NEAR(spread[at(12, 10, 11)], std::pow(0.399, 3), 0.001);
  for (const size_t neighbour : {at(13, 10, 11), at(11, 10, 11), at(12, 11, 11), at(12, 9, 11), at(12, 10, 12), at(12, 10, 10)})
    EXPECT_NEAR(spread[neighbour] / spread[at(12, 10, 11)], std::exp(-0.5), 1e-4);
  EXPECT_NEAR(moments(spread).first * static_cast<double>(flat.size()), 1, 1e-4);
}

TEST(Intensity, BrightnessAndContrastMoveMeanAndDeviation) {
  const auto patch = noise_patch(40, 10);
  const auto [mean, deviation] = moments(patch);
  const auto [m, d] = moments(applied(patch, [](IntensityDraw& one) { one.contrast = 0.8, one.brightness = -0.5; }));
  EXPECT_NEAR(m, mean - 0.5 * deviation, 1e-3);
  EXPECT_NEAR(d, 0.8 * deviation, 1e-3);
}

TEST(Intensity, GammaBendsTheCurveAndKeepsMeanAndDeviation) {
  auto patch = noise_patch(40, 10);
  for (const double exponent : {0.67, 1.5}) {
    const auto bent = applied(patch, [&](IntensityDraw& one) { one.gamma = exponent; });
    EXPECT_NEAR(moments(bent).first, moments(patch).first, 1e-2);
    EXPECT_NEAR(moments(bent).second, moments(patch).second, 1e-2);
    // The order of the voxels stays; the bend shows in where the middle between both ends goes.
    const auto [low, high] = std::minmax_element(patch.begin(), patch.end());
    const auto [low_at, high_at] = std::pair{low - patch.begin(), high - patch.begin()};
    EXPECT_EQ(std::min_element(bent.begin(), bent.end()) - bent.begin(), low_at);
    EXPECT_EQ(std::max_element(bent.begin(), bent.end()) - bent.begin(), high_at);
    const auto place = [](const std::vector<float>& values, size_t i, std::ptrdiff_t a, std::ptrdiff_t b) {
      const float least = values[static_cast<size_t>(a)];
      return (values[i] - least) / (values[static_cast<size_t>(b)] - least);
    };
    for (size_t i = 0; i < patch.size(); i += 97)
      EXPECT_NEAR(place(bent, i, low_at, high_at), std::pow(place(patch, i, low_at, high_at), exponent), 1e-3);
  }
  const std::vector<float> flat(patch.size(), 3);
  EXPECT_EQ(applied(flat, [](IntensityDraw& one) { one.gamma = 2; }), flat);
}

TEST(Intensity, LowResolutionKeepsRampsAndLosesDetail) {
  std::vector<float> ramp(static_cast<size_t>(kSize[0] * kSize[1] * kSize[2]));
  for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<float>(i / static_cast<size_t>(kSize[1] * kSize[2]));
  const auto coarse = [](IntensityDraw& one) { one.low_resolution = 2; };
  const auto back = applied(ramp, coarse);
  for (size_t i = 0; i < ramp.size(); ++i) ASSERT_NEAR(back[i], ramp[i], 1.01) << i;
  const auto patch = noise_patch(40, 10);
  const auto low = applied(patch, coarse);
  EXPECT_LT(moments(low).second, 0.75 * moments(patch).second);  // linear interpolation of every eighth voxel
  EXPECT_GT(moments(low).second, 0.2 * moments(patch).second);
  EXPECT_NEAR(moments(low).first, 40, 1);
}

}  // namespace tss::augmentation_test
