// A data set with a folder per case, whatever the files in it are called: BraTS (HGG/<case>/<case>_flair.nii.gz, ..., <case>_seg.nii.gz),
// the left atrium challenge (<case>/lgemri.nrrd, laendo.nrrd), a DICOM series with its label beside it.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/source/source.h"

namespace tss {

// Folders of the first to third level that hold scans themselves, or DICOM slices in them or below. A file with a label's name (see
// scan_of_label) is the label, the others are the channels, called by their names without the case's. wanted: channels to take, in order;
// empty: all. Fills cases and channel_names of the source. Throws InputError naming the case: channels that others do not have, or a
// wanted one missing; two labels.
void list_case_folders(Source& source, const std::vector<std::string>& wanted);

}  // namespace tss
