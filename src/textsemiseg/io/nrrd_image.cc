#include "textsemiseg/io/nrrd_image.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "textsemiseg/archive/gzip.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/printable.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/nrrd_header.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

enum class Encoding { kRaw, kGzip, kText, kHex };

// What the fields of a header say of the voxels.
struct NrrdData {
  std::string name;
  std::vector<fs::path> files;
  uint64_t begin = 0;
  Encoding encoding = Encoding::kRaw;
  int64_t line_skip = 0, byte_skip = 0;
  NumberType type = NumberType::kUint8;
  uint64_t numbers = 0;

  uint64_t bytes() const { return numbers * bytes_of(type); }
};

class Fields {
 public:
  Fields(std::string name, const NrrdHeader& header) : name_(std::move(name)), fields_(header.fields) {}

  // The names of a field are one field: "line skip", "lineskip".
  std::string get(const std::string& field) const {
    const auto found = fields_.find(field);
    return found == fields_.end() ? "" : found->second;
  }
  std::string required(const std::string& field) const {
    if (get(field).empty()) throw InputError(name_, "has no field " + field + " in its header", "a complete NRRD header");
    return get(field);
  }
  std::vector<std::string> words(const std::string& field) const {
    std::istringstream in(get(field));
    std::vector<std::string> out;
    for (std::string word; in >> word;) out.push_back(word);
    return out;
  }
  [[noreturn]] void refuse(const std::string& field, const std::string& expected) const {
    throw InputError(name_ + ": " + field, "found '" + get(field) + "'", expected);
  }
  int64_t integer(const std::string& field, int64_t otherwise) const {
    return get(field).empty() ? otherwise : parse_integer(name_ + ": " + field, get(field));
  }

 private:
  std::string name_;
  const std::map<std::string, std::string>& fields_;
};

NumberType type_of(const Fields& fields) {
  static const std::map<std::string, NumberType> kTypes = [] {
    std::map<std::string, NumberType> out;
    const auto add = [&out](NumberType type, std::initializer_list<const char*> names) {
      for (const char* one : names) out[one] = type;
    };
    add(NumberType::kInt8, {"signed char", "int8", "int8_t", "char"});
    add(NumberType::kUint8, {"uchar", "unsigned char", "uint8", "uint8_t"});
    add(NumberType::kInt16, {"short", "short int", "signed short", "signed short int", "int16", "int16_t"});
    add(NumberType::kUint16, {"ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"});
    add(NumberType::kInt32, {"int", "signed int", "int32", "int32_t"});
    add(NumberType::kUint32, {"uint", "unsigned int", "uint32", "uint32_t"});
    add(NumberType::kInt64,
        {"longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"});
    add(NumberType::kUint64, {"ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"});
    add(NumberType::kFloat32, {"float"});
    add(NumberType::kFloat64, {"double"});
    return out;
  }();
  fields.required("type");
  const auto found = kTypes.find(to_lower_ascii(join(fields.words("type"), " ")));
  if (found == kTypes.end()) fields.refuse("type", "a number type, as short or float");
  return found->second;
}

Encoding encoding_of(const Fields& fields) {
  const std::string found = to_lower_ascii(fields.required("encoding"));
  if (found == "raw") return Encoding::kRaw;
  if (found == "gzip" || found == "gz") return Encoding::kGzip;
  if (found == "ascii" || found == "text" || found == "txt") return Encoding::kText;
  if (found == "hex") return Encoding::kHex;
  fields.refuse("encoding", "raw, gzip, ascii or hex");
}

// "(1,0,0) none (0,2,0)": the vectors, empty where there is none.
std::vector<std::vector<double>> vectors_of(const std::string& name, const Fields& fields, const std::string& field) {
  std::vector<std::vector<double>> out;
  const std::string text = fields.get(field);
  for (size_t at = 0; at < text.size();) {
    if (text[at] == ' ' || text[at] == '\t') {
      ++at;
    } else if (to_lower_ascii(text.substr(at, 4)) == "none") {
      out.emplace_back();
      at += 4;
    } else {
      const size_t end = text.find(')', at);
      if (text[at] != '(' || end == std::string::npos) fields.refuse(field, "vectors, as (1,0,0), or none");
      auto& vector = out.emplace_back();
      for (const std::string& number : split(text.substr(at + 1, end - at - 1), ','))
        vector.push_back(parse_number(name + ": " + field, trim(number)));
      at = end + 1;
    }
  }
  return out;
}

