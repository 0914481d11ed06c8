// Corrections that are safe: nothing a person would have to decide is decided here, and no file of the user is touched.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/checks/finding.h"
#include "textsemiseg/source/source.h"

namespace tss {

struct Repair {
  std::string id;              // case
  std::filesystem::path file;  // in the new folder; empty: not repaired
  std::string what;            // what was done, or why nothing was
};

// Writes `folder` as a copy of the source: corrected files, and links to all the others, so that it can be prepared in place of the source.
//
//   grid_rounding   the file gets the header of the case's first channel
//   label_rounding  whole numbers, stored as uint8
//   non_finite      NaN and infinities become the smallest finite value, where they are padding: connected to the border, outside the label
//
// Other findings need a person. `folder` appears only when it is complete. Throws InputError as require_repairable.
std::vector<Repair> repair_source(const Source& source, const std::vector<Finding>& findings,
                                  const std::filesystem::path& folder);

// Throws InputError where `folder` exists and is not empty, or lies in the source, or a file of the source does not lie in its folder:
// what a long check should not come before.
void require_repairable(const Source& source, const std::filesystem::path& folder);

// True where every non-finite voxel is connected (faces) to the border of the image through others and none is labelled.
bool is_padding(const Image& image, const Image* label);

}  // namespace tss
