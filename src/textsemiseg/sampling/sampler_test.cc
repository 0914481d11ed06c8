#include "textsemiseg/sampling/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "support/dataset_files.h"
#include "support/testing.h"
#include "textsemiseg/base/files.h"

namespace tss::sampler_test {

using ::testing::HasSubstr;
using testing::input_error_of;
using testing::TemporaryFolder;

SamplerOptions small_patch() {
  SamplerOptions options;
  options.patch = {6, 5, 4};
  return options;
}

bool same(const PatchBatch& a, const PatchBatch& b) { return a.image == b.image && a.label == b.label && a.ids == b.ids; }

class SamplerTest : public ::testing::Test {
 protected:
  Dataset dataset(int64_t labelled, int64_t unlabelled) {
    return Dataset::open(testing::prepared_msd(folder_.path(), labelled, unlabelled));
  }
  TemporaryFolder folder_;
};

TEST_F(SamplerTest, BatchHasLabelledFirst) {
  const Dataset data = dataset(4, 6);
  const Sampler sampler(data, small_patch(), 0);
  const PatchBatch batch = sampler.draw(3);
  EXPECT_EQ(batch.image.size(), 4u * 6 * 5 * 4);
  EXPECT_EQ(batch.label.size(), 2u * 6 * 5 * 4);
  const auto role_has = [&](Role role, const std::string& id) {
    const auto& ids = data.cases(role);
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(role_has(i < 2 ? Role::kLabelled : Role::kUnlabelled, batch.ids[i]));
}

TEST_F(SamplerTest, MirrorsTurnImageAndLabelRoundAlongTheirAxes) {
  const Dataset data = dataset(2, 2);
  SamplerOptions options = small_patch();
  const PatchBatch plain = Sampler(data, options, 3).draw(1);
  options.mirrors = {0, 2};
  const Sampler sampler(data, options, 3);
  std::set<std::array<bool, 3>> seen;
  for (int64_t iteration = 0; iteration < 20; ++iteration)
    for (const PatchDraw& draw : sampler.plan(iteration)) seen.insert(draw.mirrored);
  EXPECT_EQ(seen, (std::set<std::array<bool, 3>>{
                      {false, false, false}, {true, false, false}, {false, false, true}, {true, false, true}}));
  const PatchBatch mirrored = sampler.draw(1);
  const auto plan = sampler.plan(1);
  const auto at = [](int64_t sample, int64_t x, int64_t y, int64_t z) {
    return static_cast<size_t>(((sample * 6 + x) * 5 + y) * 4 + z);
  };
  for (int64_t sample = 0; sample < 4; ++sample) {
    const auto& m = plan[static_cast<size_t>(sample)].mirrored;
    for (int64_t x = 0; x < 6; ++x)
      for (int64_t y = 0; y < 5; ++y)
        for (int64_t z = 0; z < 4; ++z) {
          const size_t from = at(sample, m[0] ? 5 - x : x, y, m[2] ? 3 - z : z), to = at(sample, x, y, z);
          ASSERT_EQ(mirrored.image[to], plain.image[from]);
          if (sample >= 2) continue;
          ASSERT_EQ(mirrored.label[to], plain.label[from]);
        }
  }
  options.mirrors = {0, 0};
  EXPECT_THAT(input_error_of([&] { options.check(); }),
              HasSubstr("sampler.mirrors: [0, 0]; expected axes 0, 1 and 2, each at most once"));
}

TEST_F(SamplerTest, WeakViewsAreTheUnlabelledSamplesBeforeTheirIntensities) {
  const Dataset data = dataset(2, 3);
  SamplerOptions options = small_patch();
  const PatchBatch plain = Sampler(data, options, 7).draw(2);
  EXPECT_TRUE(plain.weak.empty());
  options.weak_views = true;
  options.augmentation.contrast = 0.5;
  options.augmentation.contrast_probability = 0;
  options.strong_probability = 1;
  const PatchBatch batch = Sampler(data, options, 7).draw(2);
  const size_t half = batch.image.size() / 2;
  const std::vector<float> labelled(batch.image.begin(), batch.image.begin() + static_cast<std::ptrdiff_t>(half)),
      strong(batch.image.begin() + static_cast<std::ptrdiff_t>(half), batch.image.end());
  EXPECT_EQ(batch.weak, std::vector<float>(plain.image.begin() + static_cast<std::ptrdiff_t>(half), plain.image.end()));
  EXPECT_NE(batch.weak, strong);
  EXPECT_EQ(labelled, std::vector<float>(plain.image.begin(), plain.image.begin() + static_cast<std::ptrdiff_t>(half)));
  options.strong_probability = 1.5;
  EXPECT_THAT(input_error_of([&] { options.check(); }), HasSubstr("sampler.strong_probability: 1.5"));
}

// Arrays are compared with their checksums when their case is first drawn, not before the first step.
TEST_F(SamplerTest, ADamagedCaseIsNamedWhenItIsDrawn) {
  const Dataset data = dataset(2, 1);
  const std::string id = data.cases(Role::kUnlabelled).front();
  std::filesystem::path image;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "dataset/cache"))
    if (entry.path().filename() == "image.npy" && entry.path().parent_path().filename() == id) image = entry.path();
  std::string bytes = read_text_file(image);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_text_file(image, bytes);
  const Sampler sampler(data, small_patch(), 0);
  EXPECT_THAT(input_error_of([&] { sampler.draw(0); }), HasSubstr("case '" + id + "' is damaged"));
}