// Kinds of axes along which a scan does not extend in space.
bool is_spatial(const std::string& kind) {
  static const std::set<std::string> kSpatial{"", "domain", "space", "none", "???"};
  return kSpatial.contains(to_lower_ascii(kind));
}

void refuse_colours(const std::string& name, const std::vector<std::string>& kinds) {
  for (const std::string& kind : kinds) {
    const std::string found = to_lower_ascii(kind);
    if (found == "complex") throw InputError(name, "holds complex voxels", "plain numbers");
    if (ends_with(found, "color")) throw InputError(name, "holds rgb voxels", "plain numbers");
  }
}

// Of the axes of the array, those of space and the one of the channels; others have one value.
struct AxisRoles {
  std::vector<size_t> space;
  std::optional<size_t> channels;
};

AxisRoles roles_of(const std::string& name, const std::vector<int64_t>& sizes, const std::vector<bool>& spatial) {
  AxisRoles out;
  for (size_t axis = 0; axis < sizes.size(); ++axis) {
    if (spatial[axis] && out.space.size() < 3) {
      out.space.push_back(axis);
    } else if (sizes[axis] > 1) {
      if (out.channels)
        throw InputError(name, concat("has ", sizes.size(), " dimensions"), "a 3D image, or channels along a fourth one");
      out.channels = axis;
    }
  }
  if (out.space.size() < 3) throw InputError(name, concat("has ", out.space.size(), " dimensions"), "a 3D image");
  return out;
}

// The signs that turn the world axes of the file into right, anterior, superior.
Vector3 signs_of(const Fields& fields) {
  const std::string space = to_lower_ascii(fields.get("space"));
  const auto is = [&](const char* words, const char* letters) {
    return space == words || space == letters || space == std::string(words) + "-time" || space == std::string(letters) + "t";
  };
  if (is("right-anterior-superior", "ras")) return {1, 1, 1};
  if (is("left-anterior-superior", "las")) return {-1, 1, 1};
  return {-1, -1, 1};  // left-posterior-superior, and whatever names no side
}

using Vectors = std::vector<std::vector<double>>;

double number_at(const std::string& name, const Fields& fields, const std::string& field, size_t axis, double otherwise) {
  const auto words = fields.words(field);
  if (axis >= words.size()) return otherwise;
  const double found = parse_number(name + ": " + field, words[axis]);
  return std::isnan(found) ? otherwise : found;
}

// Where the three axes of space lie.
Geometry place_of(const std::string& name, const Fields& fields, const Size3& size, const std::vector<size_t>& axes,
                  const Vectors& directions) {
  const Vector3 signs = signs_of(fields);
  Affine affine{};
  if (!directions.empty()) {
    for (size_t i = 0; i < 3; ++i)
      for (size_t row = 0; row < 3; ++row) affine[row][i] = signs[row] * directions[axes[i]].at(row);
    const Vectors origin = vectors_of(name, fields, "spaceorigin");
    if (!origin.empty() && origin.front().size() < 3) fields.refuse("spaceorigin", "a vector of three numbers");
    for (size_t row = 0; row < 3 && !origin.empty(); ++row) affine[row][3] = signs[row] * origin.front()[row];
  } else {
    // Of the centre of the first voxel: half a voxel from the border, unless the samples lie on it.
    const auto centerings = fields.words(fields.get("centerings").empty() ? "centers" : "centerings");
    for (size_t i = 0; i < 3; ++i) {
      const size_t axis = axes[i];
      affine[i][i] = signs[i] * number_at(name, fields, "spacings", axis, 1);
      const bool on_node = axis < centerings.size() && to_lower_ascii(centerings[axis]) == "node";
      const double border = number_at(name, fields, "axismins", axis, NAN);
      if (!std::isnan(border)) affine[i][3] = signs[i] * border + (on_node ? 0 : affine[i][i] / 2);
    }
  }
  return geometry_of(size, affine);
}

// Skips what stands before the voxels; false where the file ends there.
bool skip(std::istream& in, int64_t lines, int64_t bytes) {
  std::string line;
  for (int64_t i = 0; i < lines; ++i)
    if (!std::getline(in, line)) return false;
  in.ignore(bytes);
  return in.gcount() == bytes;
}

