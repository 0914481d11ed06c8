// Where the slices of a DICOM series lie, and whether that is a grid.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/dicom/header.h"

namespace tss {

struct DicomSeries;

// "slice IM0007.dcm", for messages.
std::string slice_name(const DicomHeader& slice);

// By position along the normal of the first slice, then by instance number; slices without a position stay where they are.
void sort_along_normal(std::vector<DicomHeader>& slices);
// The median distance between neighbours along the normal, mm, for sorted slices; 0 where there is none.
double typical_step(const std::vector<DicomHeader>& slices);
// Neighbours of sorted slices whose first voxels have one place.
bool at_one_place(const DicomHeader& a, const DicomHeader& b);

// What dicom_geometry would throw, without the name of the series; "" where the slices are a grid.
std::string grid_fault(const DicomSeries& series);

}  // namespace tss
