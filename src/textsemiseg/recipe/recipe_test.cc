#include "textsemiseg/recipe/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/testing.h"
#include "textsemiseg/dataset/case_lists.h"
#include "textsemiseg/source/published_dataset.h"

namespace tss::recipe_test {

using ::testing::HasSubstr;
using testing::input_error_of;

Image ramp(const Size3& size) {
  Geometry geometry;
  geometry.size = size;
  Image image(geometry);
  for (size_t i = 0; i < image.voxels.size(); ++i) image.voxels[i] = static_cast<float>(i);
  return image;
}

std::pair<double, double> mean_and_deviation(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (const float v : values) sum += v;
  const double mean = sum / static_cast<double>(values.size());
  for (const float v : values) squares += (v - mean) * (v - mean);
  return {mean, std::sqrt(squares / static_cast<double>(values.size()))};
}

TEST(Recipe, ZscoreOverTheVolume) {
  const Image out = apply_recipe(recipe_from_name("generic"), ramp({4, 5, 6}));
  const auto [mean, deviation] = mean_and_deviation(out.voxels);
  EXPECT_NEAR(mean, 0, 1e-6);
  EXPECT_NEAR(deviation, 1, 1e-6);
  EXPECT_LT(out(0, 0, 0), out(3, 4, 5));
}

TEST(Recipe, ZscoreOverTheNonZeroPartMovesZerosAlong) {
  Image image = ramp({3, 3, 3});
  for (size_t i = 0; i < 9; ++i) image.voxels[i] = 0;
  Recipe recipe;
  recipe.at<Normalise>().method = "zscore_nonzero";
  const Image out = apply_recipe(recipe, image);
  const auto [mean, deviation] = mean_and_deviation({out.voxels.begin() + 9, out.voxels.end()});
  EXPECT_NEAR(mean, 0, 1e-6);
  EXPECT_NEAR(deviation, 1, 1e-6);
  // 9 .. 26: mean 17.5, population variance (18^2 - 1) / 12.
  EXPECT_NEAR(out.voxels[0], -17.5 / std::sqrt(323.0 / 12.0), 1e-6);
}

TEST(Recipe, ConstantImagesBecomeZero) {
  Image image = ramp({3, 3, 3});
  for (float& v : image.voxels) v = 7;
  for (const float v : apply_recipe(recipe_from_name("generic"), image).voxels) EXPECT_EQ(v, 0);
}

TEST(Recipe, WindowClipsBeforeNormalising) {
  Recipe recipe;
  recipe.remove("normalise");
  recipe.at<Window>().range = {10, 20};
  const Image out = apply_recipe(recipe, ramp({2, 4, 5}));
  EXPECT_EQ(out.voxels[3], 10);
  EXPECT_EQ(out.voxels[15], 15);
  EXPECT_EQ(out.voxels[39], 20);
}

TEST(Recipe, LeftAtriumLeavesIntensitiesAlone) {
  const Image image = ramp({4, 4, 4});
  EXPECT_EQ(apply_recipe(recipe_from_name("left_atrium"), image).voxels, image.voxels);
}

TEST(Recipe, ReduceTakesMeansAndKeepsThePlace) {
  Recipe recipe = recipe_from_name("left_atrium");
  recipe.at<Reduce>().factor = {2, 2, 2};
  const Image image = ramp({4, 4, 4});
  const Image out = apply_recipe(recipe, image);
  EXPECT_EQ(out.size(), (Size3{2, 2, 2}));
  EXPECT_EQ(out.geometry.spacing, (Vector3{2, 2, 2}));
  EXPECT_FLOAT_EQ(out(0, 0, 0), (0 + 1 + 4 + 5 + 16 + 17 + 20 + 21) / 8.0f);
  EXPECT_NEAR(out.geometry.world({0, 0, 0})[0], 0.5, 1e-12);
}

TEST(Recipe, ImageAndLabelsEndOnOneGrid) {
  // Stored left to right and back to front swapped, anisotropic.
  Image image = ramp({6, 5, 9});
  image.geometry.spacing = {1.5, 2.0, 0.7};
  image.geometry.direction = {{{0, -1, 0}, {1, 0, 0}, {0, 0, -1}}};
  image.geometry.origin = {10, 20, 30};
  LabelMap labels(image.geometry);
  labels(4, 1, 2) = 1;
  Recipe recipe;
  recipe.at<Resample>().spacing = {1, 1, 1};
  const CaseArrays both = apply_recipe(recipe, CaseArrays{.channels = {image}, .label = labels});
  const Image& prepared = both.channels.front();
  const LabelMap& prepared_labels = *both.label;
  EXPECT_EQ(grid_difference(prepared.geometry, prepared_labels.geometry), "");
  EXPECT_EQ(prepared.geometry.spacing, (Vector3{1, 1, 1}));
  EXPECT_EQ(prepared.geometry.direction, Geometry{}.direction);
  // The labelled voxel is found near where it was.
  const Vector3 expected = image.geometry.world({4, 1, 2});
  int64_t found = 0;
  for (int64_t x = 0; x < prepared.size()[0]; ++x) {
    for (int64_t y = 0; y < prepared.size()[1]; ++y) {
      for (int64_t z = 0; z < prepared.size()[2]; ++z) {
        if (prepared_labels(x, y, z) == 0) continue;
        ++found;
        const Vector3 at = prepared.geometry.world({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)});
        for (size_t a = 0; a < 3; ++a) EXPECT_NEAR(at[a], expected[a], 1.01);
      }
    }
  }
  EXPECT_GT(found, 0);
}

