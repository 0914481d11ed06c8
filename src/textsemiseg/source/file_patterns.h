// Files of a data set found by pattern, for data sets that come in folders of their own: "**/{id}/{id}_flair.nii*".
#pragma once

#include <filesystem>
#include <optional>

#include "textsemiseg/source/published_dataset.h"
#include "textsemiseg/source/source.h"

namespace tss {

// * stands for any part of a name, ** for any folders, {id} for the case's part of the name, the same at each place. Files and folders
// are found, also through links to folders (each folder once, by its own name where it has one below `folder`); a folder is a DICOM series.
// Empty where no image matches, which is warned of where there are patterns. Throws InputError: a channel missing, a case twice.
std::optional<Source> find_by_patterns(const std::filesystem::path& folder, const DatasetFacts& facts, const std::string& layout);

// Such a source, else one of the layouts of open_source().
Source find_source(const std::filesystem::path& folder, const DatasetFacts& facts, const std::string& recipe,
                   const SourceOptions& options = {});
// The source's own classes, else those of the recipe's file; no names where neither says any.
LabelClasses known_classes(const Source& source, const DatasetFacts& facts, const std::string& recipe);

}  // namespace tss
