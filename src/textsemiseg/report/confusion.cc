#include "textsemiseg/report/confusion.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

Confusion no_confusion(size_t classes) { return Confusion(classes, std::vector<int64_t>(classes, 0)); }

void add_case(Confusion& table, const LabelMap& reference, const LabelMap& prediction) {
  if (reference.size() != prediction.size()) throw Error("confusion: the maps differ in size");
  for (size_t i = 0; i < reference.voxels.size(); ++i) {
    const size_t row = reference.voxels[i], column = prediction.voxels[i];
    if (row >= table.size() || column >= table.size())
      throw Error(concat("confusion: class ", std::max(row, column), " of ", table.size()));
    ++table[row][column];
  }
}

}  // namespace tss
