// The section of a page with the curves of trainings, from their log.jsonl.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/page/page.h"

namespace tss {

// A run whose curves are drawn.
struct DrawnRun {
  std::string name;
  std::filesystem::path folder;
  int colour = 0;
};

// Blue first: the colours of the classes begin with another one.
inline int row_colour(size_t row) { return static_cast<int>(row) + 1; }

// The loss and its terms, Dice on validation cases, the learning rate. class_names: for the charts of single classes.
PageSection curves_section(const std::vector<DrawnRun>& runs, const std::vector<std::string>& class_names);

}  // namespace tss
