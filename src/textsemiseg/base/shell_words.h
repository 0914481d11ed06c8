// Words of a command as a shell takes them back unchanged.
#pragma once

#include <string>
#include <vector>

namespace tss {

std::string shell_quoted(const std::string& word);
// Each word quoted where it must be, with blanks between.
std::string shell_command(const std::vector<std::string>& words);

}  // namespace tss
