#include "textsemiseg/checks/preparation_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dataset_files.h"
#include "support/testing.h"
#include "textsemiseg/checks/explain.h"

namespace tss::preparation_plan_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using ::testing::IsEmpty;
using testing::TemporaryFolder;

// `scans` of 100 x 90 x 40 voxels; CT unless told.
PlanFacts facts_of(const std::vector<Vector3>& spacings, bool ct = true) {
  PlanFacts facts;
  for (const Vector3& spacing : spacings) facts.scans.push_back({"case", {100, 90, 40}, spacing});
  facts.read = 1;
  facts.minimum = ct ? -1024 : 0;
  facts.low = 0;
  facts.high = 900;
  return facts;
}

std::string all(const PreparationPlan& plan) { return join(plan.reasons, "\n"); }

TEST(Plan, OneSpacingIsKept) {
  const PreparationPlan plan = make_plan(facts_of({{1, 1, 2}, {1, 1, 2.01}, {1.01, 1, 2}}), {}, recipe_from_name("generic"));
  EXPECT_FALSE(plan.recipe.find<Resample>());
  EXPECT_THAT(all(plan), HasSubstr("spacing: kept; 1-1.01 x 1 x 2-2.01 mm in 3 scans"));
}

TEST(Plan, MedianSpacingAndAFinerCoarseAxis) {
  const std::vector<Vector3> spacings{{0.6, 0.6, 2.5}, {0.8, 0.8, 5}, {0.9, 0.9, 5}, {0.7, 0.7, 5}, {0.8, 0.8, 5}};
  const PreparationPlan plan = make_plan(facts_of(spacings), {}, recipe_from_name("generic"));
  // 5 mm are more than three times 0.8: the 10th percentile of 2.5, 5, 5, 5, 5 is 2.5 + 0.4 * 2.5.
  EXPECT_THAT(plan.recipe.find<Resample>()->spacing, ElementsAre(0.8, 0.8, 3.5));
  EXPECT_THAT(plan.overrides, ::testing::Contains("recipe.spacing=[0.8,0.8,3.5]"));
  EXPECT_THAT(all(plan), HasSubstr("10th percentile of axis 2, whose median of 5 mm is more than 3 times the finest"));
  // A recipe that says so stays.
  const PreparationPlan told = make_plan(facts_of(spacings), {}, recipe_from_name("pancreas_ct"));
  EXPECT_THAT(told.recipe.find<Resample>()->spacing, ElementsAre(1, 1, 1));
  EXPECT_THAT(told.overrides, IsEmpty());
}

TEST(Plan, WindowFromLabelsOfHounsfieldUnitsOnly) {
  PlanFacts facts = facts_of({{1, 1, 1}});
  EXPECT_THAT(all(make_plan(facts, {}, recipe_from_name("generic"))), HasSubstr("window: none proposed; values down to -1024"));
  facts.labelled_read = 2;
  facts.foreground_low = -83;
  facts.foreground_high = 201;
  const PreparationPlan plan = make_plan(facts, {}, recipe_from_name("generic"));
  EXPECT_THAT(plan.overrides, ElementsAre("recipe.crop=body", "recipe.window=[-85,205]"));
  EXPECT_THAT(all(plan), HasSubstr("99 % of the voxels of any class in 2 labelled scans lie between -83 and 201"));
  // Steps come in their usual order.
  ASSERT_EQ(plan.recipe.steps.size(), 4u);
  EXPECT_TRUE(std::holds_alternative<Crop>(plan.recipe.steps[1]));
  EXPECT_TRUE(std::holds_alternative<Window>(plan.recipe.steps[2]));
  PlanFacts mri = facts_of({{1, 1, 1}}, false);
  mri.labelled_read = 2;
  EXPECT_THAT(make_plan(mri, {}, recipe_from_name("generic")).overrides, IsEmpty());
  mri.zeros = 0.6;
  EXPECT_THAT(make_plan(mri, {}, recipe_from_name("generic")).overrides,
              ElementsAre("recipe.crop=nonzero", "recipe.normalise=zscore_nonzero"));
  EXPECT_THAT(make_plan(mri, {}, recipe_from_name("brats2019")).overrides, IsEmpty());
}

