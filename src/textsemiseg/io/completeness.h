// Is an image file all there? ITK fills what is missing from a truncated NIfTI or MetaImage file with zeros, without a word, so this
// is asked before its pixels are believed. NRRD files need no check: ITK refuses truncated ones itself.
#pragma once

#include <filesystem>
#include <future>

namespace tss {

// Throws InputError at once where a glance tells (a header that is no header, a file shorter than its header promises).
// A compressed NIfTI file has to be inflated to its end (length and CRC): that runs beside the caller's own reading, and get()
// of the result waits for it and throws its InputError.
std::future<void> start_completeness_check(const std::filesystem::path& path);

}  // namespace tss
