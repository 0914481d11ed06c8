// Proposes how to prepare and train on the scans at hand: spacing, window and normalisation, patch and batch, each with its reason. What
// only a label can tell comes from the labelled cases of the split alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/dataset/dataset.h"

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
  double zeros = 0;                       // share of voxels that are exactly 0, of scans without lower values
  // Of the labelled scans among them.
  int64_t labelled_read = 0;
  double foreground_low = 0, foreground_high = 0;  // 0.5 and 99.5 % of the voxels of any class
  Vector3 foreground_extent{};                     // mm; median over the cases of the box of all classes
};

// labelled: ids whose labels may be looked at. At most most_read scans are read, evenly over the source.
PlanFacts gather_plan_facts(const DatasetRecord& record, const std::vector<std::string>& labelled, int64_t most_read = 12);

struct PlanLimits {
  int64_t side_multiple = 16;     // of the network
  int64_t most_patch_voxels = 0;  // 0: no limit but that of the papers
  int64_t least_side = 0;         // a side that is not longer does not give way to the limit
  std::string why_most = "what memory allows";
};

struct PreparationPlan {
  Recipe recipe;                       // the given one with what it leaves open
  std::vector<std::string> overrides;  // the same for --set: "recipe.spacing=[1, 1, 1]", ...
  Size3 size{};                        // median of the scans, at its spacing
  Size3 patch{};
  std::vector<std::string> reasons;  // one line each
};
// Steps that the given recipe has stay as they are.
PreparationPlan make_plan(const PlanFacts& facts, const PlanLimits& limits, const Recipe& given);

}  // namespace tss