TEST_F(SamplerTest, LabelsOfUnlabelledCasesAreNotOpened) {
  const Dataset data = dataset(2, 3);
  for (const std::string& id : data.cases(Role::kUnlabelled)) {
    std::filesystem::path prepared;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "dataset/cache"))
      if (entry.path().filename() == "label.npy" && entry.path().parent_path().filename() == id) prepared = entry.path();
    ASSERT_FALSE(prepared.empty());
    for (const std::filesystem::path& label : {prepared, data.source(id).label}) {
      write_text_file(label, "whoever opens this finds no label");
    }
  }
  const Sampler sampler(data, small_patch(), 0);
  EXPECT_EQ(sampler.draw(0).label.size(), 2u * 6 * 5 * 4);
  EXPECT_THROW(data.load(data.cases(Role::kUnlabelled).front()), InputError) << "the files would be noticed";
}

TEST_F(SamplerTest, PatchesAreTheCasesVoxels) {
  const Dataset data = dataset(2, 2);
  SamplerOptions options = small_patch();
  options.flips = options.quarter_turns = true;
  const Sampler sampler(data, options, 5);
  for (int64_t iteration = 0; iteration < 20; ++iteration) {
    const PatchBatch batch = sampler.draw(iteration);
    const auto plan = sampler.plan(iteration);
    for (size_t s = 0; s < 4; ++s) {
      const CachedCase item = data.load(batch.ids[s]);
      const Size3& size = item.geometry.size;
      size_t i = 0;
      for (int64_t x = 0; x < 6; ++x) {
        for (int64_t y = 0; y < 5; ++y) {
          for (int64_t z = 0; z < 4; ++z, ++i) {
            const auto from = plan[s].transform.source(plan[s].start[0] + x, plan[s].start[1] + y, size);
            const int64_t offset = (from[0] * size[1] + from[1]) * size[2] + plan[s].start[2] + z;
            ASSERT_EQ(batch.image[s * 120 + i], item.image.data<float>()[offset]);
            if (s < 2) {
              ASSERT_EQ(batch.label[s * 120 + i], item.label->data<uint8_t>()[offset]);
            }
          }
        }
      }
    }
  }
}

TEST_F(SamplerTest, PureFunctionOfSeedAndIteration) {
  const Dataset data = dataset(3, 4);
  SamplerOptions options = small_patch();
  options.flips = options.quarter_turns = true;
  const Sampler one(data, options, 7), two(data, options, 7), other(data, options, 8);
  const PatchBatch late = one.draw(1000);
  for (int64_t i = 0; i < 5; ++i) one.draw(i);
  EXPECT_TRUE(same(late, two.draw(1000)));
  EXPECT_FALSE(same(late, two.draw(1001)));
  EXPECT_FALSE(same(late, other.draw(1000)));
}

