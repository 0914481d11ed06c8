#include "textsemiseg/io/hdf5_file.h"

#include <hdf5.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/label_value.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr char kImageSet[] = "image";
constexpr char kLabel[] = "label";

// Owns an HDF5 identifier.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }
  bool valid() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// Debian's HDF5 is built without thread safety: one caller at a time. Also silences its own printing of error stacks.
std::lock_guard<std::mutex> library_lock() {
  static std::mutex mutex;
  static const bool quiet = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  static_cast<void>(quiet);
  return std::lock_guard<std::mutex>(mutex);
}

std::string subject(const fs::path& path, const char* data_set) { return concat(path.string(), ": data set '", data_set, "'"); }

Handle open_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) throw InputError(path.string(), "does not exist or is not a file", "an HDF5 file");
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) {
    const bool signature = H5Fis_hdf5(path.c_str()) > 0;
    throw InputError(path.string(), signature ? "is truncated, damaged or unreadable" : "is not an HDF5 file",
                     "a complete HDF5 file");
  }
  return {file, H5Fclose};
}

bool has(hid_t file, const char* data_set) { return H5Lexists(file, data_set, H5P_DEFAULT) > 0; }

std::string members(hid_t file) {
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->push_back(name);
    return 0;
  };
  hsize_t position = 0;
  H5Literate(file, H5_INDEX_NAME, H5_ITER_INC, &position, collect, &names);
  return names.empty() ? "nothing" : join(names, ", ");
}

Handle open_data_set(hid_t file, const fs::path& path, const char* name) {
  if (!has(file, name))
    throw InputError(subject(path, name), "is missing; the file holds " + members(file), "a 3D array of that name");
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  if (set < 0) throw InputError(subject(path, name), "cannot be opened", "a 3D array");
  return {set, H5Dclose};
}

ArrayLayout layout_of(hid_t set, const std::string& name) {
  const Handle space(H5Dget_space(set), H5Sclose);
  const int rank = std::max(0, H5Sget_simple_extent_ndims(space));
  std::vector<hsize_t> size(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space, size.data(), nullptr);
  return array_layout({size.begin(), size.end()}, false, name);
}

ArrayLayout layout_of_one(hid_t set, const std::string& name) {
  const ArrayLayout layout = layout_of(set, name);
  if (layout.channels != 1) throw InputError(name, concat("has ", layout.channels, " channels"), "one");
  return layout;
}

void read_as(hid_t set, hid_t memory_type, void* out, const std::string& name) {
  if (H5Dread(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
    throw InputError(name, "cannot be read: truncated, damaged, or packed with an unknown filter", "a complete array");
}

std::vector<Image> read_image_set(hid_t file, const fs::path& path) {
  const std::string name = subject(path, kImageSet);
  const Handle set = open_data_set(file, path, kImageSet);
  const Handle type(H5Dget_type(set), H5Tclose);
  const H5T_class_t kind = H5Tget_class(type);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) throw InputError(name, "does not hold numbers", "integers or floats");
  const ArrayLayout layout = layout_of(set, name);
  if (layout.channels == 1) {
    std::vector<Image> one(1, Image(layout.geometry()));
    read_as(set, H5T_NATIVE_FLOAT, one.front().voxels.data(), name);
    return one;
  }
  std::vector<float> values(static_cast<size_t>(layout.geometry().voxels() * layout.channels));
  read_as(set, H5T_NATIVE_FLOAT, values.data(), name);
  return layout.channels_of(values.data(), [](float v) { return v; });
}

LabelMap read_label_set(hid_t file, const fs::path& path) {
  const std::string name = subject(path, kLabel);
  const Handle set = open_data_set(file, path, kLabel);
  const Handle type(H5Dget_type(set), H5Tclose);
  const H5T_class_t kind = H5Tget_class(type);
  const bool boolean = kind == H5T_ENUM && H5Tget_size(type) == 1;  // h5py's bool
  if (kind != H5T_INTEGER && kind != H5T_FLOAT && !boolean)
    throw InputError(name, "does not hold numbers", "integers from 0 to 255");
  LabelMap label(layout_of_one(set, name).geometry());
  if (boolean || H5Tequal(type, H5T_NATIVE_UINT8) > 0) {
    read_as(set, type, label.voxels.data(), name);
    return label;
  }
  std::vector<double> values(label.voxels.size());
  read_as(set, H5T_NATIVE_DOUBLE, values.data(), name);
  for (size_t i = 0; i < values.size(); ++i) label.voxels[i] = label_value(values[i], name);
  return label;
}

void write_set(hid_t file, const char* name, const Size3& size, hid_t type, const void* data) {
  hsize_t full[3], chunk[3];
  for (size_t axis = 0; axis < 3; ++axis) {
    full[axis] = static_cast<hsize_t>(size[axis]);
    chunk[axis] = std::min<hsize_t>(full[axis], 32);
  }
  const Handle space(H5Screate_simple(3, full, nullptr), H5Sclose);
  const Handle layout(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_chunk(layout, 3, chunk);
  H5Pset_deflate(layout, 4);
  const Handle set(H5Dcreate2(file, name, type, space, H5P_DEFAULT, layout, H5P_DEFAULT), H5Dclose);
  if (!set.valid() || H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
    throw InputError(name, "cannot be written", "a writable place with room on the disk");
}

}  // namespace

Hdf5Case read_hdf5_case(const fs::path& path) {
  const auto lock = library_lock();
  const Handle file = open_file(path);
  Hdf5Case out;
  auto channels = read_image_set(file, path);
  if (channels.size() != 1) throw InputError(subject(path, kImageSet), concat("has ", channels.size(), " channels"), "one");
  out.image = std::move(channels.front());
  if (!has(file, kLabel)) return out;
  out.label = read_label_set(file, path);
  if (out.label->size() != out.image.size())
    throw InputError(subject(path, kLabel), "is " + join(out.label->size(), " x "),
                     "the shape of 'image', " + join(out.image.size(), " x "));
  return out;
}

std::vector<Image> read_hdf5_channels(const fs::path& path) {
  const auto lock = library_lock();
  return read_image_set(open_file(path), path);
}

LabelMap read_hdf5_label(const fs::path& path) {
  const auto lock = library_lock();
  return read_label_set(open_file(path), path);
}

ArrayLayout read_hdf5_layout(const fs::path& path) {
  const auto lock = library_lock();
  const Handle file = open_file(path);
  return layout_of(open_data_set(file, path, kImageSet), subject(path, kImageSet));
}

bool is_hdf5_file(const fs::path& path) {
  const std::string extension = to_lower_ascii(path.extension().string());
  return (extension == ".h5" || extension == ".hdf5") && !fs::is_directory(path);
}

bool hdf5_has_label(const fs::path& path) {
  const auto lock = library_lock();
  return has(open_file(path), kLabel);
}

void write_hdf5_case(const fs::path& path, const Image& image, const LabelMap* label) {
  if (label && label->size() != image.size())
    throw InputError(path.string() + ": label", "is " + join(label->size(), " x "), "the image's " + join(image.size(), " x "));
  const auto lock = library_lock();
  write_atomically(path, [&](const fs::path& temporary) {
    const Handle file(H5Fcreate(temporary.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
    if (!file.valid()) throw InputError(path.string(), "cannot be written", "a writable place");
    write_set(file, kImageSet, image.size(), H5T_NATIVE_FLOAT, image.voxels.data());
    if (label) write_set(file, kLabel, label->size(), H5T_NATIVE_UINT8, label->voxels.data());
    if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0)
      throw InputError(path.string(), "cannot be written", "a writable place with room on the disk");
  });
}

}  // namespace tss
