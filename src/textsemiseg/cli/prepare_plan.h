// prepare --plan: what the scans at hand suggest, with reasons, and the lines to say it with.
#pragma once

#include <string>

#include "textsemiseg/data/prepare.h"

namespace tss {

struct PlanArguments {
  double memory = 0;  // GiB a training step may take; 0: half of this machine's
  std::string write;  // a .toml file for the recipe; empty: nothing is written
  bool overwrite = false;
  bool json = false;
};

// Nothing is prepared. recipe: as given on the command line, for the lines to copy.
void plan_preparation(const PrepareOptions& options, const std::string& recipe, const PlanArguments& arguments);

}  // namespace tss
