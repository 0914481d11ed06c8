#include "textsemiseg/source/class_names.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// Runs of letters; digits, signs and the change from "label" to "1" end one. Bytes of other scripts count as letters.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char c : to_lower_ascii(text)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = byte >= 0x80 || std::isalpha(byte) != 0;
    if (letter && !inside) words.emplace_back();
    if (letter) words.back() += c;
    inside = letter;
  }
  return words;
}

bool says_nothing(const std::string& word) {
  static const std::set<std::string> any_structure = {
      "annotation", "anatomy",  "area",      "class",      "classes",      "contour",   "fg",     "foreground",
      "id",         "item",     "label",     "labels",     "lbl",          "mask",      "masks",  "name",
      "no",         "nr",       "number",    "object",     "obj",          "organ",     "other",  "part",
      "region",     "roi",      "seg",       "segment",    "segmentation", "structure", "struct", "target",
      "undefined",  "unknown",  "unlabeled", "unlabelled", "untitled",     "unnamed",   "volume", "voi",
      "of",         "interest", "the",       "value",      "default",      "new",       "test",   "thing"};
  return word.size() == 1 || any_structure.contains(word);
}

}  // namespace

std::string name_key(const std::string& name) {
  std::string key = to_lower_ascii(name);
  std::replace(key.begin(), key.end(), '_', ' ');
  return trim(key);
}

bool is_meaningless(const std::string& text) {
  const auto words = words_of(text);
  return std::all_of(words.begin(), words.end(), says_nothing);
}

std::vector<std::string> meaningless_classes(const std::vector<std::string>& class_names, const ClassTexts& texts) {
  std::vector<std::string> out;
  for (size_t k = 1; k < class_names.size(); ++k) {
    const std::vector<std::string> of_class = k < texts.size() ? texts[k] : std::vector{class_names[k]};
    if (std::all_of(of_class.begin(), of_class.end(), is_meaningless)) out.push_back(class_names[k]);
  }
  return out;
}

std::string meaningless_warning(const std::vector<std::string>& class_names, const ClassTexts& texts) {
  auto named = meaningless_classes(class_names, texts);
  if (named.empty()) return "";
  for (std::string& name : named) name = "'" + name + "'";
  return concat(join(named, ", "), named.size() == 1 ? " is a name that says" : " are names that say",
                " nothing about the structure, so text cannot help: rename the class, or give it a \"text\" in dataset.json");
}

}  // namespace tss
