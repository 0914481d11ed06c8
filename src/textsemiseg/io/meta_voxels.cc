#include "textsemiseg/io/meta_voxels.h"

#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "textsemiseg/archive/inflate.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/meta_header.h"
#include "textsemiseg/io/raw_voxels.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

using NumberBytes = std::unique_ptr<unsigned char[]>;

InputError too_short(const MetaHeader& header, const std::string& found, const std::string& expected) {
  return {header.data_file.string(), "is truncated: " + found, expected + " by its header"};
}

NumberBytes binary_numbers(const MetaHeader& header) {
  const uint64_t needed = header.numbers * header.number_bytes, size = fs::file_size(header.data_file);
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
NumberBytes text_numbers(const MetaHeader& header) {
  std::vector<double> numbers;
  std::ifstream in(header.data_file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(header.data_begin));
  for (double number = 0; numbers.size() < header.numbers && in >> number;) numbers.push_back(number);
  if (numbers.size() < header.numbers)
    throw too_short(header, concat(numbers.size(), " numbers as text (BinaryData is not True)"), concat(header.numbers));
  auto bytes = std::make_unique_for_overwrite<unsigned char[]>(numbers.size() * sizeof(double));
  std::copy_n(reinterpret_cast<const unsigned char*>(numbers.data()), numbers.size() * sizeof(double), bytes.get());
  return bytes;
}

using Convert = void (*)(const RawVoxels&, const unsigned char*, uint64_t first, const Size3& stride, Image&);
template <class T>
void convert_numbers(const RawVoxels& raw, const unsigned char* bytes, uint64_t first, const Size3& stride, Image& out) {
  raw.convert<T>(bytes + first * sizeof(T), stride, out);
}

Convert converter_of(const MetaHeader& header) {
  static const std::map<std::string, Convert> kTypes{
      {"MET_CHAR", convert_numbers<int8_t>},       {"MET_UCHAR", convert_numbers<uint8_t>},
      {"MET_SHORT", convert_numbers<int16_t>},     {"MET_USHORT", convert_numbers<uint16_t>},
      {"MET_INT", convert_numbers<int32_t>},       {"MET_UINT", convert_numbers<uint32_t>},
      {"MET_LONG", convert_numbers<int32_t>},      {"MET_ULONG", convert_numbers<uint32_t>},
      {"MET_LONG_LONG", convert_numbers<int64_t>}, {"MET_ULONG_LONG", convert_numbers<uint64_t>},
      {"MET_FLOAT", convert_numbers<float>},       {"MET_DOUBLE", convert_numbers<double>}};
  return header.binary ? kTypes.at(header.type) : convert_numbers<double>;
}

}  // namespace

void read_meta_voxels(const fs::path& path, int64_t components, std::vector<Image>& channels) {
  const MetaHeader header = read_meta_header(path);
  const auto& [nx, ny, nz] = channels.front().size();
  const int64_t voxels = channels.front().geometry.voxels(), n = components;
  // ITK's understanding of the header and ours.
  const auto expected = static_cast<uint64_t>(voxels) * channels.size();
  if (header.numbers != expected)
    throw InputError(path.string() + ": DimSize", concat("found ", header.numbers, " numbers"), concat(expected));
  std::error_code ignored;
  if (!fs::is_regular_file(header.data_file, ignored))
    throw InputError(path.string() + ": ElementDataFile", header.data_file.string() + " cannot be read", "a file");
  const NumberBytes bytes = header.binary ? binary_numbers(header) : text_numbers(header);
  const Convert convert = converter_of(header);
  const RawVoxels raw{.swap = header.binary && header.big_endian};
  for (size_t c = 0; c < channels.size(); ++c) {
    const auto index = static_cast<int64_t>(c);
    channels[c].voxels.resize(static_cast<size_t>(voxels));
    convert(raw, bytes.get(), static_cast<uint64_t>(index / n * voxels * n + index % n), {n, nx * n, nx * ny * n}, channels[c]);
  }
}

}  // namespace tss
