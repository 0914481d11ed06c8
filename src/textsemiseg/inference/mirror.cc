#include "textsemiseg/inference/mirror.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

WindowFunction mirrored(WindowFunction function, const std::vector<int64_t>& axes) {
  if (axes.empty()) return function;
  std::vector<std::vector<int64_t>> flips(1);  // dimensions of [N, C, X, Y, Z] to flip; the first: none
  for (const int64_t axis : axes) {
    const size_t before = flips.size();
    for (size_t i = 0; i < before; ++i) {
      flips.push_back(flips[i]);
      flips.back().push_back(axis + 2);
    }
  }
  return [function = std::move(function), flips](const torch::Tensor& windows) {
    torch::Tensor sum = function(windows).clone();  // may be held by the function
    for (size_t i = 1; i < flips.size(); ++i) sum.add_(function(windows.flip(flips[i])).flip(flips[i]));
    return sum.div_(static_cast<double>(flips.size()));
  };
}

std::vector<int64_t> parse_mirror_axes(const std::string& text) {
  if (text == "none") return {};
  const std::string letters = "xyz";
  std::vector<int64_t> axes;
  bool wrong = false;
  for (const char letter : text == "all" ? letters : text) {
    if (letter == ',' || letter == ' ') continue;
    const size_t axis = letters.find(letter);
    wrong = wrong || axis == std::string::npos;
    axes.push_back(static_cast<int64_t>(axis));
  }
  if (wrong || axes.empty()) throw InputError("--mirror", "found '" + text + "'", "axes such as x,y,z, or all, or none");
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

std::string mirror_axes_name(const std::vector<int64_t>& axes) {
  std::vector<std::string> names;
  for (const int64_t axis : axes) names.emplace_back(1, "xyz"[axis]);
  return names.empty() ? "none" : join(names, ",");
}

}  // namespace tss
