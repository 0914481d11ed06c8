#include "textsemiseg/source/file_patterns.h"

#include <algorithm>
#include <map>
#include <regex>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/folder_walk.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kId = "{id}";

std::regex compiled(const std::string& pattern) {
  std::string text;
  bool seen = false;
  for (size_t i = 0; i < pattern.size();) {
    const std::string_view rest = std::string_view(pattern).substr(i);
    if (starts_with(rest, kId)) {
      text += seen ? "\\1" : "([^/]+)";
      seen = true;
      i += kId.size();
    } else if (starts_with(rest, "**/")) {
      text += "(?:.*/)?";
      i += 3;
    } else if (pattern[i] == '*') {
      text += "[^/]*";
      ++i;
    } else {
      if (std::string_view(".[]()+?^$|\\{}").find(pattern[i]) != std::string_view::npos) text += '\\';
      text += pattern[i++];
    }
  }
  if (!seen) throw InputError("dataset.images", "'" + pattern + "'", "a pattern with {id} in it");
  return std::regex(text);
}

// id -> file, for one channel or the labels.
std::map<std::string, fs::path> matches(const std::vector<std::string>& names, const fs::path& folder,
                                        const std::string& pattern) {
  const std::regex expression = compiled(pattern);
  std::map<std::string, fs::path> found;
  for (const std::string& name : names) {
    std::smatch match;
    if (!std::regex_match(name, match, expression)) continue;
    const auto [place, added] = found.emplace(match[1].str(), folder / name);
    if (!added) {
      throw InputError((folder / name).string(), "has the same case id as " + place->second.string(),
                       "one file per case for the pattern " + pattern);
    }
  }
  return found;
}

std::string named(const std::string& id, const std::string& form) {
  const size_t at = form.find(kId);
  return at == std::string::npos ? id : form.substr(0, at) + id + form.substr(at + kId.size());
}

// At least one per pattern.
std::vector<std::string> channel_names_of(const DatasetFacts& facts) {
  std::vector<std::string> names = facts.channels;
  const size_t files = facts.images.size();
  if (!names.empty() && files > 1 && names.size() != files)
    throw InputError("dataset.channels", concat(names.size(), names.size() == 1 ? " name" : " names"),
                     concat(files, ", one for each pattern of dataset.images"));
  if (names.empty() && files == 1) return {"image"};
  for (size_t c = names.size(); c < files; ++c) names.push_back(concat("channel ", c));
  return names;
}

}  // namespace

std::optional<Source> find_by_patterns(const fs::path& given, const DatasetFacts& facts, const std::string& layout) {
  if (facts.images.empty() || !fs::is_directory(given)) return std::nullopt;
  const fs::path folder = fs::canonical(given);
  std::vector<std::string> names;
  constexpr int kDeepest = 32;
  const auto take = [&](const fs::path& path, EntryKind kind) {
    if (kind == EntryKind::kClosed) throw InputError(path.string(), "cannot be read", "a readable folder");
    names.push_back(path.lexically_relative(folder).generic_string());
    return true;
  };
  walk_folder(folder, take, kDeepest);
  std::sort(names.begin(), names.end());
  std::vector<std::map<std::string, fs::path>> channels;
  for (const std::string& pattern : facts.images) channels.push_back(matches(names, folder, pattern));
  if (channels.front().empty()) {
    log_warning(concat(folder.string(), ": no file is called like ", facts.images.front(), ", as ", layout,
                       " are; it is read by the layouts that need no recipe"));
    return std::nullopt;
  }
  const auto labels = facts.label.empty() ? std::map<std::string, fs::path>{} : matches(names, folder, facts.label);
  Source source;
  source.folder = folder;
  source.layout = layout;
  source.name = folder.filename().string();
  source.channel_names = channel_names_of(facts);
  for (const auto& [id, first] : channels.front()) {
    SourceCase item;
    item.id = named(id, facts.id);
    for (size_t c = 0; c < channels.size(); ++c) {
      const auto file = channels[c].find(id);
      if (file == channels[c].end())
        throw InputError(first.string(), "case '" + item.id + "' has no " + source.channel_names[c],
                         "a file like " + facts.images[c]);
      item.images.push_back(file->second);
    }
    if (const auto label = labels.find(id); label != labels.end()) item.label = label->second;
    source.cases.push_back(std::move(item));
  }
  std::sort(source.cases.begin(), source.cases.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return source;
}

Source find_source(const fs::path& folder, const DatasetFacts& facts, const std::string& recipe, const SourceOptions& options) {
  auto found = find_by_patterns(folder, facts, recipe + " files");
  if (!found) return open_source(folder, options);
  if (!options.label_file.empty() || options.fold)
    throw InputError(options.fold ? "--fold" : "--label-file", "given with recipe " + recipe + ", which says where the files lie",
                     "a recipe without [dataset] images, or no such option");
  found->described = true;
  complete_source(*found, options);
  return std::move(*found);
}

LabelClasses known_classes(const Source& source, const DatasetFacts& facts, const std::string& recipe) {
  if (!source.class_names.empty()) return {source.class_names, source.label_table};
  const std::string subject = recipe + ": dataset.label_map";
  if (!facts.label_map.empty()) return classes_of_rules(label_rules_from_json(facts.label_map, subject), subject);
  if (facts.classes.empty()) return {};
  return {facts.classes, LabelTable::identity(static_cast<int64_t>(facts.classes.size()))};
}

}  // namespace tss
