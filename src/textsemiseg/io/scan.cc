#include "textsemiseg/io/scan.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/array_layout.h"
#include "textsemiseg/io/hdf5_file.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/npy_scan.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// The grid of an array without geometry.
Geometry plain_geometry(const ArrayLayout& layout) {
  Geometry geometry;
  geometry.size = layout.size;
  return geometry;
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

bool lacks_geometry(const fs::path& path) { return is_hdf5_file(path) || is_npy_file(path); }

bool is_scan(const fs::path& path) { return is_image_file(path) || lacks_geometry(path); }

bool scan_exists(const fs::path& path) { return fs::exists(path); }

std::string scan_stem(const fs::path& path) { return is_image_file(path) ? image_stem(path) : path.stem().string(); }

std::vector<fs::path> scan_files(const fs::path& path) { return {path}; }

std::vector<Image> read_scan_channels(const fs::path& path) {
  if (is_hdf5_file(path)) return read_hdf5_channels(path);
  if (is_npy_file(path)) return read_npy_channels(path);
  return read_image_channels(path);
}

Image read_scan(const fs::path& path) {
  const int64_t channels = count_scan_channels(path);
  if (channels != 1) throw InputError(path.string(), concat("has ", channels, " channels"), "one");
  return std::move(read_scan_channels(path).front());
}

LabelMap read_scan_label(const fs::path& path) {
  if (is_hdf5_file(path)) return read_hdf5_label(path);
  if (is_npy_file(path)) return read_npy_label(path);
  return read_label_map(path);
}

Geometry read_scan_geometry(const fs::path& path) {
  if (is_hdf5_file(path)) return plain_geometry(read_hdf5_layout(path));
  if (is_npy_file(path)) return plain_geometry(read_npy_layout(path));
  return read_geometry(path);
}

int64_t count_scan_channels(const fs::path& path) {
  if (is_hdf5_file(path)) return read_hdf5_layout(path).channels;
  if (is_npy_file(path)) return read_npy_layout(path).channels;
  return count_image_channels(path);
}

bool scan_holds_label(const fs::path& path) {
  if (is_hdf5_file(path)) return hdf5_has_label(path);
  return is_npy_file(path) && npy_holds_label(path);
}

std::string patient_key(const fs::path&) { return ""; }

}  // namespace tss
