// The files of one case in memory, as stored: all channels on one grid, finite, with the label as classes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/io/scan.h"
#include "textsemiseg/recipe/steps.h"
#include "textsemiseg/source/label_table.h"
#include "textsemiseg/source/source.h"

namespace tss {

// Every channel of the scans, in order: a scan may hold several. Throws InputError naming the file: NaN or infinite values (how many and
// the first), another grid than the first channel.
std::vector<Image> read_channels(const std::vector<ScanPtr>& scans);
std::vector<Image> read_channels(const std::vector<std::filesystem::path>& files);
std::vector<ScanPtr> open_scans(const std::vector<std::filesystem::path>& files);

// With the label where the case has one. A label stored with other axes on the same grid is permuted onto the image's; another grid is an
// InputError, and so are values without a class.
CaseArrays read_case(const SourceCase& item, const LabelTable& labels, const std::vector<std::string>& class_names);

}  // namespace tss
