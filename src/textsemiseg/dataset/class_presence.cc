#include "textsemiseg/dataset/class_presence.h"

#include "textsemiseg/base/strings.h"

namespace tss {

std::vector<std::string> unseen_classes(const Cache& cache, const std::vector<std::string>& labelled,
                                        const std::vector<std::string>& class_names,
                                        const std::function<ClassGroups(const std::string& id)>& groups_of) {
  std::vector<bool> seen(class_names.size(), false);
  for (const std::string& id : labelled) {
    const std::vector<int64_t> voxels = cache.class_voxels(id);
    const ClassGroups groups = groups_of(id);
    for (size_t k = 0; k < std::min(voxels.size(), seen.size()); ++k)
      seen[k] = seen[k] || (voxels[k] > 0 && groups.tells_apart(static_cast<int64_t>(k)));
  }
  std::vector<std::string> out;
  for (size_t k = 1; k < seen.size(); ++k)
    if (!seen[k]) out.push_back(class_names[k]);
  return out;
}

std::string unseen_warning(const std::vector<std::string>& unseen, size_t classes, size_t labelled) {
  if (unseen.empty()) return "";
  const std::string cases = labelled == 1 ? "the labelled case" : concat("the ", labelled, " labelled cases");
  if (unseen.size() + 1 == classes)
    return concat(cases, labelled == 1 ? " shows" : " show", " no class at all, only background: nothing can be learned");
  return concat("'", join(unseen, "', '"), unseen.size() == 1 ? "' is" : "' are", labelled == 1 ? " not in " : " in none of ",
                cases, ": nothing teaches ", unseen.size() == 1 ? "it" : "them", " (another --seed or more --labelled)");
}

}  // namespace tss
