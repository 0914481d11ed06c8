#include "textsemiseg/losses/marginal.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/numeric_gradient.h"
#include "textsemiseg/losses/deep_supervision.h"
#include "textsemiseg/losses/dice.h"

namespace tss::marginal_test {

const ClassGroups kAll{}, kFirstAlone{{0, 1, 0}}, kBothAsOne{{0, 1, 1}}, kNothing{{0, 0, 0}};

torch::Tensor random_logits(int64_t samples, int64_t classes) {
  return torch::randn({samples, classes, 3, 2, 2}, torch::kFloat64);
}

// A label of these groups: of each voxel the lowest class of its group.
torch::Tensor random_label(const std::vector<ClassGroups>& groups, int64_t classes) {
  torch::Tensor label = torch::randint(classes, {static_cast<int64_t>(groups.size()), 3, 2, 2}, torch::kInt64);
  for (size_t n = 0; n < groups.size(); ++n) {
    if (groups[n].tells_all_apart()) continue;
    auto values = label[static_cast<int64_t>(n)].flatten();
    for (int64_t i = 0; i < values.numel(); ++i) values[i] = groups[n].lowest[static_cast<size_t>(values[i].item<int64_t>())];
  }
  return label;
}

TEST(ClassGroups, SayWhichClassesAreToldApart) {
  EXPECT_TRUE(kAll.tells_all_apart() && kAll.tells_apart(2));
  EXPECT_FALSE(kFirstAlone.tells_all_apart());
  EXPECT_TRUE(kFirstAlone.tells_apart(1));
  EXPECT_FALSE(kFirstAlone.tells_apart(0) || kFirstAlone.tells_apart(2));
  EXPECT_TRUE(kBothAsOne.tells_apart(0));
  EXPECT_EQ(kFirstAlone.groups(), (std::vector<std::vector<int64_t>>{{0, 2}, {1}}));
  EXPECT_EQ(kNothing.groups(), (std::vector<std::vector<int64_t>>{{0, 1, 2}}));
}

// Voxel by voxel with numbers, as the equations say.
double by_hand(const torch::Tensor& logits, const torch::Tensor& label, const std::vector<ClassGroups>& groups) {
  const int64_t classes = logits.size(1), voxels = label[0].numel();
  std::vector<ClassGroups> kinds;
  for (const ClassGroups& one : groups)
    if (std::find(kinds.begin(), kinds.end(), one) == kinds.end()) kinds.push_back(one);
  double loss = 0;
  for (const ClassGroups& kind : kinds) {
    std::vector<std::vector<int64_t>> members = kind.groups();
    if (kind.tells_all_apart())
      for (int64_t k = 0; k < classes; ++k) members.push_back({k});
    double entropy = 0, samples = 0;
    std::vector<double> both(members.size()), squares(members.size()), there(members.size());
    for (size_t n = 0; n < groups.size(); ++n) {
      if (!(groups[n] == kind)) continue;
      ++samples;
      const auto z = logits[static_cast<int64_t>(n)].flatten(1);
      const auto y = label[static_cast<int64_t>(n)].flatten();
      for (int64_t v = 0; v < voxels; ++v) {
        double total = 0;
        for (int64_t k = 0; k < classes; ++k) total += std::exp(z[k][v].item<double>());
        for (size_t g = 0; g < members.size(); ++g) {
          double p = 0;
          bool is = false;
          for (const int64_t k : members[g]) {
            p += std::exp(z[k][v].item<double>()) / total;
            is = is || k == y[v].item<int64_t>();
          }
          both[g] += p * is;
          squares[g] += p * p;
          there[g] += is;
          if (is) entropy -= std::log(p);
        }
      }
    }
    double dice = 0;
    for (size_t g = 0; g < members.size(); ++g)
      dice += (1 - (2 * both[g] + 1e-5) / (squares[g] + there[g] + 1e-5)) / static_cast<double>(members.size());
    loss += samples / static_cast<double>(groups.size()) * (entropy / (samples * static_cast<double>(voxels)) + dice);
  }
  return loss;
}

TEST(MarginalLoss, IsWhatTheEquationsSayVoxelByVoxel) {
  torch::manual_seed(1);
  const std::vector<std::vector<ClassGroups>> batches = {{kFirstAlone},
                                                         {kBothAsOne, kBothAsOne},
                                                         {kAll, kFirstAlone},
                                                         {kFirstAlone, kAll, kBothAsOne, kAll, kNothing},
                                                         {kNothing, kFirstAlone}};
  for (const auto& groups : batches) {
    const torch::Tensor logits = random_logits(static_cast<int64_t>(groups.size()), 3), label = random_label(groups, 3);
    EXPECT_NEAR(marginal_cross_entropy_and_dice(logits, label, groups).item<double>(), by_hand(logits, label, groups), 1e-9);
  }
}

TEST(MarginalLoss, IsThePlainLossWhereAllClassesAreToldApart) {
  torch::manual_seed(2);
  const torch::Tensor logits = random_logits(3, 4).to(torch::kFloat32), label = random_label({kAll, kAll, kAll}, 4);
  const float plain = cross_entropy_and_dice(logits, label).item<float>();
  EXPECT_EQ(marginal_cross_entropy_and_dice(logits, label, {}).item<float>(), plain);
  EXPECT_EQ(marginal_cross_entropy_and_dice(logits, label, {kAll, kAll, kAll}).item<float>(), plain);
  EXPECT_EQ(deep_segmentation_loss({logits}, label, std::vector<ClassGroups>{}).item<float>(),
            deep_segmentation_loss({logits}, label).item<float>());
}

// Any class of the group will do as its voxels' value.
TEST(MarginalLoss, TakesAFullLabelAsWhatTheGroupsLeaveOfIt) {
  torch::manual_seed(3);
  const torch::Tensor logits = random_logits(1, 3), full = random_label({kAll}, 3);
  const torch::Tensor merged = torch::where(full == 2, torch::ones_like(full), full);
  ASSERT_FALSE(torch::equal(full, merged));
  EXPECT_EQ(marginal_cross_entropy_and_dice(logits, full, {kBothAsOne}).item<double>(),
            marginal_cross_entropy_and_dice(logits, merged, {kBothAsOne}).item<double>());
}

TEST(MarginalLoss, AnUnlabelledSampleIsASourceThatMergesEverything) {
  torch::manual_seed(4);
  torch::Tensor logits = random_logits(2, 3).requires_grad_();
  const torch::Tensor label = torch::zeros({2, 3, 2, 2}, torch::kInt64);
  const torch::Tensor loss = marginal_cross_entropy_and_dice(logits, label, {kNothing, kNothing});
  EXPECT_NEAR(loss.item<double>(), 0, 1e-12);
  loss.backward();
  EXPECT_LT(logits.grad().abs().max().item<double>(), 1e-12);
}

// What the label leaves open does not move: within a group the logits get the gradient of their own share of its probability.
TEST(MarginalLoss, GradientsEqualCentralDifferences) {
  torch::manual_seed(5);
  const std::vector<ClassGroups> groups = {kAll, kFirstAlone, kBothAsOne};
  const torch::Tensor label = random_label(groups, 3);
  torch::Tensor logits = random_logits(3, 3).requires_grad_();
  const auto check =
      testing::check_gradients([&] { return marginal_cross_entropy_and_dice(logits, label, groups); }, {{"logits", logits}});
  EXPECT_LT(check.error, 1e-6) << check;
}

TEST(MarginalLoss, StaysFiniteWhereOneClassHasAllProbability) {
  torch::Tensor logits = torch::zeros({1, 3, 1, 1, 2}, torch::kFloat32);
  logits[0][2] += 200;
  logits.requires_grad_();
  const torch::Tensor loss =
      marginal_cross_entropy_and_dice(logits, torch::tensor({0, 1}, torch::kInt64).view({1, 1, 1, 2}), {kFirstAlone});
  loss.backward();
  EXPECT_TRUE(std::isfinite(loss.item<float>()));
  EXPECT_TRUE(logits.grad().isfinite().all().item<bool>());
}

TEST(MarginalLoss, CoarseLevelsSeeEverySecondVoxel) {
  torch::manual_seed(6);
  const torch::Tensor fine = torch::randn({2, 3, 4, 4, 2}, torch::kFloat64),
                      coarse = torch::randn({2, 3, 2, 2, 1}, torch::kFloat64);
  const torch::Tensor label = torch::randint(3, {2, 4, 4, 2}, torch::kInt64);
  const std::vector<ClassGroups> groups = {kAll, kBothAsOne};
  const double expected =
      0.5 * (marginal_cross_entropy_and_dice(fine, label, groups).item<double>() / 1.5 +
             marginal_cross_entropy_and_dice(coarse, every_nth_voxel(label, 2), groups).item<double>() * 0.5 / 1.5);
  EXPECT_NEAR(deep_segmentation_loss({fine, coarse}, label, groups).item<double>(), expected, 1e-12);
}

}  // namespace tss::marginal_test
