// What prepare has to say beside errors, a line each.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/dataset/cache.h"
#include "textsemiseg/dataset/prepare.h"
#include "textsemiseg/dataset/split.h"

namespace tss {

// Which labels are left unused, and why; empty where none is. kept: the split stood there already.
std::string unused_labels_line(const DatasetRecord& record, const Split& split, const SplitOptions& options, bool kept);

// Where there are fewer than three validation cases and nobody has asked for none; else empty.
std::string few_validation_warning(const Split& split, const PrepareOptions& options, bool kept);

// Where validation or test cases have labels that do not tell all classes apart; else empty.
std::string merged_validation_warning(const DatasetRecord& record, const Split& split);

// Labels that cover a part of their image, by id; empty where none does.
std::string padded_line(std::vector<std::string> padded);

}  // namespace tss
