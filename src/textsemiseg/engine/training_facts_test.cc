#include "textsemiseg/engine/training_facts.h"

#include <gmock/gmock.h>

namespace tss::training_facts_test {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Json facts() {
  return {{"cases", 3},
          {"spacing", {{0.7, 0.7, 0.7}, {0.9, 0.9, 1.2}}},
          {"extent", {{300, 300, 200}, {400, 400, 350}}},
          {"intensity", {{{-1.1, -0.9}, {0.0, 0.1}, {1.9, 2.1}}}}};
}

Geometry grid(Vector3 spacing, Size3 size) {
  Geometry out;
  out.spacing = spacing;
  out.size = size;
  return out;
}

// 5 %, median and 95 % at -1, 0.05 and 2.
torch::Tensor like_training() {
  torch::Tensor image = torch::full({1, 10, 10, 10}, 0.05);
  image.view(-1).slice(0, 0, 80).fill_(-1);
  image.view(-1).slice(0, 900, 1000).fill_(2);
  return image;
}

TEST(TrainingFacts, WhatIsAsInTrainingIsNoRemark) {
  EXPECT_THAT(unlike_training(facts(), grid({0.8, 0.8, 1}, {400, 400, 300}), true, true, like_training()), IsEmpty());
  EXPECT_THAT(unlike_training(facts(), grid({0.8, 0.8, 1.7}, {400, 400, 150}), true, true, like_training()), IsEmpty())
      << "half as much again is no remark";
}

TEST(TrainingFacts, WordsOfWhatLiesOutside) {
  const auto thick = unlike_training(facts(), grid({0.8, 0.8, 5}, {400, 400, 50}), true, true, like_training());
  ASSERT_EQ(thick.size(), 1u);
  EXPECT_EQ(thick[0], "slices 5.00 mm apart bottom to top; in training 0.70 to 1.20");
  const auto coarse = unlike_training(facts(), grid({3, 3, 3}, {110, 110, 80}), true, true, like_training());
  ASSERT_EQ(coarse.size(), 3u);
  EXPECT_EQ(coarse[0], "voxels of 3.00 mm left to right; in training 0.70 to 0.90");
  const auto small = unlike_training(facts(), grid({0.8, 0.8, 1}, {400, 400, 40}), true, false, like_training());
  ASSERT_EQ(small.size(), 1u);
  EXPECT_EQ(small[0], "a field of view of 40.0 mm along the third axis; in training 200 to 350");
  const auto bright = unlike_training(facts(), grid({0.8, 0.8, 1}, {400, 400, 300}), true, true, like_training() * 100);
  ASSERT_EQ(bright.size(), 1u);
  EXPECT_THAT(bright[0], HasSubstr("intensities as the network sees them: 5 % of the voxels lie below -100"));
}

TEST(TrainingFacts, NothingIsSaidOfWhatIsNotKnown) {
  const Geometry far = grid({9, 9, 9}, {1, 1, 1});
  EXPECT_THAT(unlike_training(nullptr, far, true, true, like_training() * 100), IsEmpty());
  EXPECT_THAT(unlike_training(facts(), far, false, true, like_training()), IsEmpty()) << "a format without geometry";
  EXPECT_THAT(unlike_training(facts(), grid({0.8, 0.8, 1}, {400, 400, 300}), true, true, {}), IsEmpty());
  EXPECT_THAT(unlike_training({{"cases", "many"}, {"spacing", 3}, {"intensity", {1}}}, far, true, true, like_training()),
              IsEmpty());
}

}  // namespace tss::training_facts_test
