// A folder per case on both sides: images/<case>/... with labels/<case>/..., whatever the files are called.
#pragma once

#include "textsemiseg/source/source.h"

namespace tss {

// Fills cases and channel_names; none where the source has not one folder of images that holds folders with scans. The files of a case are
// its channels, called by their names without the case's; a single one is "image" in every case. Its label is the only file of its folder of
// labels, all of several files (a mask per structure), or the file of the case's name. Throws InputError: labels without a case, channels
// that other cases do not have.
void list_paired_folders(Source& source, const SourceOptions& options);

}  // namespace tss
