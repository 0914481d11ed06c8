#include "textsemiseg/io/meta_header.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

uint64_t bytes_of(const fs::path& path, const std::string& type) {
  static const std::map<std::string, uint64_t> kBytes{
      {"MET_CHAR", 1}, {"MET_UCHAR", 1}, {"MET_SHORT", 2},     {"MET_USHORT", 2},     {"MET_INT", 4},   {"MET_UINT", 4},
      {"MET_LONG", 4}, {"MET_ULONG", 4}, {"MET_LONG_LONG", 8}, {"MET_ULONG_LONG", 8}, {"MET_FLOAT", 4}, {"MET_DOUBLE", 8}};
  const auto found = kBytes.find(type);
  if (found == kBytes.end()) throw InputError(path.string() + ": ElementType", "found '" + type + "'", "a MET_ number type");
  return found->second;
}

// As MetaIO takes it.
bool is_true(const std::string& value) { return !value.empty() && (value[0] == 'T' || value[0] == 't' || value[0] == '1'); }

}  // namespace

MetaHeader read_meta_header(const fs::path& path) {
  constexpr size_t kLongestLine = 4096, kMostLines = 1000;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError(path.string(), "cannot be opened", "a readable file");
  std::map<std::string, std::string> fields;
  std::string line;
  for (size_t n = 0; n < kMostLines && !fields.contains("ElementDataFile"); ++n) {
    line.clear();
    for (char c; line.size() < kLongestLine && in.get(c) && c != '\n';) line += c;
    const size_t equals = line.find('=');
    if (equals == std::string::npos) break;
    fields[trim(line.substr(0, equals))] = trim(line.substr(equals + 1));
  }
  for (const char* required : {"DimSize", "ElementType", "ElementDataFile"})
    if (!fields.contains(required))
      throw InputError(path.string(), concat("has no field ", required, " in its header"), "a complete MetaImage file");

  // MetaIO has many lines of its own to say about them.
  for (const char* field :
       {"Offset", "Position", "Origin", "TransformMatrix", "Rotation", "Orientation", "ElementSpacing", "ElementSize"}) {
    std::istringstream values(fields[field]);
    for (std::string value; values >> value;)
      if (!std::isfinite(std::strtod(value.c_str(), nullptr)))
        throw InputError(concat(path.string(), ": ", field), "found '" + value + "'", "a finite number");
  }

  MetaHeader header;
  header.type = fields["ElementType"];
  if (ends_with(header.type, "_ARRAY")) header.type.resize(header.type.size() - 6);
  header.number_bytes = bytes_of(path, header.type);
  header.numbers = 1;
  constexpr long kMost = 1L << 40;  // more than memory holds, and no product that overflows
  const auto multiply = [&](const std::string& field, const std::string& text) {
    const long count = parse_integer(path.string() + ": " + field, text);
    if (count < 1) throw InputError(path.string(), "has no voxels", "at least one along each axis");
    if (count > kMost / static_cast<long>(header.numbers))
      throw InputError(path.string() + ": " + field, "found '" + fields[field] + "'", "a volume that fits into memory");
    header.numbers *= static_cast<uint64_t>(count);
  };
  std::istringstream sizes(fields["DimSize"]);
  for (std::string size; sizes >> size;) multiply("DimSize", size);
  if (fields.contains("ElementNumberOfChannels")) multiply("ElementNumberOfChannels", fields["ElementNumberOfChannels"]);
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
    throw InputError(path.string() + ": ElementDataFile", "found '" + data + "'", "LOCAL or the name of one data file");
  header.data_file = path.parent_path() / data;
  if (fields.contains("HeaderSize")) {
    const long skip = parse_integer(path.string() + ": HeaderSize", fields["HeaderSize"]);
    header.data_begin = skip > 0 ? static_cast<uint64_t>(skip) : 0;
    header.at_end = skip == -1;
  }
  return header;
}

}  // namespace tss
