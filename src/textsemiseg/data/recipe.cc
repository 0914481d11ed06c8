#include "textsemiseg/data/recipe.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/volume/reduce.h"
#include "textsemiseg/volume/reorient.h"
#include "textsemiseg/volume/resample.h"

namespace tss {
namespace {

const std::vector<std::string> kNormalisations = {"zscore", "zscore_nonzero", "none"};

template <class Range>
std::string listed(const Range& values) {
  return "[" + join(values, ", ") + "]";
}

Size3 factors(const Recipe& recipe) { return {recipe.reduce[0], recipe.reduce[1], recipe.reduce[2]}; }

// Mean 0 and standard deviation 1 over the chosen voxels; the others are moved along. A constant image becomes zero.
void normalise_zscore(std::vector<float>& voxels, bool nonzero_only) {
  double sum = 0, squares = 0, count = 0;
  const auto chosen = [&](float value) { return !nonzero_only || value != 0.0f; };
  for (const float value : voxels) {
    if (!chosen(value)) continue;
    sum += value;
    ++count;
  }
  if (count == 0) return;
  const double mean = sum / count;
  for (const float value : voxels) {
    if (chosen(value)) squares += (value - mean) * (value - mean);
  }
  const double deviation = std::sqrt(squares / count);
  const double scale = deviation > 0 ? 1.0 / deviation : 1.0;
  for (float& value : voxels) value = static_cast<float>((value - mean) * scale);
}

}  // namespace

void Recipe::check() const {
  if (std::find(kNormalisations.begin(), kNormalisations.end(), normalise) == kNormalisations.end()) {
    throw InputError("recipe.normalise", "'" + normalise + "'" + did_you_mean(normalise, kNormalisations),
                     join(kNormalisations, ", "));
  }
  const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
  if (!spacing.empty() && (spacing.size() != 3 || !std::all_of(spacing.begin(), spacing.end(), positive))) {
    throw InputError("recipe.spacing", listed(spacing), "three positive numbers (mm), or [] to keep the spacing");
  }
  if (!window.empty() && !(window.size() == 2 && std::isfinite(window[0]) && std::isfinite(window[1]) && window[0] < window[1])) {
    throw InputError("recipe.window", listed(window), "[low, high] with low < high, or [] for no window");
  }
  if (!reduce.empty() && (reduce.size() != 3 || !std::all_of(reduce.begin(), reduce.end(), [](int64_t f) { return f >= 1; }))) {
    throw InputError("recipe.reduce", listed(reduce), "three whole numbers of at least 1, or [] for no reduction");
  }
}

std::vector<std::string> recipe_names() { return {"generic", "ct_soft_tissue", "left_atrium"}; }

Recipe recipe_from_name(const std::string& name) {
  Recipe recipe;
  recipe.name = name;
  if (name == "generic") return recipe;
  if (name == "ct_soft_tissue") {
    recipe.window = {-125, 275};  // level 75, width 400, as in MC-Net's preparation of Pancreas-CT
    return recipe;
  }
  if (name == "left_atrium") {
    recipe.normalise = "none";  // the published files are cropped and z-scored already (methods: UA-MT's preparation)
    return recipe;
  }
  throw InputError("recipe", "'" + name + "' is not known" + did_you_mean(name, recipe_names()),
                   join(recipe_names(), ", ") + " or a .toml file");
}

Image apply_recipe(const Recipe& recipe, const Image& raw) {
  Image image = to_ras(raw);
  if (!recipe.spacing.empty()) {
    const Geometry target = with_spacing(image.geometry, {recipe.spacing[0], recipe.spacing[1], recipe.spacing[2]});
    if (!same_grid(target, image.geometry)) image = resample_to(image, target, Interpolation::kLinear);
  }
  if (!recipe.reduce.empty()) image = reduce(image, factors(recipe));
  if (!recipe.window.empty()) {
    const float low = static_cast<float>(recipe.window[0]), high = static_cast<float>(recipe.window[1]);
    for (float& value : image.voxels) value = std::clamp(value, low, high);
  }
  if (recipe.normalise != "none") normalise_zscore(image.voxels, recipe.normalise == "zscore_nonzero");
  return image;
}

LabelMap apply_recipe_to_labels(const Recipe& recipe, const LabelMap& raw) {
  LabelMap labels = to_ras(raw);
  if (!recipe.spacing.empty()) {
    const Geometry target = with_spacing(labels.geometry, {recipe.spacing[0], recipe.spacing[1], recipe.spacing[2]});
    if (!same_grid(target, labels.geometry)) labels = resample_to(labels, target);
  }
  if (!recipe.reduce.empty()) labels = reduce(labels, factors(recipe));
  return labels;
}

}  // namespace tss