InputError cut(const fs::path& file, const NrrdData& data, const std::string& found, const std::string& expected) {
  return {file.string(), "is truncated: " + found,
          expected + (data.files.size() > 1 ? " for its share of " + data.name : " by its header")};
}

// The voxels of one file. Text comes as double, whatever the type.
void read_binary(const NrrdData& data, const fs::path& file, uint64_t begin, unsigned char* to, uint64_t count) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(begin));
  const uint64_t size = fs::file_size(file);
  if (data.byte_skip < 0) {
    in.seekg(static_cast<std::streamoff>(size - std::min(size, count)));
  } else {
    skip(in, data.line_skip, data.encoding == Encoding::kRaw ? data.byte_skip : 0);
  }
  if (!in) throw cut(file, data, "no voxels", concat(count, " bytes"));
  begin = static_cast<uint64_t>(in.tellg());
  uint64_t found = 0;
  if (data.encoding == Encoding::kRaw) {
    in.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(count));
    found = static_cast<uint64_t>(in.gcount());
  } else {
    GzipReader stream(file, begin);
    if (!stream.compressed()) throw InputError(file.string(), "holds no gzip stream", "one, as its header says");
    stream.skip(static_cast<uint64_t>(data.byte_skip));
    found = stream.read(to, count);
    if (found == count) stream.skip_to_end(kMostBehindVoxels);
  }
  if (found < count) throw cut(file, data, concat(found, " bytes of voxels"), concat(count));
}

std::string text_of(const NrrdData& data, const fs::path& file, uint64_t begin) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(begin));
  skip(in, data.line_skip, std::max<int64_t>(data.byte_skip, 0));
  return {std::istreambuf_iterator<char>(in), {}};
}