TEST(Plan, PatchFitsTheScanAndTheMemory) {
  const auto patch = [](const PlanFacts& facts, int64_t most) {
    return make_plan(facts, {.side_multiple = 16, .most_patch_voxels = most}, recipe_from_name("generic")).patch;
  };
  EXPECT_EQ(patch(facts_of({{1, 1, 1}}), 0), (Size3{96, 96, 48}));  // 100, 90, 40 to the nearest multiple of 16
  EXPECT_EQ(patch(facts_of({{1, 1, 1}}), 300'000), (Size3{64, 80, 48}));
  // The side that is longest in millimetres gives way.
  EXPECT_EQ(patch(facts_of({{1, 1, 3}}), 300'000), (Size3{96, 96, 32}));
  PlanFacts large = facts_of({{1, 1, 1}});
  large.scans[0].size = {500, 400, 300};
  const Size3 out = patch(large, 0);
  EXPECT_LE(out[0] * out[1] * out[2], 112 * 112 * 80);
  EXPECT_GE(out[0] * out[1] * out[2], 80 * 80 * 80);
  EXPECT_EQ(patch(large, 1), (Size3{16, 16, 16}));
}

TEST(Plan, PatchIsOfTheReducedGrid) {
  Recipe halved = recipe_from_name("generic");
  halved.at<Reduce>().factor = {2, 2, 1};
  PlanFacts facts = facts_of({{1, 1, 3}});
  facts.labelled_read = 1;
  const PreparationPlan plan = make_plan(facts, {.side_multiple = 16}, halved);
  EXPECT_EQ(plan.size, (Size3{50, 45, 40}));
  EXPECT_EQ(plan.patch, (Size3{48, 48, 48}));
  EXPECT_THAT(all(plan), HasSubstr("a patch covers 96 x 96 x 144 mm"));
}

PrepareOptions options_of(const TemporaryFolder& folder) {
  testing::write_msd(folder / "S", 10, 6);
  PrepareOptions options = testing::prepare_options(folder / "S", folder / "D");
  options.split.labelled = std::string("2");
  return options;
}

TEST(Plan, LooksAtNoLabelButThoseOfLabelledCases) {
  const TemporaryFolder folder;
  const PrepareOptions options = options_of(folder);
  const DatasetRecord record = record_of_source(options);
  const auto labelled = labelled_cases(options, record);
  ASSERT_EQ(labelled.size(), 2u);
  const PlanFacts facts = gather_plan_facts(record, labelled);
  EXPECT_EQ(facts.scans.size(), 10u);
  EXPECT_EQ(facts.read, 10);
  EXPECT_EQ(facts.labelled_read, 2);
  EXPECT_NEAR(facts.foreground_extent[1], 7, 1e-9);
  EXPECT_FALSE(std::filesystem::exists(folder / "D"));
  // Every other label may as well be unreadable.
  for (const SourceCase& item : record.cases) {
    if (!item.label.empty() && std::find(labelled.begin(), labelled.end(), item.id) == labelled.end())
      write_text_file(item.label, "no label");
  }
  EXPECT_EQ(gather_plan_facts(record, labelled).foreground_high, facts.foreground_high);
  EXPECT_EQ(gather_plan_facts(record, labelled, 4).read, 4);
  EXPECT_EQ(gather_plan_facts(record, {}).labelled_read, 0);
}

TEST(Plan, FewCasesAreSplitAsPrepareDoes) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 3, 3);
  const PrepareOptions options = testing::prepare_options(folder / "S", folder / "D");
  const auto labelled = labelled_cases(options, record_of_source(options));
  EXPECT_EQ(labelled, prepare_dataset(options).split.cases(Role::kLabelled));
  EXPECT_LT(labelled.size(), 3u);
}

TEST(Explain, ShowsWhatEachStepLeaves) {
  const TemporaryFolder folder;
  PrepareOptions options = options_of(folder);
  options.recipe.at<Window>().range = {90, 110};
  options.recipe.at<Reduce>().factor = {2, 1, 1};
  const DatasetRecord record = record_of_source(options);
  const auto steps = explain_case(record, "case_01");
  ASSERT_EQ(steps.size(), 5u);
  EXPECT_EQ(steps[0].step, "as stored");
  EXPECT_EQ(steps[0].geometry.size, (Size3{11, 9, 8}));
  EXPECT_EQ(steps[0].class_voxels[0] + steps[0].class_voxels[1] + steps[0].class_voxels[2], 11 * 9 * 8);
  EXPECT_EQ(steps[2].step, "reduce");
  EXPECT_EQ(steps[2].geometry.size, (Size3{6, 9, 8}));
  EXPECT_EQ(steps[3].channels[0].minimum, 90);
  EXPECT_EQ(steps[3].channels[0].maximum, 110);
  EXPECT_NEAR(steps[4].channels[0].mean, 0, 1e-5);
  EXPECT_NEAR(steps[4].channels[0].deviation, 1, 1e-5);
  EXPECT_THAT(steps[3].description, HasSubstr("clipped to [90, 110]"));
  EXPECT_TRUE(explain_case(record, "case_09").front().class_voxels.empty());
  EXPECT_THAT(input_error_of([&] { explain_case(record, "case_1"); }), HasSubstr("has no case 'case_1' (did you mean"));
}

}  // namespace tss::preparation_plan_test
