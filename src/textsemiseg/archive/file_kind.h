// What a file is, whatever it is called: for messages about files that are something else than their name says.
#pragma once

#include <filesystem>
#include <string>

namespace tss {

// "an HTML page (the server's answer instead of the file?)"; "" where the first bytes tell nothing.
std::string kind_of_file(const std::filesystem::path& path);

}  // namespace tss
