#include "textsemiseg/dataset/phantom.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dataset_files.h"
#include "support/testing.h"
#include "textsemiseg/dataset/dataset.h"

namespace tss::phantom_test {

using ::testing::HasSubstr;
using testing::input_error_of;
using testing::TemporaryFolder;

TEST(Phantom, EveryCaseHasEveryOrgan) {
  for (uint32_t index = 0; index < 12; ++index) {
    const PhantomCase made = make_phantom({48, 48, 40}, 0, index);
    std::vector<int64_t> voxels(phantom_class_names().size(), 0);
    std::vector<double> sums(voxels.size(), 0);
    for (size_t i = 0; i < made.label.voxels.size(); ++i) {
      ASSERT_LT(made.label.voxels[i], voxels.size());
      ++voxels[made.label.voxels[i]];
      sums[made.label.voxels[i]] += made.image.voxels[i];
      ASSERT_EQ(made.image.voxels[i], std::round(made.image.voxels[i]));
    }
    for (size_t k = 1; k < voxels.size(); ++k) {
      EXPECT_GT(voxels[k], 500) << phantom_class_names()[k] << " of case " << index;
      const double mean = sums[k] / static_cast<double>(voxels[k]);
      EXPECT_GT(mean, 20) << phantom_class_names()[k];
      EXPECT_LT(mean, 260) << phantom_class_names()[k];
    }
    EXPECT_GT(voxels[0], 60000);
  }
}

TEST(Phantom, CasesDifferAndRepeat) {
  const PhantomCase a = make_phantom({24, 24, 20}, 0, 3), again = make_phantom({24, 24, 20}, 0, 3);
  EXPECT_EQ(a.image.voxels, again.image.voxels);
  EXPECT_EQ(a.label.voxels, again.label.voxels);
  EXPECT_NE(a.label.voxels, make_phantom({24, 24, 20}, 0, 4).label.voxels);
  EXPECT_NE(a.label.voxels, make_phantom({24, 24, 20}, 1, 3).label.voxels);
}

TEST(Phantom, FolderIsPreparedLikeAnyOther) {
  const TemporaryFolder folder;
  PhantomOptions options;
  options.unlabelled = 3;
  options.test = 2;
  options.size = {24, 24, 20};
  write_phantom(folder / "P", options);
  EXPECT_FALSE(std::filesystem::exists(folder / "P/labelsTr/phantom_002.nii.gz"));
  PrepareOptions prepare = testing::prepare_options(folder / "P", folder / "D");
  prepare.recipe = recipe_from_name("ct_soft_tissue");
  EXPECT_EQ(prepare_dataset(prepare).split.describe(), "2 labelled, 3 unlabelled, 0 validation, 2 test");
  const Dataset dataset = Dataset::open(folder / "D");
  EXPECT_EQ(dataset.class_names(), phantom_class_names());
  EXPECT_EQ(dataset.load(dataset.cases(Role::kTest)[0]).geometry.size, (Size3{24, 24, 20}));
  // Again with the same options: nothing to do; with others: refused.
  const auto time = std::filesystem::last_write_time(folder / "P/imagesTr/phantom_000.nii.gz");
  write_phantom(folder / "P", options);
  EXPECT_EQ(std::filesystem::last_write_time(folder / "P/imagesTr/phantom_000.nii.gz"), time);
  options.seed = 1;
  EXPECT_THAT(input_error_of([&] { write_phantom(folder / "P", options); }), HasSubstr("holds another dataset already"));
  options.size = {24, 24};
  EXPECT_THAT(input_error_of([&] { options.check(); }), HasSubstr("phantom.size: [24, 24]"));
}

}  // namespace tss::phantom_test
