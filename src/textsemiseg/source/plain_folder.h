// Images and labels without a list: in two folders (images/ and labels/, img/ and label/, Image/ and Mask/), or
// side by side (x and x_seg, x_image and x_label).
#pragma once

#include "textsemiseg/source/source.h"

namespace tss {

// Fills cases; none where the folder holds no such files. Throws InputError as open_source().
void list_plain(Source& source, const SourceOptions& options);

// The folders of that kind in a folder, by name, in any capitalisation.
std::vector<std::filesystem::path> label_folders_of(const std::filesystem::path& folder);
std::vector<std::filesystem::path> image_folders_of(const std::filesystem::path& folder);
// The files and folders of masks in a folder of labels, FOLDER/* for a folder of its own that holds masks.
std::vector<std::filesystem::path> labels_in(const std::filesystem::path& folder);

}  // namespace tss
