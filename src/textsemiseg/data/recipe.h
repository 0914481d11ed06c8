// What is done to a scan before a network sees it; stored in the dataset and in every run, so that predict can repeat it on raw scans.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

struct Recipe {
  std::string name = "generic";
  std::string normalise = "zscore";  // zscore | zscore_nonzero | none
  std::vector<double> spacing;       // mm, empty: keep; else three values
  std::vector<double> window;        // [low, high] (HU): clip before normalising; empty: no clip
  std::vector<int64_t>
      reduce;  // e.g. [2, 2, 2]: means over blocks (labels: the most frequent class), for grids without real spacing; empty: no

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("normalise", normalise);
    v("spacing", spacing);
    v("window", window);
    v("reduce", reduce);
  }
  void check() const;  // throws InputError naming the field
};

// A named recipe with its published or default settings; throws InputError with the names known.
Recipe recipe_from_name(const std::string& name);
std::vector<std::string> recipe_names();

// raw -> prepared: RAS reorientation, resampling, window, normalisation, in this order. The result's geometry says where it lies.
Image apply_recipe(const Recipe& recipe, const Image& raw);
// Labels go through the spatial steps only, nearest neighbour, onto the grid that apply_recipe gives.
LabelMap apply_recipe_to_labels(const Recipe& recipe, const LabelMap& raw);

}  // namespace tss
