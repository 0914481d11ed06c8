// prepare --explain CASE: a table of what each step left, and a picture of it.
#pragma once

#include <filesystem>
#include <string>

#include "textsemiseg/dataset/dataset.h"

namespace tss {

// Prints the table; writes the picture as PNG: one panel per step, the axial slice through the same place, each in its own grey window
// from the 1st to the 99th percentile, with the outline of the label.
void explain_preparation(const DatasetRecord& record, const std::string& id, const std::filesystem::path& picture, bool json);

}  // namespace tss
