// What is done to a scan before a network sees it: an ordered list of steps, stored in the dataset and in every run, so that predict
// can repeat it on raw scans.
//
//   [recipe]
//   name = "ct_soft_tissue"
//   steps = [{step = "reorient"}, {step = "window", range = [-125.0, 275.0]}, {step = "normalise", method = "zscore"}]
//
// Beside or in place of steps one may say, as --set does: `window = [-125.0, 275.0]`, `spacing`, `reduce`, `normalise`, `crop` (the main
// value of one step; [], "none" or false remove it), or a table under the name of a step (`resample = {interpolation = "bspline"}`). A
// step that is not there yet is added at its usual place. Recipes of earlier versions consist of such values alone.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "textsemiseg/recipe/steps.h"

namespace tss {

struct Recipe {
  std::string name = "generic";
  std::vector<Step> steps = {Reorient{}, Normalise{}};

  // The one step of this kind; null where there is none, the first where there are several.
  template <class S>
  const S* find() const {
    for (const Step& step : steps) {
      if (const S* found = std::get_if<S>(&step)) return found;
    }
    return nullptr;
  }
  // The same, added at its usual place when missing.
  template <class S>
  S& at() {
    return std::get<S>(steps[place_of(S::kStep)]);
  }
  void remove(const std::string& kind);

  bool reorients() const { return find<Reorient>() != nullptr; }
  // Whether a crop goes around the label: what it leaves tells where the label is, also of unlabelled and test cases.
  bool crops_around_label() const;

  void check() const;  // throws InputError naming the field
  void read_config(const Json& config, const std::string& subject, const std::string& source);
  Json write_config() const;

 private:
  size_t place_of(const std::string& kind);
  void apply_value(const std::string& key, const Json& value, const std::string& subject, const std::string& source);
};

// The recipe of configs/datasets with this name; throws InputError with the names known.
Recipe recipe_from_name(const std::string& name);
std::vector<std::string> recipe_names();

// raw -> prepared. The result's geometry says where it lies. after: called with each step and what it left.
using StepObserver = std::function<void(const Step& step, const CaseArrays& after)>;
CaseArrays apply_recipe(const Recipe& recipe, CaseArrays raw, const StepObserver& after = {});
// One channel without a label.
Image apply_recipe(const Recipe& recipe, const Image& raw);

// The recipe as versions before the list of steps wrote it, which names their caches; null where they had no such recipe.
Json earlier_form(const Recipe& recipe);

}  // namespace tss
