// Which classes a label tells apart. Some labels annotate a part of the classes, or several as one structure: of a voxel they say only that
// it is of one of a group of classes. The groups of a label part its classes; those it does not annotate lie in the background's group.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace tss {

struct ClassGroups {
  // By class: the lowest class of its group, which is the value that voxels of the group have in a label map. Empty: every class is a group
  // of its own, the label tells all apart.
  std::vector<int64_t> lowest;

  bool tells_all_apart() const { return lowest.empty(); }
  // Whether a voxel of this class is known to be of it.
  bool tells_apart(int64_t k) const {
    return lowest.empty() || std::count(lowest.begin(), lowest.end(), lowest[static_cast<size_t>(k)]) == 1;
  }
  // The classes of each group, by lowest class; only where not all classes are told apart.
  std::vector<std::vector<int64_t>> groups() const {
    std::vector<std::vector<int64_t>> out(lowest.size());
    for (size_t k = 0; k < lowest.size(); ++k) out[static_cast<size_t>(lowest[k])].push_back(static_cast<int64_t>(k));
    std::erase_if(out, [](const auto& group) { return group.empty(); });
    return out;
  }
  bool operator==(const ClassGroups&) const = default;
};

}  // namespace tss
