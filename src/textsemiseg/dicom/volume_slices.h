// Which files of a DICOM series are slices of its volume. Scanners and archives put a localizer, a secondary capture or a second copy of
// a slice under the same series; what is foreign is left out, and said, where the rest is a sound volume.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/dicom/folder.h"

namespace tss {

struct VolumeSlices {
  std::vector<DicomHeader> slices;    // by position along their normal
  std::vector<std::string> left_out;  // a line for each file, with its path and the reason
};

// Slices are foreign that are localizers by their ImageType where others are not, or that differ from the others in size, orientation, or
// (secondary images only) in having no place. Two slices at one place with equal voxels are copies, of which the first is kept.
// refused: how many objects of the series are no slices at all. Throws InputError(subject, ...): none of the kinds is at least twice as
// many as all others together; without the foreign ones the rest is no grid; one instance in two files with different voxels.
VolumeSlices volume_slices(const DicomSeries& series, size_t refused, const std::filesystem::path& subject);

// LOCALIZER or SCOUT among the words of ImageType.
bool is_localizer(const DicomHeader& slice);

}  // namespace tss