TEST(Recipe, ChecksNameTheField) {
  const auto error = [](auto change) {
    Recipe recipe;
    change(recipe);
    return input_error_of([&] { recipe.check(); });
  };
  EXPECT_THAT(error([](Recipe& r) { r.at<Normalise>().method = "zscor"; }),
              HasSubstr("recipe.normalise.method: 'zscor' (did you mean 'zscore'?)"));
  EXPECT_THAT(error([](Recipe& r) { r.at<Resample>().spacing = {1, 1}; }), HasSubstr("recipe.resample.spacing: [1, 1]"));
  EXPECT_THAT(error([](Recipe& r) { r.at<Resample>().spacing = {1, 0, 1}; }), HasSubstr("recipe.resample.spacing"));
  EXPECT_THAT(error([](Recipe& r) { r.at<Window>().range = {5, 5}; }), HasSubstr("recipe.window.range"));
  EXPECT_THAT(error([](Recipe& r) { r.at<Reduce>().factor = {2, 2, 0}; }), HasSubstr("recipe.reduce.factor"));
  EXPECT_THAT(error([](Recipe& r) { r.at<Crop>().around = "lable"; }),
              HasSubstr("recipe.crop.around: 'lable' (did you mean 'label'?)"));
  EXPECT_THAT(error([](Recipe& r) { r.at<Crop>().axes = {0, 3}; }), HasSubstr("recipe.crop.axes"));
  EXPECT_THAT(error([](Recipe& r) { r.at<Crop>().random_margin = {5}; }), HasSubstr("recipe.crop.random_margin"));
  EXPECT_THAT(error([](Recipe& r) { r.at<ClipPercentile>().upper = 99.9; }), HasSubstr("recipe.clip_percentile.upper: 99.9"));
  EXPECT_THAT(error([](Recipe& r) { r.at<Pad>().side = "low"; }), HasSubstr("recipe.pad.side"));
  EXPECT_THAT(error([](Recipe& r) { r.steps.emplace_back(Reorient{}); }), HasSubstr("reorient is step 3"));
  EXPECT_THAT(input_error_of([] { recipe_from_name("left_atrum"); }), HasSubstr("did you mean 'left_atrium'"));
}

// What runs, data sets and files of earlier versions hold.
TEST(Recipe, EarlierFormIsRead) {
  Recipe recipe;
  recipe.read_config(Json::parse(R"({"name": "ct_soft_tissue", "normalise": "zscore_nonzero", "spacing": [1.0, 1.0, 2.0],
      "window": [-125.0, 275.0], "reduce": [2, 2, 1]})"),
                     "recipe", "run.json");
  ASSERT_EQ(recipe.steps.size(), 5u);
  EXPECT_EQ(recipe.name, "ct_soft_tissue");
  EXPECT_TRUE(std::holds_alternative<Reorient>(recipe.steps[0]));
  EXPECT_EQ(std::get<Resample>(recipe.steps[1]).spacing, (std::vector<double>{1, 1, 2}));
  EXPECT_EQ(std::get<Reduce>(recipe.steps[2]).factor, (std::vector<int64_t>{2, 2, 1}));
  EXPECT_EQ(std::get<Window>(recipe.steps[3]).range, (std::vector<double>{-125, 275}));
  EXPECT_EQ(std::get<Normalise>(recipe.steps[4]).method, "zscore_nonzero");
  recipe.read_config(Json::parse(R"({"name": "left_atrium", "normalise": "none", "spacing": [], "window": [], "reduce": []})"),
                     "recipe", "run.json");
  EXPECT_EQ(write_options(recipe), write_options(recipe_from_name("left_atrium")));
}

