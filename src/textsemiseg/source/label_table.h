// Which class each stored label value is: merges and renames classes without touching files (BraTS: 1, 2 and 4 are one tumour).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// "1", or ">0" for every value above 0 that no other rule names; value and class by name; "background" is the class of value 0, whatever
// its name, and so drops a value.
struct LabelRule {
  std::string value;
  std::string class_name;
  bool operator==(const LabelRule&) const = default;
};

// {"1": "whole tumour", ">0": ...}; throws InputError naming the subject on values that are none.
std::vector<LabelRule> label_rules_from_json(const Json& json, const std::string& subject);
Json label_rules_to_json(const std::vector<LabelRule>& rules);
// `over` before `base`: its values take their new names, and ">0" every value above 0 that it does not name.
std::vector<LabelRule> with_rules(const std::vector<LabelRule>& base, const std::vector<LabelRule>& over);
// "1,2,4=whole tumour" of the command line.
std::vector<LabelRule> parse_label_rules(const std::vector<std::string>& assignments);

struct LabelTable {
  static constexpr int16_t kNoClass = -1;
  std::array<int16_t, 256> class_of{};  // stored value -> class, or kNoClass
  std::vector<LabelRule> rules;         // what it was made from; empty where every value is its own class

  static LabelTable identity(int64_t classes);
  bool is_identity() const { return rules.empty(); }
  // Of classes whose names are known. Throws InputError on a name that is no class.
  static LabelTable of(const std::vector<LabelRule>& rules, const std::vector<std::string>& class_names,
                       const std::string& subject);
  // Stored values to classes, in place. Throws InputError naming the file, all values in it with their counts, and the known ones.
  void apply(LabelMap& labels, const std::string& file, const std::vector<std::string>& class_names) const;
};

struct LabelClasses {
  std::vector<std::string> class_names;  // the background first, the others in order of their lowest value, ">0" last
  LabelTable table;
};
// Throws InputError: fewer than two classes, a value twice, voxels to ignore.
LabelClasses classes_of_rules(std::vector<LabelRule> rules, const std::string& subject);

}  // namespace tss
