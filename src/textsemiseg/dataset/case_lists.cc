#include "textsemiseg/dataset/case_lists.h"

#include <set>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/recipe/recipe_files.h"

namespace tss {
namespace fs = std::filesystem;

std::vector<std::string> read_id_list(const fs::path& path) {
  std::vector<std::string> ids;
  std::set<std::string> seen;
  for (const std::string& line : tss::split(read_text_file(path), '\n')) {
    const std::string id = trim(line);
    if (id.empty()) continue;
    if (!seen.insert(id).second) throw InputError(path.string(), "case '" + id + "' is listed twice", "every case once");
    ids.push_back(id);
  }
  if (ids.empty()) throw InputError(path.string(), "lists no case", "one id per line");
  return ids;
}

std::vector<std::string> published_split_names() {
  std::vector<std::string> names;
  for (const auto& file : split_files()) names.push_back(file.first);
  return names;
}

PublishedSplit published_split(const std::string& name) {
  const auto found = split_files().find(name);
  if (found == split_files().end()) {
    throw InputError("--split", "'" + name + "' is no file and no published split" + did_you_mean(name, published_split_names()),
                     join(published_split_names(), ", ") + " or a split.json");
  }
  PublishedSplit split;
  read_options(parse_toml(found->second, name + ".toml"), name + ".toml", split);
  return split;
}

}  // namespace tss
