// prepare --plan: what the scans at hand suggest, with reasons, and the lines to say it with.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/dataset/prepare.h"

namespace tss {

struct PlanArguments {
  double memory = 0;  // GiB a training step may take; 0: half of this machine's
  std::string write;  // a .toml file for the recipe; empty: nothing is written
  bool overwrite = false;
  bool json = false;
  std::vector<std::string> overrides;  // of --set
  std::vector<std::string> words;      // the user's other options that decide what is prepared, --source first
};

// Voxels of a patch whose step, of the most expensive method with 2 + 2 patches, takes half of this machine's memory.
double patch_voxels_in_memory(int64_t channels);

// Nothing is prepared. recipe: as given on the command line. The line it prints prepares as the plan says.
void plan_preparation(const PrepareOptions& options, const std::string& recipe, const PlanArguments& arguments);

}  // namespace tss
