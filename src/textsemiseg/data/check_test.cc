#include "textsemiseg/data/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "textsemiseg/base/testing.h"
#include "textsemiseg/data/phantom.h"
#include "textsemiseg/data/prepare.h"

namespace tss {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    PhantomOptions phantom;
    phantom.labelled = 5;
    phantom.unlabelled = 2;
    phantom.test = 2;
    phantom.size = {24, 24, 20};
    write_phantom(folder_ / "raw", phantom);
    prepare();
  }
  void prepare() {
    PrepareOptions options;
    options.source = folder_ / "raw";
    options.dataset = folder_ / "dataset";
    options.recipe = recipe_from_name("ct_soft_tissue");
    options.split.labelled = "3";
    options.split.validation = "2";
    options.overwrite = true;
    prepare_dataset(options);
  }
  // Names a class of the source, and prepares it again.
  void name(const std::string& value, const std::string& name) {
    Json json = read_json(folder_ / "raw" / "dataset.json");
    json["labels"][value] = name;
    write_json(folder_ / "raw" / "dataset.json", json);
    prepare();
  }
  DatasetCheck check() { return check_dataset(folder_ / "dataset"); }
  testing::TemporaryFolder folder_;
};

TEST_F(CheckTest, ASoundDatasetIsCountedAndPasses) {
  const DatasetCheck found = check();
  EXPECT_THAT(found.errors, IsEmpty());
  ASSERT_EQ(found.classes.size(), 4u);
  int64_t voxels = 0;
  for (const ClassPresence& one : found.classes) {
    EXPECT_EQ(one.cases.at(Role::kLabelled), 3);
    voxels += one.voxels;
  }
  EXPECT_EQ(voxels, (3 + 2 + 2) * 24 * 24 * 20);
}

TEST_F(CheckTest, NamesWithoutMeaningAreWarnedOf) {
  name("2", "ROI_2");
  EXPECT_THAT(check().warnings, ElementsAre(HasSubstr("'ROI_2' is a name that says nothing")));
}

TEST_F(CheckTest, AClassThatNoLabelledCaseShowsIsAnError) {
  name("4", "gallbladder");
  const DatasetCheck found = check();
  EXPECT_THAT(found.errors, ElementsAre("class 4 'gallbladder' is in no labelled case"));
  EXPECT_THAT(found.warnings, ElementsAre("class 4 'gallbladder' is in no validation case: its score will be undefined",
                                          "class 4 'gallbladder' is in no test case: its score will be undefined"));
}

}  // namespace
}  // namespace tss
