// Everything that reads a file of somebody else, as pairs: a file that is right, and what reads it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace tss::testing {

struct Reader {
  std::string name;
  // Writes the file, and what reading it needs besides, into an empty folder; returns the file.
  std::function<std::filesystem::path(const std::filesystem::path& folder)> write;
  // Throws InputError for a file that cannot be used.
  std::function<void(const std::filesystem::path& file)> read;
};

const std::vector<Reader>& readers();

}  // namespace tss::testing
