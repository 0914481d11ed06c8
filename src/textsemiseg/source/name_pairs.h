// Which label belongs to which scan, by the names of their files.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace tss {

// A scan of a folder: one file, or its channels x_0000, x_0001, ...
struct NamedScan {
  std::string id;
  std::vector<std::filesystem::path> images;  // in order of channel
};

// In order of id. numbered: "x_0001" is channel 1 of "x". Throws InputError: two files of one stem, a gap in the channels.
std::vector<NamedScan> named_scans(const std::vector<std::filesystem::path>& files, bool numbered);
// Whether files "x_0000" are channels of "x" and not scans of that name: all end so, one is channel 0, and no label has the whole name.
// without_labels: what it is where there is no label to tell.
bool are_channels(const std::vector<std::filesystem::path>& files, const std::vector<std::filesystem::path>& labels,
                  bool without_labels);
// "x_image" -> "x" where every scan is called so and the rest tells them apart.
void cut_image_words(std::vector<NamedScan>& scans);

struct NamePairs {
  std::vector<std::vector<std::filesystem::path>> labels;  // by scan; several where several fit equally well
  std::vector<std::filesystem::path> alone;                // that fit none
  std::vector<std::filesystem::path> second_best;          // that fit less well than another
};
// "y.nii.gz", "y_seg.nii.gz", "label_y.nii.gz", "y_0000.nii.gz", "y_liver_mask.nii.gz" are labels of "y", in this order; also "y_seg" of the
// only scan whose name begins with y ("y_ct"). ignored: label words that say nothing here.
NamePairs pair_by_name(const std::vector<NamedScan>& scans, const std::vector<std::filesystem::path>& labels,
                       const std::set<std::string>& ignored);

// Which files are labels: by pattern where one was given (--label-file), else by name.
enum class FileKind { kImage, kLabel, kLeftOut };
FileKind kind_by_name(const std::filesystem::path& file, const std::string& name, const std::set<std::string>& ignored,
                      const std::filesystem::path& source, const std::string& label_file);
// A pattern with * and ?, of a file's name, its stem, or its path below the source.
bool fits_pattern(const std::filesystem::path& file, const std::filesystem::path& source, const std::string& pattern);

// The label among files that claim to be it; the others go to `left`. The same voxels in all of them are one label. Throws InputError with
// their names where they differ.
std::filesystem::path one_label(const std::vector<std::filesystem::path>& candidates, const std::string& subject,
                                std::vector<std::filesystem::path>& left);

}  // namespace tss
