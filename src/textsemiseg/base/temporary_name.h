// Names of files and folders that are not complete yet. They stand beside the place they will take, so that a rename puts them there; nobody
// can guess them, and those of processes that were killed are known as such.
#pragma once

#include <filesystem>

namespace tss {

bool is_temporary_name(const std::filesystem::path& path);

// A name in folder that ends as `named` does, with its extension: some libraries choose the format by it. Nothing is made.
std::filesystem::path temporary_name(const std::filesystem::path& folder, const std::filesystem::path& named);

// Removes the temporary files and folders of folder whose writers are gone: processes of this machine that are no longer there, or any
// that have been silent for a day. Once for each folder and process.
void remove_left_overs(const std::filesystem::path& folder);

}  // namespace tss