TEST_F(SamplerTest, LoaderOrderIsIndependentOfThreadsAndQueue) {
  const Dataset data = dataset(3, 4);
  const Sampler sampler(data, small_patch(), 7);
  for (const auto& [threads, queue] : {std::pair{0, 1}, {1, 1}, {1, 4}, {3, 2}, {4, 8}}) {
    BatchLoader loader(sampler, 11, threads, queue);
    std::vector<std::shared_ptr<PatchBatch>> held;  // some batches are kept, so that their memory cannot be reused
    for (int64_t i = 0; i < 40; ++i) {
      const auto batch = loader.next();
      ASSERT_TRUE(same(*batch, sampler.draw(11 + i))) << threads << " threads, queue " << queue << ", iteration " << i;
      if (i % 7 == 0) held.push_back(batch);
    }
    for (size_t i = 0; i < held.size(); ++i) EXPECT_TRUE(same(*held[i], sampler.draw(11 + 7 * static_cast<int64_t>(i))));
  }
}

TEST_F(SamplerTest, BatchesOutliveTheLoader) {
  const Dataset data = dataset(2, 2);
  const Sampler sampler(data, small_patch(), 7);
  std::shared_ptr<PatchBatch> kept;
  {
    BatchLoader loader(sampler, 0, 2, 4);
    kept = loader.next();
  }
  EXPECT_TRUE(same(*kept, sampler.draw(0)));
}

TEST_F(SamplerTest, EpochsCoverAllLabelledCases) {
  const Dataset data = dataset(6, 5);
  const Sampler sampler(data, small_patch(), 1);
  ASSERT_EQ(sampler.iterations_per_epoch(), 3);
  std::set<std::vector<size_t>> orders;
  for (int64_t epoch = 0; epoch < 10; ++epoch) {
    std::vector<size_t> order;
    for (int64_t step = 0; step < 3; ++step) {
      const auto plan = sampler.plan(epoch * 3 + step);
      order.push_back(plan[0].index);
      order.push_back(plan[1].index);
    }
    EXPECT_EQ(std::set<size_t>(order.begin(), order.end()).size(), 6u);
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 8u);
}

TEST_F(SamplerTest, IncompleteChunksAreDroppedButEveryCaseComes) {
  const Dataset data = dataset(5, 2);
  const Sampler sampler(data, small_patch(), 1);
  EXPECT_EQ(sampler.iterations_per_epoch(), 2);
  std::map<size_t, int> seen;
  for (int64_t i = 0; i < 200; ++i) {
    for (const size_t s : {0, 1}) ++seen[sampler.plan(i)[s].index];
  }
  ASSERT_EQ(seen.size(), 5u);
  for (const auto& [index, count] : seen) EXPECT_NEAR(count, 80, 30) << index;
}

TEST_F(SamplerTest, OneLabelledCaseIsRepeated) {
  const Dataset data = dataset(1, 3);
  const Sampler sampler(data, small_patch(), 1);
  EXPECT_EQ(sampler.iterations_per_epoch(), 1);
  const PatchBatch batch = sampler.draw(0);
  EXPECT_EQ(batch.ids[0], batch.ids[1]);
}

TEST_F(SamplerTest, UnlabelledStreamIsReshuffledWhenExhausted) {
  const Dataset data = dataset(10, 3);  // 5 iterations an epoch draw 10 of 3 unlabelled cases
  const Sampler sampler(data, small_patch(), 1);
  std::vector<size_t> order;
  for (int64_t i = 0; i < 5; ++i) {
    const auto plan = sampler.plan(i);
    order.push_back(plan[2].index);
    order.push_back(plan[3].index);
  }
  for (size_t round = 0; round < 3; ++round) {
    EXPECT_EQ(std::set<size_t>(order.begin() + static_cast<std::ptrdiff_t>(3 * round),
                               order.begin() + static_cast<std::ptrdiff_t>(3 * round + 3))
                  .size(),
              3u);
  }
}

