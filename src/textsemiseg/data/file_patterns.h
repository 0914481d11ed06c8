// Files of a data set found by pattern, for data sets that come in folders of their own: "**/{id}/{id}_flair.nii*".
#pragma once

#include <filesystem>
#include <optional>

#include "textsemiseg/data/preset.h"
#include "textsemiseg/data/source.h"

namespace tss {

// * stands for any part of a name, ** for any folders, {id} for the case's part of the name, the same at each place. Files and folders
// are found; a folder is a DICOM series. Empty where no image matches. Throws InputError: a channel or a case twice.
std::optional<Source> find_by_patterns(const std::filesystem::path& folder, const DatasetFacts& facts, const std::string& layout);

}  // namespace tss
