// configs/methods/*.toml, by method name.
#pragma once

#include <map>
#include <string>

namespace tss {

const std::map<std::string, std::string>& method_config_files();

}  // namespace tss
