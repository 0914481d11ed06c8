// Verbs that are made of others (demo, run): they show each one as the command it is, and go on where they stopped.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"

namespace tss {

// Marks a new or empty folder as this verb's, by a file `marker` in it that holds what was asked for. Throws InputError when the folder
// holds anything else, or results of other words.
void claim_folder(const std::filesystem::path& folder, const std::string& verb, const std::string& marker, const Json& wanted);

// Logs "$ textsemiseg ..." as a shell would take it, and runs it.
void show_and_run(const std::vector<std::string>& words);

}  // namespace tss
