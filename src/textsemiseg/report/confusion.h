// Which class was taken for which: voxels by class of the reference (rows) and of the prediction (columns).
#pragma once

#include <cstdint>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

using Confusion = std::vector<std::vector<int64_t>>;  // [reference][prediction]

Confusion no_confusion(size_t classes);
// Throws InputError, leaving the table as it was, when the sizes differ or a class lies beyond the table.
void add_case(Confusion& table, const LabelMap& reference, const LabelMap& prediction);
// Both of the same classes.
void add(Confusion& table, const Confusion& other);

}  // namespace tss
