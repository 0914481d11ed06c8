#include "textsemiseg/text/text_package.h"

#include <algorithm>
#include <cstdlib>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// .deps/venv/lib/python3*/site-packages
void add_dependencies(std::vector<fs::path>& to, const fs::path& deps) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(deps / "venv" / "lib", none)) {
    const fs::path folder = entry.path() / "site-packages";
    if (starts_with(entry.path().filename().string(), "python3") && fs::is_directory(folder, none)) to.push_back(folder);
  }
}

}  // namespace

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<fs::path> package_folders() {
  std::vector<fs::path> out;
  for (const std::string& folder : split(environment("TSS_PACKAGES"), ':')) {
    if (folder.empty()) continue;
    if (!fs::is_directory(folder))
      throw InputError("TSS_PACKAGES", "'" + folder + "' is no folder", "a folder of installed packages");
    out.emplace_back(folder);
  }
  add_dependencies(out, TSS_DEPS_FOLDER);
  std::error_code none;
  for (fs::path folder = fs::read_symlink("/proc/self/exe", none).parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    add_dependencies(out, folder / ".deps");
  }
  return out;
}

std::optional<fs::path> find_text_package(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
  });
  if (name.empty() || !plain || name.find_first_not_of('.') == std::string::npos) return std::nullopt;
  std::string module = to_lower_ascii(name);  // an installed package is a folder of its import name
  std::replace_if(module.begin(), module.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  for (const fs::path& packages : package_folders()) {
    const fs::path package = packages / module;
    if (fs::is_regular_file(package / "config.json")) return package;
    std::vector<fs::path> found;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(package, none)) {
      if (entry.is_directory() && fs::is_regular_file(entry.path() / "config.json")) found.push_back(entry.path());
    }
    if (!found.empty()) return *std::min_element(found.begin(), found.end());
  }
  return std::nullopt;
}

}  // namespace tss
