// configs/methods/*.toml, by method name: the defaults of this program's methods. A method of another program brings its own
// (MethodInfo::defaults).
#pragma once

#include <map>
#include <string>

namespace tss {

const std::map<std::string, std::string>& method_config_files();

}  // namespace tss
