#include "textsemiseg/workflows/window_preset.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/recipe/recipe_files.h"
#include "textsemiseg/source/published_dataset.h"

namespace tss {

void apply_window_preset(const std::string& name, WindowOptions& options) {
  const std::vector<std::string> known = window_preset_names();
  if (std::find(known.begin(), known.end(), name) == known.end())
    throw InputError("preset", "found '" + name + "'" + did_you_mean(name, known), join(known, ", "));
  const std::vector<int64_t> published = published_dataset(name).dataset.window_stride;
  options.stride.clear();
  // A patch smaller than published still gets windows that cover everything.
  for (size_t a = 0; a < 3; ++a) options.stride.push_back(std::min(published.at(a), options.patch.at(a)));
  options.weights = "constant";
}

std::vector<std::string> window_preset_names() {
  std::vector<std::string> out;
  for (const auto& [name, text] : recipe_files()) {
    if (!published_dataset(name).dataset.window_stride.empty()) out.push_back(name);
  }
  return out;
}

}  // namespace tss