std::map<std::pair<int, int>, int> transform_counts(const Sampler& sampler, int64_t iterations) {
  std::map<std::pair<int, int>, int> counts;
  for (int64_t i = 0; i < iterations; ++i) {
    for (const PatchDraw& draw : sampler.plan(i))
      ++counts[{draw.transform.turns, draw.transform.mirror[0] + 2 * draw.transform.mirror[1]}];
  }
  return counts;
}

TEST_F(SamplerTest, PublishedQuirksNeverShowTheIdentity) {
  const Dataset data = dataset(2, 2);
  SamplerOptions options = small_patch();
  options.flips = options.quarter_turns = options.published_quirks = true;
  const auto counts = transform_counts(Sampler(data, options, 3), 1000);
  EXPECT_EQ(counts.size(), 8u);  // four turns, each with one of two mirrors: as transforms four distinct ones
  std::set<std::vector<uint8_t>> distinct;
  const std::vector<uint8_t> square = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  for (const auto& [key, count] : counts) {
    EXPECT_TRUE(key.second == 1 || key.second == 2);  // exactly one axis, always
    EXPECT_NEAR(count, 500, 100);
    std::vector<uint8_t> out(9);
    const PlaneTransform transform{key.first, {key.second == 1, key.second == 2}};
    copy_patch(square.data(), {3, 3, 1}, transform, crop_of({3, 3, 1}, {3, 3, 1}, {}), {0, 0, 0}, {3, 3, 1}, out.data());
    EXPECT_NE(out, square);
    distinct.insert(out);
  }
  EXPECT_EQ(distinct.size(), 4u);
}

TEST_F(SamplerTest, SoundFlipsAndTurnsAreUniform) {
  const Dataset data = dataset(2, 2);
  SamplerOptions options = small_patch();
  options.flips = options.quarter_turns = true;
  const auto counts = transform_counts(Sampler(data, options, 3), 1000);
  EXPECT_EQ(counts.size(), 16u);
  for (const auto& [key, count] : counts) EXPECT_NEAR(count, 250, 70);
  options.flips = options.quarter_turns = false;
  EXPECT_EQ(transform_counts(Sampler(data, options, 3), 50).size(), 1u);
}

TEST_F(SamplerTest, StartRanges) {
  const Dataset data = dataset(2, 2);  // sizes 10 to 12 x 9 x 8
  SamplerOptions options = small_patch();
  for (const bool quirks : {false, true}) {
    options.published_quirks = quirks;
    const Sampler sampler(data, options, 3);
    std::set<int64_t> starts;
    for (int64_t i = 0; i < 400; ++i) starts.insert(sampler.plan(i)[0].start[2]);
    EXPECT_EQ(*starts.begin(), 0);
    EXPECT_EQ(*starts.rbegin(), quirks ? 3 : 4);
  }
}

TEST_F(SamplerTest, UnlabelledPatchesCanBeTheMiddleOfTheirScans) {
  const Dataset data = dataset(2, 3);  // sizes 10 to 12 x 9 x 8
  SamplerOptions options = small_patch();
  options.unlabelled_crop = "centre";
  const Sampler sampler(data, options, 3);
  std::set<Size3> labelled_starts;
  for (int64_t i = 0; i < 30; ++i) {
    const auto plan = sampler.plan(i);
    for (size_t s = 2; s < 4; ++s) {
      const int64_t room = plan[s].crop.padded[0] - 6;
      EXPECT_EQ(plan[s].start, (Size3{room == 5 ? 2 : room / 2, 2, 2}));  // halves to the even start
    }
    labelled_starts.insert(plan[0].start);
  }
  EXPECT_GT(labelled_starts.size(), 10u);
}

TEST_F(SamplerTest, PublishedMarginIsPaddedBeyondThePatch) {
  const Dataset data = dataset(2, 2);
  SamplerOptions options = small_patch();
  options.patch = {6, 5, 10};  // longer than axis 2, of 8 voxels
  options.published_quirks = true;
  for (const int64_t margin : {3, 1}) {
    options.published_margin = margin;
    EXPECT_EQ(Sampler(data, options, 3).plan(0)[0].crop.padded[2], 8 + 2 * (1 + margin));
  }
}

