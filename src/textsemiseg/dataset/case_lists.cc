#include "textsemiseg/dataset/case_lists.h"

#include <algorithm>
#include <set>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/text_encoding.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/recipe/recipe_files.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;

std::vector<std::string> read_id_list(const fs::path& path) {
  std::vector<std::string> ids;
  std::set<std::string> seen;
  for (const std::string& line : tss::split(decoded_text(read_text_file(path), path.string()), '\n')) {
    const std::string id = trim(line);
    if (id.empty()) continue;
    if (!seen.insert(id).second) throw InputError(path.string(), "case '" + id + "' is listed twice", "every case once");
    ids.push_back(id);
  }
  if (ids.empty()) throw InputError(path.string(), "lists no case", "one id per line");
  return ids;
}

std::string id_of_line(const std::string& line, const std::set<std::string>& known) {
  if (known.contains(line)) return line;
  std::string slashes = line;
  std::replace(slashes.begin(), slashes.end(), '\\', '/');
  const std::string name = fs::path(slashes).filename().string();
  std::string stem = name;
  for (const std::string& ending : scan_extensions())
    if (stem == name && name.size() > ending.size() && ends_with(to_lower_ascii(name), ending))
      stem.resize(name.size() - ending.size());
  for (const std::string& id : {name, stem, channel_suffix(stem).value_or(std::pair{stem, int64_t{0}}).first})
    if (known.contains(id)) return id;
  return line;
}

bool is_fold_list(const fs::path& path) {
  if (to_lower_ascii(path.extension().string()) != ".json") return false;
  const Json json = read_json(path);
  return json.is_array() && !json.empty() && json.front().is_object() && json.front().contains("train");
}

ListedFold read_fold(const fs::path& path, int64_t fold) {
  const Json json = read_json(path);
  if (fold < 0 || fold >= std::ssize(json))
    throw InputError(concat("--fold ", fold), concat(path.string(), " has ", json.size(), " folds"),
                     concat("0 to ", json.size() - 1));
  const Json& one = json[static_cast<size_t>(fold)];
  const auto ids = [&](const char* key) {
    std::vector<std::string> out;
    if (!one.is_object() || !one.contains(key) || !config_detail::convert(one.at(key), out))
      throw InputError(concat(path.string(), ": fold ", fold, ": ", key), "is no list of ids",
                       R"([{"train": [ids], "val": [ids]}, ...])");
    return out;
  };
  return {ids("train"), ids("val")};
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