void read_text(const NrrdData& data, const fs::path& file, uint64_t begin, double* to, uint64_t count) {
  const std::string text = text_of(data, file, begin);
  const char *at = text.data(), *const end = at + text.size();
  for (uint64_t i = 0; i < count; ++i) {
    while (at < end && (std::isspace(static_cast<unsigned char>(*at)) || *at == ',' || *at == '+')) ++at;
    const auto [behind, error] = std::from_chars(at, end, to[i]);
    if (error != std::errc()) {
      if (at == end) throw cut(file, data, concat(i, " numbers"), concat(count));
      throw InputError(file.string(),
                       "has '" + printable({at, std::min<size_t>(20, static_cast<size_t>(end - at))}) + "' among its voxels",
                       "numbers");
    }
    at = behind;
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void read_hex(const NrrdData& data, const fs::path& file, uint64_t begin, unsigned char* to, uint64_t count) {
  uint64_t digits = 0;
  for (const char c : text_of(data, file, begin)) {
    if (digits == 2 * count) return;
    if (std::isspace(static_cast<unsigned char>(c))) continue;
    const int digit = hex_digit(c);
    if (digit < 0) throw InputError(file.string(), "has '" + printable({&c, 1}) + "' among its voxels", "hexadecimal digits");
    unsigned char& byte = to[digits / 2];
    byte = static_cast<unsigned char>(digits % 2 == 0 ? digit << 4 : byte | digit);
    ++digits;
  }
  if (digits < 2 * count) throw cut(file, data, concat(digits / 2, " bytes of voxels"), concat(count));
}

RawBytes read_nrrd_numbers(const NrrdData& data) {
  const uint64_t share = data.numbers / data.files.size();
  const bool text = data.encoding == Encoding::kText;
  const uint64_t width = text ? sizeof(double) : bytes_of(data.type);
  uint64_t most = 0;  // numbers there can be: without this a damaged header could ask for any amount of memory
  for (const fs::path& file : data.files) {
    require_regular_file(file);
    const uint64_t size = fs::file_size(file);
    most += data.encoding == Encoding::kGzip ? size * 1032 / width
            : text                           ? size
                                             : size / width;  // deflate packs at most 1032 to 1
  }
  if (most < data.numbers) throw cut(data.files.back(), data, concat("at most ", most, " numbers"), concat(data.numbers));
  auto out = std::make_unique_for_overwrite<unsigned char[]>(data.numbers * width);
  for (size_t i = 0; i < data.files.size(); ++i) {
    unsigned char* to = out.get() + i * share * width;
    if (text)
      read_text(data, data.files[i], data.begin, reinterpret_cast<double*>(to), share);
    else if (data.encoding == Encoding::kHex)
      read_hex(data, data.files[i], data.begin, to, share * width);
    else
      read_binary(data, data.files[i], data.begin, to, share * width);
  }
  return out;
}

std::vector<int64_t> sizes_of(const std::string& name, const Fields& fields) {
  std::vector<int64_t> sizes;
  fields.required("sizes");
  for (const std::string& word : fields.words("sizes")) sizes.push_back(parse_integer(name + ": sizes", word));
  const int64_t dimensions = fields.integer("dimension", static_cast<int64_t>(sizes.size()));
  if (dimensions != static_cast<int64_t>(sizes.size())) fields.refuse("sizes", concat(dimensions, " numbers, one per dimension"));
  if (sizes.size() < 3) throw InputError(name, concat("has ", sizes.size(), " dimensions"), "a 3D image");
  check_size(name, sizes);
  return sizes;
}

bool is_big_endian(const Fields& fields) {
  const std::string found = to_lower_ascii(fields.get("endian"));
  if (found == "big") return true;
  if (!found.empty() && found != "little") fields.refuse("endian", "little or big");
  return false;
}

}  // namespace

ImageHeader read_nrrd_image(const fs::path& path) {
  const NrrdHeader header = read_nrrd_header(path);
  const std::string name = path.string();
  const Fields fields(name, header);
  const std::vector<int64_t> sizes = sizes_of(name, fields);
  const auto kinds = fields.words("kinds");
  refuse_colours(name, kinds);
  Vectors directions = vectors_of(name, fields, "spacedirections");
  if (!directions.empty() && directions.size() != sizes.size())
    fields.refuse("spacedirections", concat(sizes.size(), " vectors, one per dimension"));
  std::vector<bool> spatial(sizes.size());
  for (size_t axis = 0; axis < sizes.size(); ++axis) {
    spatial[axis] = axis >= kinds.size() || is_spatial(kinds[axis]);
    if (directions.empty()) continue;
    const auto& one = directions[axis];
    const bool in_space = one.size() >= 3 && (one[0] != 0 || one[1] != 0 || one[2] != 0);  // of time: (0,0,0,1)
    if (!one.empty() && one.size() < 3) fields.refuse("spacedirections", "vectors of three numbers");
    spatial[axis] = one.size() == 3 || in_space;
  }
  const AxisRoles roles = roles_of(name, sizes, spatial);
  const Size3 size{sizes[roles.space[0]], sizes[roles.space[1]], sizes[roles.space[2]]};

  ImageHeader out;
  out.channels = checked_channels(name, roles.channels ? sizes[*roles.channels] : 1);
  out.geometry = place_of(name, fields, size, roles.space, directions);
  check_geometry(name, out.geometry);
  std::vector<int64_t> strides(sizes.size(), 1);
  for (size_t axis = 1; axis < sizes.size(); ++axis) strides[axis] = strides[axis - 1] * sizes[axis - 1];
  for (size_t i = 0; i < 3; ++i) out.order.stride[i] = strides[roles.space[i]];
  out.order.components = out.channels;
  out.order.component_stride = roles.channels ? strides[*roles.channels] : 0;

  NrrdData data{.name = name, .files = header.data_files, .begin = header.data_begin};
  data.encoding = encoding_of(fields);
  data.line_skip = std::max<int64_t>(fields.integer("lineskip", 0), 0);
  data.byte_skip = fields.integer("byteskip", 0);
  if (data.byte_skip < 0 && data.encoding != Encoding::kRaw) fields.refuse("byteskip", "0 or more where the encoding is not raw");
  data.type = type_of(fields);
  data.numbers = static_cast<uint64_t>(out.channels * out.geometry.voxels());
  if (data.files.empty() || data.numbers % data.files.size() != 0)
    throw InputError(name + ": data file", concat("found ", data.files.size(), " files"), "as many as share the voxels evenly");
  out.raw.type = data.encoding == Encoding::kText ? NumberType::kFloat64 : data.type;
  out.raw.swap = data.encoding != Encoding::kText && is_big_endian(fields);
  out.numbers = [data] { return read_nrrd_numbers(data); };
  return out;
}

}  // namespace tss
