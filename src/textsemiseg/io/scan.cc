#include "textsemiseg/io/scan.h"

#include <algorithm>

#include "textsemiseg/archive/file_kind.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dicom/folder.h"
#include "textsemiseg/io/scan_format.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::deque<ScanFormat>& format_table() {
  static std::deque<ScanFormat> table{mask_format(), itk_format(), hdf5_format(), npy_format(), dicom_format()};
  return table;
}

// The ending by which a file is of this format; null where it is not.
const std::string* ending_of(const fs::path& path, const ScanFormat& format) {
  const std::string name = to_lower_ascii(path.filename().string());
  const auto found = std::find_if(format.endings.begin(), format.endings.end(), [&](const std::string& ending) {
    return name.size() > ending.size() && ends_with(name, ending);
  });
  return found == format.endings.end() ? nullptr : &*found;
}

const ScanFormat* scan_format_of(const fs::path& path) {
  std::error_code ignored;
  const bool folder = fs::is_directory(path, ignored);
  for (const ScanFormat& format : scan_formats())
    if (format.holds ? format.holds(path) : !folder && ending_of(path, format)) return &format;
  return nullptr;
}

// Says what a file is that has no name of a scan.
InputError no_scan(const fs::path& path) {
  const std::string name = path.string();
  if (!scan_exists(path)) return {name, "does not exist", "a scan"};
  const std::string known = "a name ending in " + join(scan_extensions(), ", ") + ", or a folder of DICOM slices";
  if (fs::is_directory(path)) return {name, "is a folder without DICOM files", "a scan"};
  if (!is_dicom_file(path)) {
    // "x.img" beside "x.hdr".
    const fs::path other = fs::path(path).replace_extension(".hdr");
    if (to_lower_ascii(path.extension().string()) == ".img" && fs::exists(other))
      return {name, "holds the voxels of a pair", "the pair's header, " + other.string()};
    const std::string kind = kind_of_file(path);
    return {name, kind.empty() ? "is not named like a scan" : "is not named like a scan: it is " + kind, known};
  }
  const auto header = read_dicom_header(path);
  if (!header) return {name, "is a DICOM file without an image (an index, or damaged)", "the folder that holds the slices"};
  if (const auto refusal = refusal_of(*header)) return {name, refusal->found, refusal->advice};
  return {name, "is a single DICOM slice", "the folder that holds all slices of the series"};
}

}  // namespace

const std::deque<ScanFormat>& scan_formats() { return format_table(); }

void add_scan_format(ScanFormat format) { format_table().push_back(std::move(format)); }

ScanPtr Scan::open(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::exists(status) && !fs::is_directory(status)) require_regular_file(path);
  const ScanFormat* format = scan_exists(path) ? scan_format_of(path) : nullptr;
  if (!format) throw no_scan(path);
  return format->open(path);
}

ScanPtr Scan::open_below(const fs::path& path) const {
  const ScanPtr known = below(path);
  return known ? known : open(path);
}

Image Scan::read() const {
  auto channels = read_channels();
  if (channels.size() != 1) throw InputError(path_.string(), concat("has ", channels.size(), " channels"), "one");
  return std::move(channels.front());
}

LabelMap Scan::read_label() const { return byte_labels(read_stored_label(), path_.string()); }

const DicomSeries& Scan::series() const { throw InputError(path_.string(), "is no DICOM series", "one"); }

const std::vector<DicomSeries>& Scan::all_series() const {
  static const std::vector<DicomSeries> none;
  return none;
}

std::vector<std::string> scan_extensions() {
  std::vector<std::string> all;
  for (const ScanFormat& format : scan_formats()) all.insert(all.end(), format.endings.begin(), format.endings.end());
  return all;
}

bool is_scan(const fs::path& path) { return scan_format_of(path) != nullptr; }

bool is_dicom_slice(const fs::path& path) { return is_dicom_file(path); }

bool is_mask_folder(const fs::path& path) {
  std::error_code ignored;
  return path.filename() == kAllMasks && fs::is_directory(path.parent_path(), ignored);
}

bool scan_exists(const fs::path& path) {
  std::error_code ignored;
  if (is_mask_folder(path)) return true;
  return fs::exists(dicom_folder(path), ignored);
}

std::string scan_stem(const fs::path& path) {
  if (is_mask_folder(path)) return path.parent_path().filename().string();
  // "." and ".." have the names of the folders they stand for; a link goes by its own.
  if (fs::is_directory(path)) return fs::absolute(path / "x").lexically_normal().parent_path().filename().string();
  const fs::path folder = dicom_folder(path);
  if (folder != path) return scan_stem(folder) + "_" + path.string().substr(folder.string().size() + 1);
  const std::string name = path.filename().string();
  for (const ScanFormat& format : scan_formats())
    if (const std::string* ending = ending_of(path, format)) return name.substr(0, name.size() - ending->size());
  return path.stem().string();
}

fs::path scan_folder(const fs::path& path) {
  if (is_mask_folder(path)) return path.parent_path();
  const fs::path folder = dicom_folder(path);
  return fs::is_directory(folder) ? folder : fs::path{};
}

}  // namespace tss
