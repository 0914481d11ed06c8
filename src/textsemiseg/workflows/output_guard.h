// What a verb writes must never take the place of what it reads.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/io/scan.h"

namespace tss {

// Whether both names are of one file, through links too; files that do not exist yet are compared by their full names.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b);

// The scans that a verb reads.
class InputGuard {
 public:
  explicit InputGuard(const std::vector<ScanPtr>& scans);

  // Throws InputError when output is one of the scans, or would lie in a folder with slices of a DICOM series that is read.
  void require_apart(const std::filesystem::path& output) const;

 private:
  using FileId = std::pair<dev_t, ino_t>;
  std::set<FileId> files_;
  std::map<std::filesystem::path, ScanPtr> series_;          // by their canonical folders
  mutable std::set<std::filesystem::path> checked_folders_;  // known to hold no slices
};

// Throws InputError where no label map can be written under that name.
void require_label_map_file(const std::filesystem::path& path);

// For tables a verb is asked to write: throws InputError when the file is named like a scan, is one of the inputs, or lies in a folder
// that must stay as it is.
void require_table_file(const std::filesystem::path& file, const std::vector<std::filesystem::path>& inputs,
                        const std::filesystem::path& kept_folder = {});

}  // namespace tss
