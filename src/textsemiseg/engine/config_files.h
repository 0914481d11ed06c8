// configs/methods/*.toml, by method name: the defaults of this program's methods. A method of another program brings its own
// (MethodInfo::defaults).
#pragma once

#include <map>
#include <string>

namespace tss {

const std::map<std::string, std::string>& method_config_files();
// configs/presets/*.toml, by name: what many methods can be trained with in place of their own settings.
const std::map<std::string, std::string>& preset_config_files();

}  // namespace tss
