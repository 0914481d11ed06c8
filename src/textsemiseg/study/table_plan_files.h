// configs/papers/*.toml, by name.
#pragma once

#include <map>
#include <string>

namespace tss {

const std::map<std::string, std::string>& plan_files();

}  // namespace tss
