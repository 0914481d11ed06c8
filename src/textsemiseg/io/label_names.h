// What label maps call their values.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/io/stored_label.h"

namespace tss {

// NRRD: Slicer's segments (SegmentN_Name, _LabelValue, _Layer; earlier versions wrote a layer of ones per segment and no values). Else the
// colour table of the same name beside the file, <stem>.ctbl or <stem>.txt, as Slicer, FreeSurfer and ITK-SNAP write them. Empty where there
// is neither; a table with a line that is none, or
// with one name twice, is no table.
std::vector<LabelName> read_label_names(const std::filesystem::path& path);

// One entry per line, by rising value; the value 0 is the background and left out.
std::vector<LabelName> parse_colour_table(const std::string& text);

// A label of ITK's formats with these names. Throws InputError on several volumes that are no layers of segments.
StoredLabel read_named_label(const std::filesystem::path& path);

}  // namespace tss
