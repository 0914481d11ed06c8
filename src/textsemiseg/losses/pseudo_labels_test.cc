#include "textsemiseg/losses/pseudo_labels.h"

#include <gtest/gtest.h>

namespace tss::pseudo_labels_test {

// Two pieces, of three and two voxels, that touch nowhere; a third one touches the first at a corner.
torch::Tensor pieces() {
  torch::Tensor mask = torch::zeros({2, 5, 5, 5}, torch::kInt64);
  mask[0][0][0].narrow(0, 0, 3).fill_(1);
  mask[0][4][4].narrow(0, 0, 2).fill_(1);
  mask[0][1][1][3] = 1;
  mask[1][2][2][2] = 1;
  return mask;
}

TEST(LargestComponent, KeepsOneComponentPerSample) {
  const torch::Tensor mask = pieces(), before = mask.clone(), kept = largest_component(mask);
  EXPECT_TRUE(torch::equal(mask, before)) << "the input stays as it is";
  torch::Tensor expected = before.clone();
  expected[0][4].zero_();
  EXPECT_TRUE(torch::equal(kept, expected));
  EXPECT_EQ(kept.scalar_type(), torch::kInt64);
}

TEST(LargestComponent, CornersConnectWith26NeighboursOnly) {
  const torch::Tensor kept = largest_component(pieces(), 6);
  EXPECT_EQ(kept[0].sum().item<int64_t>(), 3);
  EXPECT_EQ(kept[0][1][1][3].item<int64_t>(), 0);
}

// A class is judged among its own voxels: a larger piece of another class beside it changes nothing.
TEST(LargestComponent, EveryClassKeepsItsOwn) {
  torch::Tensor label = torch::zeros({1, 4, 4, 8}, torch::kInt64);
  label[0][0][0].narrow(0, 0, 3).fill_(1);
  label[0][0][0].narrow(0, 3, 2).fill_(2);
  label[0][3][3].narrow(0, 0, 2).fill_(1);
  label[0][3][3].narrow(0, 4, 4).fill_(2);
  torch::Tensor expected = label.clone();
  expected[0][0][0].narrow(0, 3, 2).zero_();
  expected[0][3][3].narrow(0, 0, 2).zero_();
  EXPECT_TRUE(torch::equal(largest_component_per_class(label), expected));
}

TEST(LargestComponent, EmptyAndFullMasksStay) {
  const torch::Tensor empty = torch::zeros({1, 3, 3, 3}, torch::kInt64);
  EXPECT_TRUE(torch::equal(largest_component(empty), empty));
  EXPECT_TRUE(torch::equal(largest_component(1 - empty), 1 - empty));
  EXPECT_EQ(largest_component(empty.narrow(0, 0, 0)).size(0), 0);
}

}  // namespace tss::pseudo_labels_test