TEST_F(SamplerTest, PatchLargerThanTheVolume) {
  const Dataset data = dataset(2, 2);
  SamplerOptions options;
  options.patch = {32, 16, 8};
  for (const bool quirks : {false, true}) {
    options.published_quirks = quirks;
    const PatchBatch batch = Sampler(data, options, 3).draw(0);
    const CachedCase item = data.load(batch.ids[0]);
    double inside = 0, all = 0;
    for (int64_t i = 0; i < item.image.elements(); ++i) inside += std::abs(item.image.data<float>()[i]);
    for (size_t i = 0; i < 32 * 16 * 8; ++i) all += std::abs(batch.image[i]);
    if (quirks) {
      EXPECT_GT(all, 0.5 * inside);
    } else {
      EXPECT_NEAR(all, inside, 1e-2);
    }
  }
}

TEST_F(SamplerTest, ForegroundOversamplingCentresOnForeground) {
  const Dataset data = dataset(3, 2);
  SamplerOptions options = small_patch();
  options.patch = {3, 3, 3};
  options.flips = options.quarter_turns = true;
  const auto centre_classes = [&](double share) {
    options.foreground = share;
    const Sampler sampler(data, options, 3);
    std::map<int, int> counts;
    for (int64_t i = 0; i < 600; ++i) ++counts[sampler.draw(i).label[13]];
    return counts;
  };
  const auto off = centre_classes(0), on = centre_classes(1);
  EXPECT_GT(off.at(0), 100);
  EXPECT_EQ(on.contains(0), false);
  EXPECT_NEAR(on.at(1), 300, 70);  // classes equally often
  EXPECT_NEAR(on.at(2), 300, 70);
}

TEST_F(SamplerTest, SupervisedNeedsNoUnlabelledCase) {
  const Dataset data = dataset(3, 0);
  SamplerOptions options = small_patch();
  EXPECT_THAT(input_error_of([&] { Sampler(data, options, 0); }), HasSubstr("there is no unlabelled case"));
  options.unlabelled = 0;
  EXPECT_EQ(Sampler(data, options, 0).draw(0).ids.size(), 2u);
}

TEST_F(SamplerTest, EmptyLabelledSetIsAnError) {
  const auto folder = testing::prepared_msd(folder_.path(), 2, 2);
  write_text_file(folder / "split.json", R"({"unlabelled": ["case_00"]})");
  EXPECT_THAT(input_error_of([&] { Sampler(Dataset::open(folder), small_patch(), 0); }),
              HasSubstr("split.json: the labelled set is empty"));
}

TEST(SamplerOptionsTest, ChecksNameTheField) {
  const auto error = [](auto change) {
    SamplerOptions options;
    change(options);
    return input_error_of([&] { options.check(); });
  };
  EXPECT_THAT(error([](SamplerOptions& o) { o.labelled = 0; }), HasSubstr("sampler.labelled: 0"));
  EXPECT_THAT(error([](SamplerOptions& o) { o.patch = {96, 96}; }), HasSubstr("sampler.patch: [96, 96]"));
  EXPECT_THAT(error([](SamplerOptions& o) { o.foreground = 1.5; }), HasSubstr("sampler.foreground: 1.5"));
  EXPECT_THAT(error([](SamplerOptions& o) { o.queue = 0; }), HasSubstr("sampler.queue"));
  EXPECT_THAT(error([](SamplerOptions& o) { o.published_margin = -1; }), HasSubstr("sampler.published_margin: -1"));
  EXPECT_THAT(error([](SamplerOptions& o) { o.unlabelled_crop = "center"; }),
              HasSubstr("sampler.unlabelled_crop: 'center'; expected random or centre"));
}

AugmentationOptions strong_augmentation() {
  AugmentationOptions augmentation;
  augmentation.rotation = 20;
  augmentation.scale = 0.3;
  augmentation.noise = augmentation.brightness = augmentation.contrast = augmentation.gamma = 0.3;
  augmentation.blur = augmentation.low_resolution = 1;
  augmentation.rotation_probability = augmentation.scale_probability = augmentation.noise_probability = 0.6;
  return augmentation;
}

