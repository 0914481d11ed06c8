// Proposes how to prepare and train on the scans at hand: spacing, window and normalisation, patch and batch, each with its reason. What
// only a label can tell comes from the labelled cases of the split alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/data/dataset.h"

namespace tss {

// One scan, array axes nearest to RAS.
struct ScanFacts {
  std::string id;
  Size3 size{};
  Vector3 spacing{};
};

struct PlanFacts {
  std::vector<ScanFacts> scans;  // by their headers; all of them
  bool lacks_geometry = false;   // HDF5 and the like: spacings mean nothing
  int64_t channels = 1;
  // Of the scans whose voxels were read, the first channel.
  int64_t read = 0;
  double minimum = 0, low = 0, high = 0;  // the least value; 0.5 and 99.5 % of all voxels together
  double zeros = 0;                       // share of voxels that are exactly the value 0 while none is lower
  bool whole_numbers = true;
  // Of the labelled scans among them.
  int64_t labelled_read = 0;
  double foreground_low = 0, foreground_high = 0;  // 0.5 and 99.5 % of the voxels of any class
  Vector3 foreground_extent{};                     // mm; median over the cases of the box of all classes
};

// labelled: ids whose labels may be looked at. At most most_read scans are read, evenly over the source.
PlanFacts gather_plan_facts(const DatasetRecord& record, const std::vector<std::string>& labelled, int64_t most_read = 12);

struct PlanLimits {
  int64_t side_multiple = 16;     // of the network
  int64_t most_patch_voxels = 0;  // what memory allows
};

struct Plan {
  std::vector<double> spacing;  // empty: as stored
  std::vector<double> window;   // empty: none
  std::string normalise = "zscore";
  std::string crop;  // "", body or nonzero
  Size3 size{};      // median, at the spacing proposed
  Size3 patch{};
  std::vector<std::string> reasons;  // one line each

  // The same as a recipe: that of the record with these steps.
  Recipe recipe(const Recipe& base) const;
  // "recipe.spacing=[1, 1, 1]", ...
  std::vector<std::string> recipe_overrides() const;
};
Plan make_plan(const PlanFacts& facts, const PlanLimits& limits);

}  // namespace tss
