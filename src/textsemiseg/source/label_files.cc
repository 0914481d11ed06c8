#include "textsemiseg/source/label_files.h"

#include <algorithm>
#include <map>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/class_names.h"

namespace tss {
namespace {

std::string quoted(const std::vector<LabelName>& names) {
  constexpr size_t kMost = 8;
  std::vector<std::string> out;
  for (const LabelName& one : names) {
    const std::string name = "'" + one.name + "'";
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  const size_t more = out.size() > kMost ? out.size() - kMost : 0;
  out.resize(out.size() - more);
  return join(out, ", ") + (more > 0 ? concat(" and ", more, " more") : "");
}

std::vector<LabelName> all_names(const std::vector<NamedFile>& files) {
  std::vector<LabelName> out;
  for (const NamedFile& file : files) out.insert(out.end(), file.names.begin(), file.names.end());
  return out;
}

std::string place_of(const LabelName& at) {
  return at.layer == 0 ? std::to_string(at.value) : concat(at.value, " of layer ", at.layer);
}

void require_names_of_rules(const std::vector<NamedFile>& files, const LabelTable& table) {
  std::vector<std::string> known;
  const auto names = all_names(files);
  for (const LabelName& one : names) known.push_back(one.name);
  for (const LabelRule& rule : table.rules) {
    if (rule.value == ">0" || stored_value(rule.value)) continue;
    const bool there =
        std::any_of(known.begin(), known.end(), [&](const std::string& name) { return name_key(name) == name_key(rule.value); });
    if (there) continue;
    if (known.empty())
      throw InputError("label map", "names '" + rule.value + "', but no label file names its values",
                       "values, \"1=" + rule.class_name + "\"");
    throw InputError("label map", "names '" + rule.value + "', which no label file has" + did_you_mean(rule.value, known),
                     quoted(names));
  }
}

// All by value: a name must be the same class everywhere.
std::string judge_by_value(const std::vector<NamedFile>& files, const LabelTable& table,
                           const std::vector<std::string>& class_names) {
  struct First {
    int32_t value;
    std::optional<int> k;
    const NamedFile* file;
  };
  std::map<std::string, First> seen;
  std::vector<std::string> read_as;
  bool meaningless = true;
  for (const NamedFile& file : files) {
    for (const LabelName& one : file.names) {
      const auto k = table.class_of(one.value);
      const auto [first, added] = seen.emplace(name_key(one.name), First{one.value, k, &file});
      if (!added && first->second.k != k) {
        throw InputError(file.file.string(),
                         concat("'", one.name, "' is the value ", one.value, ", in ", first->second.file->file.string(),
                                " it is ", first->second.value, ", and no class has this name"),
                         "classes of the names in the files, or --label-map \"" + one.name + "=name of its class\"");
      }
      meaningless = meaningless && is_meaningless(one.name);
      if (added && k && static_cast<size_t>(*k) < class_names.size() && read_as.size() < 5)
        read_as.push_back("'" + one.name + "' as '" + class_names[static_cast<size_t>(*k)] + "'");
    }
  }
  const std::string differing = differing_names(files);
  if (class_names.size() > 2 && !differing.empty())
    throw InputError(
        "label files", differing + ", and no class has such a name",
        "classes of the names in the files, or --label-map \"" + files.front().names.front().name + "=name of its class\"");
  if (meaningless || read_as.empty()) return "";
  return concat("no name in the label files is a class; they are read by value: ", join(read_as, ", "));
}

}  // namespace

std::vector<NamedFile> named_label_files(const std::vector<const SourceCase*>& cases) {
  std::vector<NamedFile> out;
  for (const SourceCase* item : cases) {
    if (item->label.empty()) continue;
    try {
      auto names = Scan::open(item->label)->label_names();
      if (!names.empty()) out.push_back({item->label, std::move(names)});
    } catch (const InputError&) {
    }
  }
  return out;
}

std::string differing_values(const std::vector<NamedFile>& files) {
  std::map<std::string, std::pair<LabelName, const NamedFile*>> seen;
  for (const NamedFile& file : files) {
    for (const LabelName& one : file.names) {
      const auto [first, added] = seen.emplace(name_key(one.name), std::pair{one, &file});
      const auto& [name, other] = first->second;
      if (added || other == &file || (name.value == one.value && name.layer == one.layer)) continue;
      return concat("'", name.name, "' is the value ", place_of(name), " in ", other->file.string(), " and ", place_of(one),
                    " in ", file.file.string());
    }
  }
  return "";
}

std::string differing_names(const std::vector<NamedFile>& files) {
  std::map<std::pair<size_t, int32_t>, std::pair<LabelName, const NamedFile*>> seen;
  for (const NamedFile& file : files) {
    for (const LabelName& one : file.names) {
      if (is_meaningless(one.name)) continue;
      const auto [first, added] = seen.emplace(std::pair{one.layer, one.value}, std::pair{one, &file});
      const auto& [name, other] = first->second;
      if (added || other == &file || name_key(name.name) == name_key(one.name)) continue;
      return concat("the value ", place_of(one), " is '", name.name, "' in ", other->file.string(), " and '", one.name, "' in ",
                    file.file.string());
    }
  }
  return "";
}

std::string judge_label_files(const std::vector<NamedFile>& files, const LabelTable& table,
                              const std::vector<std::string>& class_names) {
  require_names_of_rules(files, table);
  const NamedFile *by_name = nullptr, *by_value = nullptr;
  for (const NamedFile& file : files) {
    const NamedFile*& kind = table.classes_of_file(file.names, class_names).by_name ? by_name : by_value;
    if (kind == nullptr) kind = &file;
  }
  if (by_name && by_value) {
    throw InputError(by_value->file.string(), "names " + quoted(by_value->names) + ", and none is a class",
                     "names of classes as in " + by_name->file.string() + " (" + quoted(by_name->names) + "); --label-map \"" +
                         by_value->names.front().name + "=name of its class\" says what a name is");
  }
  if (by_value) return judge_by_value(files, table, class_names);
  const std::string differing = differing_values(files);
  return differing.empty() ? "" : "labels are read by the names that their files have for them: " + differing;
}

}  // namespace tss
