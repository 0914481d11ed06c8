// Results with the names and colours of their classes.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/io/scan.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

struct SegmentInfo {
  std::string name;
  std::array<uint8_t, 3> colour{};  // red, green, blue
};

// segments[k] describes label k + 1; label 0 is the background. Atomic.
// .seg.nrrd: one file with names and colours as 3D Slicer reads them. Any other image format: the label map, and beside it
// <stem>.ctbl, a colour table in Slicer's text format. Throws InputError on a label without a segment.
void write_segmentation(const std::filesystem::path& path, const LabelMap& labels, const std::vector<SegmentInfo>& segments);

// The colour table's path for a label map: "x/la_003.nii.gz" -> "x/la_003.ctbl"; empty for .seg.nrrd, which holds its own.
std::filesystem::path colour_table_path(const std::filesystem::path& path);

// A DICOM segmentation object (binary, one segment per label) that refers to the slices of source, a DICOM series, and takes
// over its patient and study, as DICOM asks. Frames without a voxel are left out, but for one of each empty segment. Throws InputError when
// the labels do not lie on the grid of the series or the library refuses the source's tags.
void write_dicom_seg(const std::filesystem::path& path, const LabelMap& labels, const std::vector<SegmentInfo>& segments,
                     const Scan& source);

// Throws InputError with `subject` on the first label above `segments`.
void require_known_labels(const LabelMap& labels, size_t segments, const std::string& subject);

}  // namespace tss
