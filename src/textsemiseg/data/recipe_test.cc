#include "textsemiseg/data/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "textsemiseg/base/testing.h"
#include "textsemiseg/io/config.h"

namespace tss {
namespace {

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
  recipe.normalise = "zscore_nonzero";
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
  recipe.normalise = "none";
  recipe.window = {10, 20};
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
  recipe.reduce = {2, 2, 2};
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
  recipe.spacing = {1, 1, 1};
  const Image prepared = apply_recipe(recipe, image);
  const LabelMap prepared_labels = apply_recipe_to_labels(recipe, labels);
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
  EXPECT_THAT(error([](Recipe& r) { r.normalise = "zscor"; }), HasSubstr("recipe.normalise: 'zscor' (did you mean 'zscore'?)"));
  EXPECT_THAT(error([](Recipe& r) { r.spacing = {1, 1}; }), HasSubstr("recipe.spacing: [1, 1]"));
  EXPECT_THAT(error([](Recipe& r) { r.spacing = {1, 0, 1}; }), HasSubstr("recipe.spacing"));
  EXPECT_THAT(error([](Recipe& r) { r.window = {5, 5}; }), HasSubstr("recipe.window"));
  EXPECT_THAT(error([](Recipe& r) { r.reduce = {2, 2, 0}; }), HasSubstr("recipe.reduce"));
  EXPECT_THAT(input_error_of([] { recipe_from_name("left_atrum"); }), HasSubstr("did you mean 'left_atrium'"));
}

struct RecipeFile {
  Recipe recipe;
  template <class V>
  void visit(V& v) {
    v("recipe", recipe);
  }
};

// configs/datasets holds one file per recipe, equal to the recipe of that name.
TEST(Recipe, ConfigFilesAgreeWithTheCode) {
  const auto folder = std::filesystem::path(__FILE__).parent_path() / "../../../configs/datasets";
  for (const std::string& name : recipe_names()) {
    RecipeFile file;
    const std::string path = (folder / (name + ".toml")).string();
    read_options(read_toml(path), path, file);
    EXPECT_EQ(write_options(file.recipe), write_options(recipe_from_name(name))) << path;
  }
}

}  // namespace
}  // namespace tss
