// Label files of one data set that name their values, compared with the classes and with one another: Slicer numbers segments as they
// are made, so that one organ may be 1 in one file and 2 in the next.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/source/label_table.h"
#include "textsemiseg/source/source.h"

namespace tss {

struct NamedFile {
  std::filesystem::path file;
  std::vector<LabelName> names;
};

// Labels of the cases that name their values; of each file only the header is read. Files that cannot be opened are left out: whoever reads
// them says why.
std::vector<NamedFile> named_label_files(const std::vector<const SourceCase*>& cases);

// "'liver' is the value 2 in a.seg.nrrd and 1 in b.seg.nrrd" for the first such name; empty where every name has one value in all files.
std::string differing_values(const std::vector<NamedFile>& files);
// "the value 1 is 'liver' in a.seg.nrrd and 'spleen' in b.seg.nrrd"; names that say nothing ("Segment_1") are left out.
std::string differing_names(const std::vector<NamedFile>& files);

// What there is to say of reading them, "" where nothing is: that names decide where values differ, or that none of the names is a class.
// Throws InputError where names and values would exchange classes or leave it open: a file without a name that is a class beside others
// that have one; one name that would be two classes by its values, or one value of several classes with two names; a name of the label map
// that no file has.
std::string judge_label_files(const std::vector<NamedFile>& files, const LabelTable& table,
                              const std::vector<std::string>& class_names);

}  // namespace tss
