#include "textsemiseg/io/meta_header.h"

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

uint64_t bytes_of(const fs::path& path, std::string type) {
  static const std::map<std::string, uint64_t> kBytes{
      {"MET_CHAR", 1}, {"MET_UCHAR", 1}, {"MET_SHORT", 2},     {"MET_USHORT", 2},     {"MET_INT", 4},   {"MET_UINT", 4},
      {"MET_LONG", 4}, {"MET_ULONG", 4}, {"MET_LONG_LONG", 8}, {"MET_ULONG_LONG", 8}, {"MET_FLOAT", 4}, {"MET_DOUBLE", 8}};
  if (ends_with(type, "_ARRAY")) type.resize(type.size() - 6);
  const auto found = kBytes.find(type);
  if (found == kBytes.end()) throw InputError(path.string() + ": ElementType", "found '" + type + "'", "a MET_ number type");
  return found->second;
}

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

  MetaHeader header;
  header.data_bytes = bytes_of(path, fields["ElementType"]);
  if (fields.contains("ElementNumberOfChannels"))
    header.data_bytes *=
        static_cast<uint64_t>(parse_integer(path.string() + ": ElementNumberOfChannels", fields["ElementNumberOfChannels"]));
  std::istringstream sizes(fields["DimSize"]);
  for (std::string size; sizes >> size;)
    header.data_bytes *= static_cast<uint64_t>(parse_integer(path.string() + ": DimSize", size));
  header.compressed = to_lower_ascii(fields["CompressedData"]) == "true";

  const std::string& data = fields["ElementDataFile"];
  if (data == "LOCAL") {
    header.data_file = path;
    header.data_begin = static_cast<uint64_t>(in.tellg());
    return header;
  }
  if (data == "LIST" || data.find('%') != std::string::npos)
    throw InputError(path.string() + ": ElementDataFile", "found '" + data + "'", "LOCAL or the name of one data file");
  header.data_file = path.parent_path() / data;
  // HeaderSize = -1: the data are the end of the file, whatever stands before them.
  if (fields.contains("HeaderSize")) {
    const long skip = parse_integer(path.string() + ": HeaderSize", fields["HeaderSize"]);
    header.data_begin = skip > 0 ? static_cast<uint64_t>(skip) : 0;
  }
  return header;
}

}  // namespace tss
