// Which classes the labelled cases of a split show: what none of them shows cannot be learned.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "textsemiseg/dataset/cache.h"
#include "textsemiseg/volume/class_groups.h"

namespace tss {

// Names of the classes above the background of which no prepared label of these cases has a voxel that it tells apart from other classes.
std::vector<std::string> unseen_classes(const Cache& cache, const std::vector<std::string>& labelled,
                                        const std::vector<std::string>& class_names,
                                        const std::function<ClassGroups(const std::string& id)>& groups_of);

// The warning on them: "'spleen' is in none of the 4 labelled cases ..."; empty where there is nothing to say.
std::string unseen_warning(const std::vector<std::string>& unseen, size_t classes, size_t labelled);

}  // namespace tss