TEST_F(SamplerTest, WithoutAugmentationBatchesAreWhatTheyWere) {
  const Dataset data = dataset(3, 4);
  SamplerOptions options = small_patch();
  options.flips = options.quarter_turns = true;
  const Sampler plain(data, options, 7);
  // Strengths that never come: every draw of mirrors, turns and crops stays.
  options.augmentation = strong_augmentation();
  AugmentationOptions& never = options.augmentation;
  for (double* probability :
       {&never.rotation_probability, &never.scale_probability, &never.noise_probability, &never.blur_probability,
        &never.brightness_probability, &never.contrast_probability, &never.low_resolution_probability, &never.gamma_probability})
    *probability = 0;
  const Sampler idle(data, options, 7);
  for (int64_t i = 0; i < 20; ++i) EXPECT_TRUE(same(plain.draw(i), idle.draw(i)));
  // As drawn before there was augmentation: a change here changes every training run.
  double sum = 0;
  const PatchBatch batch = plain.draw(5);
  for (size_t i = 0; i < batch.image.size(); ++i) sum += static_cast<double>(batch.image[i]) * static_cast<double>(i % 7);
  EXPECT_NEAR(sum, -95.6301512215, 1e-3);
}

TEST_F(SamplerTest, AugmentationIsAFunctionOfSeedIterationAndSample) {
  const Dataset data = dataset(2, 3);
  SamplerOptions options = small_patch();
  const Sampler plain(data, options, 7);
  options.augmentation = strong_augmentation();
  const Sampler one(data, options, 7), two(data, options, 7);
  int spatial = 0, different = 0;
  std::set<double> angles;
  for (int64_t i = 0; i < 30; ++i) {
    ASSERT_TRUE(same(one.draw(i), two.draw(29 - (29 - i))));
    different += !same(one.draw(i), plain.draw(i));
    const auto plan = one.plan(i), before = plain.plan(i);
    for (size_t s = 0; s < 4; ++s) {  // the place of the patch does not depend on it
      EXPECT_EQ(plan[s].start, before[s].start);
      EXPECT_EQ(plan[s].index, before[s].index);
      if (plan[s].augmentation.spatial.angles[0] == 0) continue;
      ++spatial;
      angles.insert(plan[s].augmentation.spatial.angles[0]);
    }
  }
  EXPECT_GT(different, 25);
  EXPECT_NEAR(spatial, 72, 25);
  EXPECT_EQ(angles.size(), static_cast<size_t>(spatial));  // every sample of every batch has its own
  BatchLoader loader(one, 0, 3, 4);
  for (int64_t i = 0; i < 20; ++i) ASSERT_TRUE(same(*loader.next(), two.draw(i)));
}

TEST_F(SamplerTest, AugmentedLabelsKeepTheirValues) {
  const Dataset data = dataset(2, 2);
  SamplerOptions options = small_patch();
  options.augmentation = strong_augmentation();
  options.augmentation.rotation_probability = options.augmentation.scale_probability = 1;
  const Sampler sampler(data, options, 2);
  std::set<uint8_t> values;
  for (int64_t i = 0; i < 50; ++i) {
    const PatchBatch batch = sampler.draw(i);
    values.insert(batch.label.begin(), batch.label.end());
    for (const float value : batch.image) ASSERT_TRUE(std::isfinite(value));
  }
  EXPECT_EQ(values, (std::set<uint8_t>{0, 1, 2}));
}

// Case ids that begin with p have labels that do not tell all classes apart.
class PartialSamplerTest : public SamplerTest {
 protected:
  Dataset dataset(int64_t full, int64_t partial) {
    testing::write_msd(folder_ / "full", full + 1, full);
    testing::write_msd(folder_ / "partial", partial, partial, 2);
    PrepareOptions options = testing::prepare_options("", folder_ / "dataset");
    options.sources = {{"full", folder_ / "full", {}}, {"partial", folder_ / "partial", {}}};
    options.split.test = options.split.validation = "0";
    prepare_dataset(options);
    return Dataset::open(folder_ / "dataset");
  }
  static bool is_partial(const std::string& id) { return id.front() == 'p'; }
};

