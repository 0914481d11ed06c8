// The files of one case in memory, as stored: all channels on one grid, finite, with the label as classes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/io/scan.h"
#include "textsemiseg/recipe/steps.h"
#include "textsemiseg/source/label_table.h"
#include "textsemiseg/source/source.h"
#include "textsemiseg/volume/lattice.h"

namespace tss {

// Every channel of the scans, in order: a scan may hold several. Throws InputError naming the file: NaN or infinite values (how many and
// the first), another grid than the first channel.
std::vector<Image> read_channels(const std::vector<ScanPtr>& scans);
std::vector<Image> read_channels(const std::vector<std::filesystem::path>& files);
std::vector<ScanPtr> open_scans(const std::vector<std::filesystem::path>& files);

// The label of an image as classes and on its grid, as far as lay_labels() brings it there (what still differs, `laid` tells). Throws
// InputError on values and names without a class.
LabelMap read_classes(const std::filesystem::path& label, const Geometry& image, const LabelTable& labels,
                      const std::vector<std::string>& class_names, LaidLabels* laid = nullptr);

// With the label where the case has one. A label stored with other axes or on a part of the image's lattice is brought onto the image's
// grid; another grid is an InputError, and so are values without a class. padded: whether background was added around the label.
CaseArrays read_case(const SourceCase& item, const LabelTable& labels, const std::vector<std::string>& class_names,
                     bool* padded = nullptr);

}  // namespace tss
