#include "textsemiseg/io/hdf5_file.h"

#include <hdf5.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/stored_label.h"

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

// One caller at a time, whatever the library was built for. Its printing of error stacks is a setting of each thread in builds that are made
// for threads (Debian's is), so that every entry turns it off.
std::unique_lock<std::mutex> library_lock() {
  static std::mutex mutex;
  std::unique_lock<std::mutex> lock(mutex);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  return lock;
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

std::vector<std::string> names_in(hid_t file) {
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->push_back(name);
    return 0;
  };
  hsize_t position = 0;
  H5Literate(file, H5_INDEX_NAME, H5_ITER_INC, &position, collect, &names);
  return names;
}

std::string members(hid_t file) {
  const auto names = names_in(file);
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

// What the registry of the HDF Group calls the filters that people use; h5py's files do not always name them.
std::string filter_name(H5Z_filter_t id, const std::string& stored) {
  static const std::map<H5Z_filter_t, std::string> kNames{
      {H5Z_FILTER_SZIP, "szip"}, {307, "bzip2"}, {32000, "lzf"},  {32001, "blosc"}, {32004, "lz4"},
      {32008, "bitshuffle"},     {32013, "zfp"}, {32015, "zstd"}, {32017, "sz"},    {32026, "blosc2"}};
  const auto known = kNames.find(id);
  const std::string name = known != kNames.end() ? known->second : stored;
  return concat(name.empty() ? "unnamed" : name, " (number ", id, ")");
}

void require_filters(hid_t set, const std::string& name) {
  const Handle how(H5Dget_create_plist(set), H5Pclose);
  for (int i = 0; i < H5Pget_nfilters(how); ++i) {
    unsigned flags = 0, config = 0;
    size_t values = 0;
    char stored[64] = {};
    const H5Z_filter_t id =
        H5Pget_filter2(how, static_cast<unsigned>(i), &flags, &values, nullptr, sizeof stored - 1, stored, &config);
    if (id < 0 || H5Zfilter_avail(id) > 0) continue;
    throw InputError(
        name, "is packed with the HDF5 filter " + filter_name(id, stored) + ", which is not installed here",
        "gzip, shuffle, fletcher32 or no filter (rewrite it in Python: read with h5py, with hdf5plugin imported where the "
        "filter is none of h5py's, and create_dataset(..., compression='gzip'))");
  }
}

// Whether each number fills its bytes as integers and IEEE floats do. A damaged header of the old file format, which has no checksum,
// can say that the bits are somewhere else; the library then reads other numbers without a word.
bool is_standard(hid_t type) {
  if (H5Tget_class(type) == H5T_ENUM) {
    const Handle base(H5Tget_super(type), H5Tclose);
    return base.valid() && H5Tget_class(base) == H5T_INTEGER && is_standard(base);
  }
  const H5T_order_t order = H5Tget_order(type);
  const size_t bytes = H5Tget_size(type);
  if (H5Tequal(type, H5T_NATIVE_LDOUBLE) > 0) return true;
  const bool filled = H5Tget_precision(type) == 8 * bytes && H5Tget_offset(type) == 0;
  if (!filled || (order != H5T_ORDER_LE && order != H5T_ORDER_BE)) return false;
  if (H5Tget_class(type) == H5T_INTEGER) return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
  struct Fields {
    size_t sign, exponent, exponent_bits, mantissa, mantissa_bits, bias;
    bool operator==(const Fields&) const = default;
  };
  Fields found{};
  H5Tget_fields(type, &found.sign, &found.exponent, &found.exponent_bits, &found.mantissa, &found.mantissa_bits);
  found.bias = H5Tget_ebias(type);
  const Fields known[] = {{15, 10, 5, 0, 10, 15}, {15, 7, 8, 0, 7, 127}, {31, 23, 8, 0, 23, 127}, {63, 52, 11, 0, 52, 1023}};
  return H5Tget_norm(type) == H5T_NORM_IMPLIED && std::find(std::begin(known), std::end(known), found) != std::end(known) &&
         bytes * 8 == found.sign + 1;
}

void require_standard(hid_t type, const std::string& name) {
  if (!is_standard(type))
    throw InputError(name,
                     concat("has a number type of ", H5Tget_precision(type), " bits in ", H5Tget_size(type),
                            " bytes: damaged, or of a ", "rare machine"),
                     "integers of 1, 2, 4 or 8 bytes, or IEEE floats");
}

void read_as(hid_t set, hid_t memory_type, void* out, const std::string& name) {
  require_filters(set, name);
  if (H5Dread(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
    throw InputError(name, "cannot be read: truncated or damaged", "a complete array");
}

std::vector<Image> read_image_set(hid_t file, const fs::path& path) {
  const std::string name = subject(path, kImageSet);
  const Handle set = open_data_set(file, path, kImageSet);
  const Handle type(H5Dget_type(set), H5Tclose);
  const H5T_class_t kind = H5Tget_class(type);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) throw InputError(name, "does not hold numbers", "integers or floats");
  require_standard(type, name);
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

Volume<int32_t> read_label_set(hid_t file, const fs::path& path) {
  const std::string name = subject(path, kLabel);
  const Handle set = open_data_set(file, path, kLabel);
  const Handle type(H5Dget_type(set), H5Tclose);
  const H5T_class_t kind = H5Tget_class(type);
  const bool boolean = kind == H5T_ENUM && H5Tget_size(type) == 1;  // h5py's bool
  if (kind != H5T_INTEGER && kind != H5T_FLOAT && !boolean) throw InputError(name, "does not hold numbers", "whole numbers");
  require_standard(type, name);
  const Geometry grid = layout_of_one(set, name).geometry();
  const auto voxels = static_cast<size_t>(grid.voxels());
  if (boolean || H5Tequal(type, H5T_NATIVE_UINT8) > 0) {
    std::vector<uint8_t> bytes(voxels);
    read_as(set, type, bytes.data(), name);
    Volume<int32_t> label(grid);
    std::copy(bytes.begin(), bytes.end(), label.voxels.begin());
    return label;
  }
  std::vector<double> values(voxels);
  read_as(set, H5T_NATIVE_DOUBLE, values.data(), name);
  return whole_numbers(grid, values, name);
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
  out.label = byte_labels(single_layer(read_label_set(file, path)), subject(path, kLabel));
  if (out.label->size() != out.image.size())
    throw InputError(subject(path, kLabel), "is " + join(out.label->size(), " x "),
                     "the shape of 'image', " + join(out.image.size(), " x "));
  return out;
}

std::vector<Image> read_hdf5_channels(const fs::path& path) {
  const auto lock = library_lock();
  return read_image_set(open_file(path), path);
}

Volume<int32_t> read_hdf5_label(const fs::path& path) {
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

std::vector<std::string> hdf5_names(const fs::path& path) {
  const auto lock = library_lock();
  return names_in(open_file(path));
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
