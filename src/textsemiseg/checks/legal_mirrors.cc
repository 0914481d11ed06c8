#include "textsemiseg/checks/legal_mirrors.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <string_view>

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

struct SideWord {
  std::string_view word;
  size_t axis;
};
constexpr SideWord kSideWords[] = {
    {"left", 0},     {"right", 0},     {"l", 0},     {"r", 0},     {"lt", 0},      {"rt", 0},     {"lh", 0},  {"rh", 0},
    {"anterior", 1}, {"posterior", 1}, {"front", 1}, {"back", 1},  {"ventral", 1}, {"dorsal", 1}, {"ant", 1}, {"post", 1},
    {"superior", 2}, {"inferior", 2},  {"upper", 2}, {"lower", 2}, {"cranial", 2}, {"caudal", 2}, {"top", 2}, {"bottom", 2},
};

// "LeftKidney_upper-1" -> left, kidney, upper
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  bool before_lower = false;
  for (const char c : name) {
    const auto letter = static_cast<unsigned char>(c);
    const bool upper = std::isupper(letter) != 0;
    if (std::isalpha(letter) == 0 || (upper && before_lower)) words.emplace_back();
    if (std::isalpha(letter) != 0) words.back() += static_cast<char>(std::tolower(letter));
    before_lower = std::islower(letter) != 0;
  }
  return words;
}

}  // namespace

LegalMirrors legal_mirrors(const std::vector<std::string>& class_names, bool known_axes) {
  std::array<std::string, 3> named;  // the first class that is named after a side of the axis
  for (size_t k = 1; k < class_names.size(); ++k)
    for (const std::string& word : words_of(class_names[k]))
      for (const SideWord& side : kSideWords)
        if (word == side.word && named[side.axis].empty()) named[side.axis] = class_names[k];
  LegalMirrors out;
  constexpr const char* kAxes[] = {"left-right", "back-front", "bottom-top"};
  const auto first = std::find_if(named.begin(), named.end(), [](const std::string& name) { return !name.empty(); });
  if (!known_axes && first != named.end()) {
    out.reasons.push_back(
        concat("none: class '", *first, "' is named after a side, and the files do not say which axis that is"));
    return out;
  }
  for (size_t axis = 0; axis < named.size(); ++axis) {
    if (named[axis].empty()) {
      out.axes.push_back(static_cast<int64_t>(axis));
    } else {
      out.reasons.push_back(concat("not ", kAxes[axis], ": class '", named[axis], "' is named after a side"));
    }
  }
  return out;
}

}  // namespace tss
