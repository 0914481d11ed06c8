// Finds CLIP's list of merges, which is not part of this project.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tss {

// The first of: `given` (option text.vocabulary); bpe_simple_vocab_16e6.txt.gz or merges.txt beside the file `weights`;
// the environment's TSS_CLIP_VOCABULARY; the open_clip package in the folders of text_package.h; $TSS_TEST_DATA/text. What is named and does not exist is an InputError; empty paths are passed over.
std::optional<std::filesystem::path> find_clip_vocabulary(const std::filesystem::path& given,
                                                          const std::filesystem::path& weights);

// The same, or an InputError that says what to do.
std::filesystem::path clip_vocabulary(const std::filesystem::path& given, const std::filesystem::path& weights);

}  // namespace tss
