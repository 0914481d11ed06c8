// Where the slices of a DICOM series lie, and whether that is a grid.
#pragma once

#include <vector>

#include "textsemiseg/dicom/header.h"

namespace tss {

// By position along the normal of the first slice, then by instance number; slices without a position stay where they are.
void sort_along_normal(std::vector<DicomHeader>& slices);
// The median distance between neighbours along the normal, mm, for sorted slices; 0 where there is none.
double typical_step(const std::vector<DicomHeader>& slices);

}  // namespace tss
