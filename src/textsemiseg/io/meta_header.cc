#include "textsemiseg/io/meta_header.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "textsemiseg/archive/file_kind.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

NumberType type_of(const fs::path& path, const std::string& found) {
  static const std::map<std::string, NumberType> kTypes{
      {"MET_CHAR", NumberType::kInt8},         {"MET_UCHAR", NumberType::kUint8},   {"MET_SHORT", NumberType::kInt16},
      {"MET_USHORT", NumberType::kUint16},     {"MET_INT", NumberType::kInt32},     {"MET_UINT", NumberType::kUint32},
      {"MET_LONG", NumberType::kInt32},        {"MET_ULONG", NumberType::kUint32},  {"MET_LONG_LONG", NumberType::kInt64},
      {"MET_ULONG_LONG", NumberType::kUint64}, {"MET_FLOAT", NumberType::kFloat32}, {"MET_DOUBLE", NumberType::kFloat64}};
  const auto type = kTypes.find(ends_with(found, "_ARRAY") ? found.substr(0, found.size() - 6) : found);
  if (type == kTypes.end()) throw InputError(path.string() + ": ElementType", "found '" + found + "'", "a MET_ number type");
  return type->second;
}

// As MetaIO takes it.
bool is_true(const std::string& value) { return !value.empty() && (value[0] == 'T' || value[0] == 't' || value[0] == '1'); }

}  // namespace

MetaHeader read_meta_header(const fs::path& path) {
  constexpr size_t kLongestLine = 4096, kMostLines = 1000;
  const std::string name = path.string();
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError(name, "cannot be opened", "a readable file");
  MetaHeader header;
  auto& fields = header.fields;
  std::string line;
  for (size_t n = 0; n < kMostLines && !fields.contains("ElementDataFile"); ++n) {
    line.clear();
    for (char c; line.size() < kLongestLine && in.get(c) && c != '\n';) line += c;
    const size_t equals = line.find('=');
    if (equals == std::string::npos) break;
    fields[trim(line.substr(0, equals))] = trim(line.substr(equals + 1));
  }
  for (const char* required : {"DimSize", "ElementType", "ElementDataFile"}) {
    if (fields.contains(required)) continue;
    const std::string kind = kind_of_file(path);
    if (!kind.empty() && kind.find("MetaImage") == std::string::npos) throw InputError(name, "is " + kind, "a MetaImage header");
    throw InputError(name, concat("has no field ", required, " in its header"), "a complete MetaImage file");
  }
  for (const char* field :
       {"Offset", "Position", "Origin", "TransformMatrix", "Rotation", "Orientation", "ElementSpacing", "ElementSize"}) {
    if (!fields.contains(field)) continue;
    std::istringstream values(fields[field]);
    for (std::string value; values >> value;)
      if (!std::isfinite(std::strtod(value.c_str(), nullptr)))
        throw InputError(concat(name, ": ", field), "found '" + value + "'", "a finite number");
  }

  header.type = type_of(path, fields["ElementType"]);
  constexpr int64_t kMost = int64_t{1} << 40;  // more than memory holds, and no product that overflows
  int64_t numbers = 1;
  const auto multiply = [&](const std::string& field, const std::string& text) {
    const int64_t count = parse_integer(name + ": " + field, text);
    if (count < 1) throw InputError(name, "has no voxels", "at least one along each axis");
    if (count > kMost / numbers)
      throw InputError(name + ": " + field, "found '" + fields[field] + "'", "a volume that fits into memory");
    numbers *= count;
    return count;
  };
  std::istringstream sizes(fields["DimSize"]);
  for (std::string size; sizes >> size;) header.sizes.push_back(multiply("DimSize", size));
  if (fields.contains("ElementNumberOfChannels"))
    header.components = multiply("ElementNumberOfChannels", fields["ElementNumberOfChannels"]);
  if (fields.contains("NDims") && parse_integer(name + ": NDims", fields["NDims"]) != static_cast<long>(header.sizes.size()))
    throw InputError(name + ": DimSize", "found '" + fields["DimSize"] + "'", fields["NDims"] + " numbers, as NDims says");
  header.binary = !fields.contains("BinaryData") || is_true(fields["BinaryData"]);
  header.compressed = is_true(fields["CompressedData"]);
  header.big_endian = is_true(fields["BinaryDataByteOrderMSB"]) || is_true(fields["ElementByteOrderMSB"]);

  const std::string& data = fields["ElementDataFile"];
  if (data == "LOCAL") {
    header.data_file = path;
    header.data_begin = static_cast<uint64_t>(in.tellg());
    return header;
  }
  if (data == "LIST" || data.find('%') != std::string::npos)
    throw InputError(name + ": ElementDataFile", "found '" + data + "'", "LOCAL or the name of one data file");
  header.data_file = path.parent_path() / data;
  if (fields.contains("HeaderSize")) {
    const long skip = parse_integer(name + ": HeaderSize", fields["HeaderSize"]);
    header.data_begin = skip > 0 ? static_cast<uint64_t>(skip) : 0;
    header.at_end = skip == -1;
  }
  return header;
}

}  // namespace tss
