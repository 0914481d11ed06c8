// The parts of a data set as the Medical Segmentation Decathlon and nnU-Net lay them out: imagesTr with labelsTr for training, imagesVa with
// labelsVa for validation, imagesTs with labelsTs for testing, and the lists of dataset.json, which say more than the folders.
#pragma once

#include "textsemiseg/source/dataset_json.h"
#include "textsemiseg/source/source.h"

namespace tss {

// Whether a folder has such a part, in any capitalisation.
bool has_image_parts(const std::filesystem::path& folder);

// Every list is used for its role, and what lies in a part's folder without being listed belongs to the part; a case that is kept apart
// for validation or testing is never training. Lists under other keys are left out of training. description: of dataset.json, or an empty
// one where there is none. Fills cases; throws InputError as open_source().
void list_image_parts(Source& source, const DatasetDescription& description, const SourceOptions& options);

}  // namespace tss
