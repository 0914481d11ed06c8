// configs/datasets/*.toml and configs/splits/*.toml, by name.
#pragma once

#include <map>
#include <string>

namespace tss {

const std::map<std::string, std::string>& recipe_files();
const std::map<std::string, std::string>& split_files();

}  // namespace tss
