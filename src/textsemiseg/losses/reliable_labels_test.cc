#include "textsemiseg/losses/reliable_labels.h"

#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/numeric_gradient.h"

namespace tss::reliable_labels_test {

using testing::Row;

torch::Tensor draw(std::vector<int64_t> sizes) { return torch::randn(sizes, torch::kFloat64); }

Row voxel(const torch::Tensor& x, int64_t n, int64_t i, int64_t j, int64_t k) {
  return testing::row_of(x[n].select(1, i).select(1, j).select(1, k));
}

double entropy_of(const Row& p) {
  double sum = 0;
  for (const double one : p) sum -= one * std::log(one + 1e-6);
  return sum;
}

double cosine(const Row& a, const Row& b) {
  const double lengths = std::sqrt(testing::dot(a, a) * testing::dot(b, b));
  return lengths > 0 ? testing::dot(a, b) / lengths : 0;
}

TEST(ReliableLabels, EqualTheirDefinitionVoxelByVoxel) {
  torch::manual_seed(1);
  const int64_t classes = 3, channels = 4;
  const torch::Tensor z_student = draw({2, classes, 2, 3, 2}), z_teacher = draw({2, classes, 2, 3, 2}),
                      feature = draw({2, channels, 2, 3, 2});
  z_teacher[1].select(0, 2).fill_(-50);  // class 2 is absent from the second sample
  const torch::Tensor student = torch::softmax(z_student, 1), teacher = torch::softmax(z_teacher, 1);
  const Reliability got = reliability(student, teacher, feature);
  const torch::Tensor label = testing::hard_labels(z_teacher);
  double loss = 0, certain = 0;
  for (int64_t n = 0; n < 2; ++n) {
    testing::Rows prototypes(3, Row(4, 0));
    Row members(3, 0);
    testing::for_voxels(label.narrow(0, n, 1), [&](int64_t, int64_t i, int64_t j, int64_t k) {
      const auto c = static_cast<size_t>(label[n][i][j][k].item<int64_t>());
      const Row f = voxel(feature, n, i, j, k);
      for (size_t d = 0; d < f.size(); ++d) prototypes[c][d] += f[d];
      members[c] += 1;
    });
    for (int64_t c = 0; c < classes; ++c) {
      const double present = members[static_cast<size_t>(c)] > 0 ? 1 : 0;
      EXPECT_NEAR(got.prototypes[n][c].norm().item<double>(), present, 1e-12);
      EXPECT_NEAR(cosine(testing::row_of(got.prototypes[n][c]), prototypes[static_cast<size_t>(c)]), present, 1e-12);
    }
    testing::for_voxels(label.narrow(0, n, 1), [&](int64_t, int64_t i, int64_t j, int64_t k) {
      const Row p = voxel(teacher, n, i, j, k), q = voxel(student, n, i, j, k), f = voxel(feature, n, i, j, k);
      const bool sure = entropy_of(q) > entropy_of(p);
      double weight = 0;
      for (size_t c = 0; sure && c < 3; ++c) weight += (1 - std::pow(cosine(f, prototypes[c]) - p[c], 2)) / 3;
      EXPECT_EQ(got.mask[n][i][j][k].item<double>(), sure ? 1 : 0);
      EXPECT_NEAR(got.weight[n][i][j][k].item<double>(), weight, 1e-12);
      certain += sure;
      loss -= weight * std::log(q[static_cast<size_t>(label[n][i][j][k].item<int64_t>())]);
    });
  }
  ASSERT_GT(certain, 0);
  EXPECT_NEAR(reliable_cross_entropy(z_student, teacher, got).item<double>(), loss / (certain + 1e-6), 1e-12);
}

TEST(ReliableLabels, GradientReachesTheStudentOnly) {
  torch::manual_seed(2);
  const torch::Tensor z = draw({1, 2, 2, 2, 3}).requires_grad_(true), teacher = torch::softmax(draw({1, 2, 2, 2, 3}), 1);
  const torch::Tensor feature = draw({1, 4, 2, 2, 3}).requires_grad_(true);
  const Reliability fixed = reliability(torch::softmax(z, 1), teacher, feature);
  EXPECT_FALSE(fixed.weight.requires_grad());
  const auto check = testing::check_gradients([&] { return reliable_cross_entropy(z, teacher, fixed); }, {{"student", z}});
  EXPECT_LT(check.error, 1e-6) << check;
}

TEST(ReliableLabels, NoVoxelIsSurerThanItself) {
  const torch::Tensor z = torch::randn({1, 2, 2, 2, 2}), p = torch::softmax(z, 1);
  EXPECT_EQ(reliable_cross_entropy(z, p, reliability(p, p, torch::randn({1, 4, 2, 2, 2}))).item<double>(), 0);
}

}  // namespace tss::reliable_labels_test
