#include "textsemiseg/io/meta_image.h"

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "textsemiseg/archive/gzip.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/meta_header.h"
#include "textsemiseg/io/raw_voxels.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

InputError too_short(const MetaHeader& header, const std::string& found, const std::string& expected) {
  return {header.data_file.string(), "is truncated: " + found, expected + " by its header"};
}

RawBytes binary_numbers(const MetaHeader& header) {
  const uint64_t needed = header.numbers() * bytes_of(header.type), size = fs::file_size(header.data_file);
  const uint64_t begin = header.at_end ? size - std::min(size, needed) : header.data_begin;
  const uint64_t behind = size - std::min(size, begin);
  // Without this a damaged header could ask for any amount of memory. Deflate packs at most 1032 to 1.
  const uint64_t most = header.compressed ? behind * 1032 : behind;
  const auto check = [&](uint64_t found) {
    if (found < needed) throw too_short(header, concat(found, " bytes of voxels"), concat(needed));
  };
  check(most);
  auto bytes = std::make_unique_for_overwrite<unsigned char[]>(needed);
  if (header.compressed) {
    // CompressedDataSize is no help: the stream says itself where it ends.
    const uint64_t found = inflated_bytes(header.data_file, begin, bytes.get(), needed);
    check(found);
    if (found > needed)
      throw InputError(header.data_file.string(), concat("holds ", found, " bytes of voxels"), concat(needed, " by its header"));
    return bytes;
  }
  std::ifstream in(header.data_file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(begin));
  in.read(reinterpret_cast<char*>(bytes.get()), static_cast<std::streamsize>(needed));
  check(static_cast<uint64_t>(in.gcount()));
  return bytes;
}

// BinaryData = False: as double, whatever their type.
RawBytes text_numbers(const MetaHeader& header) {
  std::vector<double> numbers;
  std::ifstream in(header.data_file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(header.data_begin));
  for (double number = 0; numbers.size() < header.numbers() && in >> number;) numbers.push_back(number);
  if (numbers.size() < header.numbers())
    throw too_short(header, concat(numbers.size(), " numbers as text (BinaryData is not True)"), concat(header.numbers()));
  auto bytes = std::make_unique_for_overwrite<unsigned char[]>(numbers.size() * sizeof(double));
  std::copy_n(reinterpret_cast<const unsigned char*>(numbers.data()), numbers.size() * sizeof(double), bytes.get());
  return bytes;
}

std::vector<double> numbers_of(const std::string& name, const MetaHeader& header, std::initializer_list<const char*> names,
                               size_t count) {
  for (const char* field : names) {
    const auto found = header.fields.find(field);
    if (found == header.fields.end() || found->second.empty()) continue;
    std::vector<double> out;
    std::istringstream in(found->second);
    for (std::string word; in >> word;) out.push_back(parse_number(concat(name, ": ", field), word));
    if (out.size() < count)
      throw InputError(concat(name, ": ", field), "found '" + found->second + "'", concat(count, " numbers"));
    return out;
  }
  return {};
}

// A row of TransformMatrix is the direction of an array axis, in left, posterior, superior.
Geometry place_of(const std::string& name, const MetaHeader& header, const Size3& size) {
  const size_t n = header.sizes.size();
  const auto origin = numbers_of(name, header, {"Offset", "Position", "Origin"}, n);
  const auto matrix = numbers_of(name, header, {"TransformMatrix", "Rotation", "Orientation"}, n * n);
  const auto spacing = numbers_of(name, header, {"ElementSpacing", "ElementSize"}, n);
  Affine affine{};
  for (size_t row = 0; row < 3; ++row) {
    const double sign = row < 2 ? -1 : 1;
    for (size_t axis = 0; axis < 3; ++axis) {
      const double direction = matrix.empty() ? static_cast<double>(row == axis) : matrix[axis * n + row];
      affine[row][axis] = sign * direction * (spacing.empty() ? 1 : spacing[axis]);
    }
    affine[row][3] = origin.empty() ? 0 : sign * origin[row];
  }
  return geometry_of(size, affine);
}

RawBytes read_meta_numbers(const std::string& name, const MetaHeader& header) {
  std::error_code ignored;
  if (!fs::is_regular_file(header.data_file, ignored))
    throw InputError(name + ": ElementDataFile", header.data_file.string() + " cannot be read", "a file");
  return header.binary ? binary_numbers(header) : text_numbers(header);
}

}  // namespace

ImageHeader read_meta_image(const fs::path& path) {
  const MetaHeader header = read_meta_header(path);
  const std::string name = path.string();
  const size_t dimensions = header.sizes.size();
  if (dimensions < 3) throw InputError(name, concat("has ", dimensions, " dimensions"), "a 3D image");
  ImageHeader out;
  int64_t volumes = 1;
  for (size_t axis = 3; axis < dimensions; ++axis) volumes *= header.sizes[axis];
  if (dimensions > 4 && volumes > 1)
    throw InputError(name, concat("has ", dimensions, " dimensions"), "a 3D image, or channels along a fourth one");
  if (header.components > 1 && volumes > 1)
    throw InputError(name, concat("has ", header.components, " values per voxel in each of ", volumes, " volumes"),
                     "channels along one of them");
  out.channels = checked_channels(name, header.components * volumes);
  const Size3 size{header.sizes[0], header.sizes[1], header.sizes[2]};
  out.geometry = place_of(name, header, size);
  check_geometry(name, out.geometry);
  out.raw.type = header.binary ? header.type : NumberType::kFloat64;
  out.raw.swap = header.binary && header.big_endian;
  out.order = NumberOrder::usual(size, header.components);
  out.numbers = [name, header] { return read_meta_numbers(name, header); };
  return out;
}

}  // namespace tss
