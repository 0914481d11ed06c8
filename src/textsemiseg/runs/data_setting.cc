#include "textsemiseg/runs/data_setting.h"

#include <algorithm>

#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"

namespace tss {

Json data_setting(const std::string& dataset, const Json& classes, const Json& recipe, const Json& cases) {
  std::string lists;
  for (const auto& [role, ids] : cases.items()) {
    auto sorted = ids.get<std::vector<std::string>>();
    if (sorted.empty()) continue;
    std::sort(sorted.begin(), sorted.end());
    lists += role + "\n" + join(sorted, "\n") + "\n\n";
  }
  return {{"dataset", dataset},
          {"classes", classes},
          {"recipe", recipe.is_object() && recipe.contains("steps") ? Json(recipe["steps"]) : recipe},
          {"cases", hex(hash_bytes(lists))}};
}

Json data_setting_of_run(const RunRecord& record) {
  if (!record.cases.is_object()) return nullptr;
  return data_setting(record.dataset, record.class_names, write_options(record.recipe), record.cases);
}

}  // namespace tss
