#include "textsemiseg/io/scan.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dicom/series.h"
#include "textsemiseg/io/array_layout.h"
#include "textsemiseg/io/hdf5_file.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/label_value.h"
#include "textsemiseg/io/meta_header.h"
#include "textsemiseg/io/npy_scan.h"
#include "textsemiseg/io/nrrd_header.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> detached_files(const fs::path& path) {
  const std::string name = to_lower_ascii(path.filename().string());
  std::vector<fs::path> files;
  if (ends_with(name, ".nhdr") || ends_with(name, ".nrrd")) files = read_nrrd_header(path).data_files;
  if (ends_with(name, ".mhd") || ends_with(name, ".mha")) files = {read_meta_header(path).data_file};
  if (files.size() == 1 && files.front() == path) files.clear();  // in the file itself
  return files;
}

// The grid of an array without geometry.
Geometry plain_geometry(const ArrayLayout& layout) {
  Geometry geometry;
  geometry.size = layout.size;
  return geometry;
}

// Says what a file is that has no name of a scan.
InputError no_scan(const fs::path& path) {
  const std::string name = path.string();
  if (!scan_exists(path)) return {name, "does not exist", "a scan"};
  const std::string known = "a name ending in " + join(scan_extensions(), ", ") + ", or a folder of DICOM slices";
  if (fs::is_directory(path)) return {name, "is a folder without DICOM files", "a scan"};
  if (!is_dicom_file(path)) return {name, "is not named like a scan", known};
  const auto header = read_dicom_header(path);
  if (!header) return {name, "is a DICOM file without an image (an index, or damaged)", "the folder that holds the slices"};
  if (const auto refusal = refusal_of(*header)) return {name, refusal->found, refusal->advice};
  return {name, "is a single DICOM slice", "the folder that holds all slices of the series"};
}

}  // namespace

const std::vector<std::string>& scan_extensions() {
  static const std::vector<std::string> list = [] {
    std::vector<std::string> all = image_extensions();
    all.insert(all.end(), {".h5", ".hdf5", ".npy", ".npz"});
    return all;
  }();
  return list;
}

bool is_hdf5_file(const fs::path& path) {
  const std::string extension = to_lower_ascii(path.extension().string());
  return (extension == ".h5" || extension == ".hdf5") && !fs::is_directory(path);
}

bool is_dicom_slice(const fs::path& path) { return is_dicom_file(path); }

bool lacks_geometry(const fs::path& path) { return is_hdf5_file(path) || is_npy_file(path); }

bool is_scan(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return holds_dicom(path);
  return is_image_file(path) || lacks_geometry(path) || holds_dicom(path);
}

void require_scan(const fs::path& path) {
  if (!scan_exists(path) || !is_scan(path)) throw no_scan(path);
}

bool scan_exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(dicom_folder(path), ignored);
}

std::string scan_stem(const fs::path& path) {
  // "." and ".." have the names of the folders they stand for; a link goes by its own.
  if (fs::is_directory(path)) return fs::absolute(path / "x").lexically_normal().parent_path().filename().string();
  const fs::path folder = dicom_folder(path);
  if (folder != path) return scan_stem(folder) + "_" + path.string().substr(folder.string().size() + 1);
  return is_image_file(path) ? image_stem(path) : path.stem().string();
}

fs::path scan_folder(const fs::path& path) {
  const fs::path folder = dicom_folder(path);
  return fs::is_directory(folder) ? folder : fs::path{};
}

std::vector<fs::path> scan_files(const fs::path& path) {
  std::vector<fs::path> files;
  if (scan_folder(path).empty()) {
    files = detached_files(path);
    files.insert(files.begin(), path);
    return files;
  }
  for (const DicomHeader& slice : find_dicom_series(path).slices) files.push_back(slice.path);
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Image> read_scan_channels(const fs::path& path) {
  require_scan(path);
  if (!scan_folder(path).empty()) {
    std::vector<Image> one;
    one.push_back(read_dicom_series(path));
    return one;
  }
  if (is_hdf5_file(path)) return read_hdf5_channels(path);
  if (is_npy_file(path)) return read_npy_channels(path);
  return read_image_channels(path);
}

Image read_scan(const fs::path& path) {
  require_scan(path);
  if (is_image_file(path) && !fs::is_directory(path)) return read_image(path);  // refuses several channels by the header alone
  auto channels = read_scan_channels(path);
  if (channels.size() != 1) throw InputError(path.string(), concat("has ", channels.size(), " channels"), "one");
  return std::move(channels.front());
}

LabelMap read_scan_label(const fs::path& path) {
  require_scan(path);
  if (is_hdf5_file(path)) return read_hdf5_label(path);
  if (is_npy_file(path)) return read_npy_label(path);
  if (!scan_folder(path).empty()) return labels_of(read_dicom_series(path), path.string());
  return read_label_map(path);
}

Geometry read_scan_geometry(const fs::path& path) {
  require_scan(path);
  if (is_hdf5_file(path)) return plain_geometry(read_hdf5_layout(path));
  if (is_npy_file(path)) return plain_geometry(read_npy_layout(path));
  if (!scan_folder(path).empty()) return dicom_geometry(find_dicom_series(path), path);
  return read_geometry(path);
}

int64_t count_scan_channels(const fs::path& path) {
  require_scan(path);
  if (is_hdf5_file(path)) return read_hdf5_layout(path).channels;
  if (is_npy_file(path)) return read_npy_layout(path).channels;
  if (!scan_folder(path).empty()) return 1;
  return count_image_channels(path);
}

bool scan_holds_label(const fs::path& path) {
  if (is_hdf5_file(path)) return hdf5_has_label(path);
  return is_npy_file(path) && npy_holds_label(path);
}

std::string patient_key(const fs::path& path) {
  if (scan_folder(path).empty()) return "";
  return find_dicom_series(path).slices.front().patient_key;
}

}  // namespace tss
