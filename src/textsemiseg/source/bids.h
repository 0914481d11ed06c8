// Brain Imaging Data Structure: sub-01/anat/sub-01_T1w.nii.gz, with sessions sub-01/ses-1/anat, and labels in derivatives/<any>/sub-01/.
#pragma once

#include "textsemiseg/source/source.h"

namespace tss {

bool is_bids(const std::filesystem::path& folder);

// A case is a subject, or one session of it; its channels are the files in anat/ that every case has, its label the file there or below
// derivatives/ whose name is a label's (dseg, mask, ...). Throws InputError as open_source().
void list_bids(Source& source, const SourceOptions& options);

}  // namespace tss
