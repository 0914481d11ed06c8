// A folder for each part of the data set: train/images and train/labels, and val/ and test/ beside it.
#pragma once

#include "textsemiseg/source/source.h"

namespace tss {

// Fills cases; none where the source has no folder called train, training or tr with a folder of images in it. Cases of val/, valid/ and
// validation/ are kept apart for validation, those of test/, testing/ and ts/ for testing. Throws InputError as open_source().
void list_part_folders(Source& source, const SourceOptions& options);

}  // namespace tss