// The text that earlier versions hashed to name a cache: those caches stay in use.
TEST(Recipe, EarlierFormNamesTheirCaches) {
  EXPECT_EQ(earlier_form(recipe_from_name("ct_soft_tissue")).dump(),
            R"({"normalise":"zscore","spacing":[],"window":[-125.0,275.0],"reduce":[]})");
  EXPECT_EQ(earlier_form(recipe_from_name("left_atrium")).dump(), R"({"normalise":"none","spacing":[],"window":[],"reduce":[]})");
  Recipe recipe;
  recipe.at<Resample>().spacing = {1, 1, 1};
  recipe.at<Reduce>().factor = {2, 2, 2};
  EXPECT_EQ(earlier_form(recipe).dump(), R"({"normalise":"zscore","spacing":[1.0,1.0,1.0],"window":[],"reduce":[2,2,2]})");
  recipe.at<Resample>().interpolation = "bspline";
  EXPECT_TRUE(earlier_form(recipe).is_null());
  EXPECT_TRUE(earlier_form(recipe_from_name("brats2019")).is_null());
}

TEST(Recipe, SetReachesStepsByValueAndByName) {
  const auto set = [](const std::string& name, const std::vector<std::string>& overrides) {
    return read_published_dataset(name, overrides).recipe;
  };
  const Recipe one =
      set("generic", {"recipe.spacing=[1,1,1]", "recipe.resample.interpolation=bspline", "recipe.window=[-10,10]"});
  ASSERT_EQ(one.steps.size(), 4u);
  EXPECT_EQ(std::get<Resample>(one.steps[1]).interpolation, "bspline");
  EXPECT_EQ(std::get<Resample>(one.steps[1]).spacing, (std::vector<double>{1, 1, 1}));
  EXPECT_TRUE(std::holds_alternative<Window>(one.steps[2]));
  // A step that is there keeps its place and its other parameters.
  const Recipe pancreas = set("pancreas_ct_published", {"recipe.spacing=[2,2,2]", "recipe.crop.margin=[5,5,5]"});
  EXPECT_EQ(std::get<Resample>(pancreas.steps[0]).size, "floor");
  EXPECT_EQ(pancreas.find<Crop>()->margin, (std::vector<int64_t>{5, 5, 5}));
  EXPECT_EQ(pancreas.find<Crop>()->around, "label");
  EXPECT_FALSE(set("pancreas_ct", {"recipe.crop=none"}).find<Crop>());
  EXPECT_FALSE(set("pancreas_ct", {"recipe.spacing=[]"}).find<Resample>());
  EXPECT_FALSE(set("brats2019", {"recipe.clip_percentile=false"}).find<ClipPercentile>());
  EXPECT_TRUE(set("generic", {"recipe.pad=true"}).find<Pad>());
  EXPECT_EQ(set("generic", {R"(recipe.steps=[{step="window", range=[0,1]}])"}).steps.size(), 1u);
  EXPECT_THAT(input_error_of([&] { set("generic", {"recipe.spacin=[1,1,1]"}); }), HasSubstr("did you mean 'spacing'"));
  EXPECT_THAT(input_error_of([&] { set("generic", {"recipe.crop.margn=[1,1,1]"}); }), HasSubstr("did you mean 'margin'"));
  EXPECT_THAT(input_error_of([&] { set("generic", {"recipe.spacing=3"}); }), HasSubstr("--set: recipe.spacing.spacing: found 3"));
  EXPECT_THAT(input_error_of([&] { set("generic", {R"(recipe.steps=[{step="windw"}])"}); }),
              HasSubstr("--set: recipe.steps[1]: 'windw' (did you mean 'window'?)"));
}

TEST(Recipe, EveryFileReadsBackAndSaysWhatItIs) {
  for (const std::string& name : recipe_names()) {
    const Recipe recipe = recipe_from_name(name);
    EXPECT_EQ(recipe.name, name);
    EXPECT_EQ(input_error_of([&] { recipe.check(); }), "no error") << name;
    Recipe again;
    again.read_config(write_options(recipe), "recipe", name);
    EXPECT_EQ(write_options(again), write_options(recipe));
    // Only recipes that say so in their name look at labels.
    EXPECT_TRUE(!recipe.crops_around_label() || name.ends_with("_published")) << name;
    const DatasetFacts facts = published_dataset(name).dataset;
    EXPECT_TRUE(facts.split.empty() || !published_split(facts.split).source.empty()) << name;
  }
}

}  // namespace tss::recipe_test
