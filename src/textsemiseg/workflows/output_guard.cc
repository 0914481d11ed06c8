#include "textsemiseg/workflows/output_guard.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dicom/folder.h"
#include "textsemiseg/io/image_file.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::optional<std::pair<dev_t, ino_t>> file_id(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return std::pair{info.st_dev, info.st_ino};
}

// Both canonical.
bool lies_in(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

// Any series of the scan's folder.
bool has_slices_in(const fs::path& parent, const Scan& scan) {
  for (const DicomSeries& one : scan.all_series()) {
    for (const DicomHeader& slice : one.slices) {
      if (fs::weakly_canonical(slice.path.parent_path()) == parent) return true;
    }
  }
  return false;
}

}  // namespace

bool same_file(const fs::path& a, const fs::path& b) {
  const auto id_a = file_id(a), id_b = file_id(b);
  if (id_a && id_b) return *id_a == *id_b;
  return !id_a && !id_b && fs::weakly_canonical(a) == fs::weakly_canonical(b);
}

InputGuard::InputGuard(const std::vector<ScanPtr>& scans) {
  for (const ScanPtr& scan : scans) {
    if (scan->is_series())
      series_.emplace(fs::weakly_canonical(scan_folder(scan->path())), scan);
    else if (const auto id = file_id(scan->path()))
      files_.insert(*id);
  }
}

void InputGuard::require_apart(const fs::path& output) const {
  if (const auto id = file_id(output); id && files_.count(*id))
    throw InputError(output.string(), "is a scan that is read", "another output");
  const fs::path parent = fs::weakly_canonical(fs::absolute(output).parent_path());
  if (checked_folders_.count(parent)) return;
  for (const auto& [folder, scan] : series_) {
    if (lies_in(parent, folder) && (parent == folder || has_slices_in(parent, *scan)))
      throw InputError(output.string(), "lies among the slices of the DICOM series " + folder.string(), "an output elsewhere");
  }
  checked_folders_.insert(parent);
}

void require_label_map_file(const fs::path& path) {
  if (!is_writable_image(path))
    throw InputError(path.string(), "is not named like a label map", "a name ending in .nii.gz, .nii, .nrrd, .seg.nrrd or .mha");
}

void require_table_file(const fs::path& file, const std::vector<fs::path>& inputs, const fs::path& kept_folder) {
  const std::string name = to_lower_ascii(file.filename().string());
  const std::vector<std::string> endings = scan_extensions();
  if (std::any_of(endings.begin(), endings.end(), [&](const std::string& ending) { return ends_with(name, ending); }))
    throw InputError(file.string(), "is named like a scan", "a name such as scores.csv");
  for (const fs::path& input : inputs) {
    if (same_file(file, input)) throw InputError(file.string(), "is a file that is read", "another name, such as scores.csv");
  }
  if (is_dicom_slice(file)) throw InputError(file.string(), "is a DICOM file", "another name, such as scores.csv");
  if (!kept_folder.empty() && lies_in(fs::weakly_canonical(file), fs::weakly_canonical(kept_folder)))
    throw InputError(file.string(), "lies in " + kept_folder.string(), "a place outside of it");
}

}  // namespace tss
