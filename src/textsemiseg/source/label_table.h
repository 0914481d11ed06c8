// Which class each stored label value is: merges and renames classes without touching files (BraTS: 1, 2 and 4 are one tumour), and reads
// files that name their values by these names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/io/stored_label.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// value: a whole number ("1", "-1", "2035"); ">0" for every value above 0 that no other rule names; or the name that files have for it
// ("Leber"). class_name: "background" is the class of value 0, whatever its name, and so drops a value.
struct LabelRule {
  std::string value;
  std::string class_name;
  bool operator==(const LabelRule&) const = default;
};

// A rule's value as a number; nullopt for ">0" and names.
std::optional<int32_t> stored_value(const std::string& text);

// {"1": "whole tumour", ">0": ...}; throws InputError naming the subject on values that are none.
std::vector<LabelRule> label_rules_from_json(const Json& json, const std::string& subject);
Json label_rules_to_json(const std::vector<LabelRule>& rules);
// `over` before `base`: its values take their new names, and ">0" every value above 0 that it does not name.
std::vector<LabelRule> with_rules(const std::vector<LabelRule>& base, const std::vector<LabelRule>& over);
// "1,2,4=whole tumour" of the command line.
std::vector<LabelRule> parse_label_rules(const std::vector<std::string>& assignments);

// The classes of one file's values.
struct FileClasses {
  bool by_name = false;  // the file names its values, and one of the names is a class
  // By name: of the file's own names, nullopt for one that is no class.
  std::map<std::pair<size_t, int32_t>, std::optional<int>> named;  // layer and value -> class
};

class LabelTable {
 public:
  std::vector<LabelRule> rules;  // what it was made from; empty where every value is its own class

  static LabelTable identity(int64_t classes);
  bool is_identity() const { return rules.empty(); }
  // Of classes whose names are known. Throws InputError on a name that is no class.
  static LabelTable of(const std::vector<LabelRule>& rules, const std::vector<std::string>& class_names,
                       const std::string& subject);

  // nullopt where it is none.
  std::optional<int> class_of(int32_t value) const;
  std::optional<int> class_of_name(const std::string& name, const std::vector<std::string>& class_names) const;
  FileClasses classes_of_file(const std::vector<LabelName>& names, const std::vector<std::string>& class_names) const;
  // nullopt: no class.
  std::optional<int> class_of(const FileClasses& file, size_t layer, int32_t value) const;
  // Stored values to classes. Throws InputError naming the file: values or names that are no class, with their counts and what is
  // known; segments that overlap.
  LabelMap apply(const StoredLabel& label, const std::string& file, const std::vector<std::string>& class_names) const;

 private:
  int64_t classes_ = 0;               // identity: values that are their own class
  std::map<int32_t, int> values_;     // of the rules
  std::map<std::string, int> names_;  // of the rules, by name_key()
  std::optional<int> others_;         // ">0"
};

struct LabelClasses {
  std::vector<std::string> class_names;  // the background first, the others in order of their lowest value, ">0" last
  LabelTable table;
};
// Throws InputError: fewer than two classes, a value twice, voxels to ignore.
LabelClasses classes_of_rules(std::vector<LabelRule> rules, const std::string& subject);

// What to add to the command line for values that are no class: --label-map "500=name of its class".
std::string label_map_advice(const std::vector<std::string>& values);

}  // namespace tss
