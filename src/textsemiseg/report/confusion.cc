#include "textsemiseg/report/confusion.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

Confusion no_confusion(size_t classes) { return Confusion(classes, std::vector<int64_t>(classes, 0)); }

void add_case(Confusion& table, const LabelMap& reference, const LabelMap& prediction) {
  if (reference.size() != prediction.size())
    throw InputError("confusion", "the prediction has " + prediction.geometry.describe(),
                     "the reference's " + reference.geometry.describe());
  Confusion counted = table;
  for (size_t i = 0; i < reference.voxels.size(); ++i) {
    const size_t row = reference.voxels[i], column = prediction.voxels[i];
    if (row >= table.size() || column >= table.size())
      throw InputError("confusion", concat("found class ", std::max(row, column)), concat("classes 0 to ", table.size() - 1));
    ++counted[row][column];
  }
  table = std::move(counted);
}

void add(Confusion& table, const Confusion& other) {
  for (size_t row = 0; row < table.size(); ++row)
    for (size_t column = 0; column < table.size(); ++column) table[row][column] += other.at(row).at(column);
}

}  // namespace tss