TEST_F(PartialSamplerTest, TheShareOfFullLabelsIsKeptInEveryBatchAsNearAsMayBe) {
  const Dataset data = dataset(3, 4);
  for (const auto& [share, labelled] : std::vector<std::pair<double, int64_t>>{{0.5, 2}, {0.5, 1}, {0.3, 2}, {0, 2}, {1, 3}}) {
    SamplerOptions options = small_patch();
    options.labelled = labelled;
    options.full_share = share;
    const Sampler sampler(data, options, 0);
    double full = 0;
    for (int64_t iteration = 0; iteration < 40; ++iteration) {
      const PatchBatch batch = sampler.draw(iteration);
      ASSERT_EQ(std::ssize(batch.groups), labelled);
      int64_t here = 0;
      for (size_t i = 0; i < batch.groups.size(); ++i) {
        ASSERT_EQ(batch.groups[i].tells_all_apart(), !is_partial(batch.ids[i]));
        ASSERT_TRUE(i == 0 || is_partial(batch.ids[i]) || !is_partial(batch.ids[i - 1]));  // full ones first
        here += !is_partial(batch.ids[i]);
      }
      full += static_cast<double>(here);
      ASSERT_LE(std::abs(static_cast<double>(here) - share * static_cast<double>(labelled)), 0.99);
    }
    EXPECT_EQ(full, std::floor(share * static_cast<double>(40 * labelled))) << share;
  }
}

TEST_F(PartialSamplerTest, EveryCaseOfAStreamIsDrawnBeforeOneIsDrawnAgain) {
  const Dataset data = dataset(3, 4);
  SamplerOptions options = small_patch();
  const Sampler sampler(data, options, 5);
  std::vector<std::string> full, partial;
  for (int64_t iteration = 0; iteration < 24; ++iteration) {
    const PatchBatch batch = sampler.draw(iteration);
    full.push_back(batch.ids[0]);
    partial.push_back(batch.ids[1]);
  }
  const auto passes = [](const std::vector<std::string>& ids, size_t cases) {
    std::set<std::vector<std::string>> orders;
    for (size_t i = 0; i + cases <= ids.size(); i += cases) {
      orders.emplace(ids.begin() + static_cast<std::ptrdiff_t>(i), ids.begin() + static_cast<std::ptrdiff_t>(i + cases));
      const std::set<std::string> once(ids.begin() + static_cast<std::ptrdiff_t>(i),
                                       ids.begin() + static_cast<std::ptrdiff_t>(i + cases));
      EXPECT_EQ(once.size(), cases);
    }
    return orders.size();
  };
  EXPECT_GT(passes(full, 3), 1u);
  EXPECT_GT(passes(partial, 4), 1u);
}

TEST_F(PartialSamplerTest, ABatchIsAFunctionOfSeedAndIteration) {
  const Dataset data = dataset(2, 3);
  const SamplerOptions options = small_patch();
  const Sampler one(data, options, 1), other(data, options, 1);
  for (int64_t iteration = 0; iteration < 6; ++iteration) other.draw(iteration);
  EXPECT_TRUE(same(one.draw(9), other.draw(9)));
  EXPECT_FALSE(same(one.draw(9), Sampler(data, options, 2).draw(9)));
  BatchLoader loader(one, 4, 2, 3);
  for (int64_t iteration = 4; iteration < 12; ++iteration) {
    const auto batch = loader.next();
    ASSERT_TRUE(same(*batch, other.draw(iteration)));
    ASSERT_EQ(batch->groups, other.draw(iteration).groups);
  }
}

TEST_F(SamplerTest, FullLabelsAreDrawnAsEverWhateverTheShare) {
  const Dataset data = dataset(4, 2);
  SamplerOptions options = small_patch();
  const PatchBatch batch = Sampler(data, options, 0).draw(5);
  EXPECT_TRUE(batch.groups.empty());
  options.full_share = 0.1;
  EXPECT_TRUE(same(batch, Sampler(data, options, 0).draw(5)));
  options.full_share = -0.1;
  EXPECT_THAT(input_error_of([&] { options.check(); }), HasSubstr("sampler.full_share: -0.1; expected a share between 0 and 1"));
}

}  // namespace tss::sampler_test
