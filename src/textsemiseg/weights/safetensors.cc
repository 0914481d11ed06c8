#include "textsemiseg/weights/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/stream_file.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

static_assert(std::endian::native == std::endian::little, "the data of the format is little-endian and is read as it lies");

constexpr uint64_t kMaximalHeader = 100'000'000;  // the format's own limit

struct TypeName {
  const char* name;
  torch::Dtype type;
  uint64_t bytes;
};
constexpr std::array<TypeName, 10> kTensorTypes = {{{"F64", torch::kFloat64, 8},
                                                    {"F32", torch::kFloat32, 4},
                                                    {"F16", torch::kFloat16, 2},
                                                    {"BF16", torch::kBFloat16, 2},
                                                    {"I64", torch::kInt64, 8},
                                                    {"I32", torch::kInt32, 4},
                                                    {"I16", torch::kInt16, 2},
                                                    {"I8", torch::kInt8, 1},
                                                    {"U8", torch::kUInt8, 1},
                                                    {"BOOL", torch::kBool, 1}}};

// One tensor's place in the file; begin and end count from the start of the data.
struct Entry {
  std::string name;
  TypeName type;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;
};

class Reader {
 public:
  explicit Reader(const fs::path& path) : path_(path) {
    std::error_code error;
    if (fs::is_directory(path, error)) fail("is a folder", "a safetensors file");
    in_.open(path, std::ios::binary);
    if (!in_) fail("cannot be opened", "a readable safetensors file");
    size_ = fs::file_size(path, error);
    if (error) fail("cannot be read (" + error.message() + ")", "a safetensors file");
  }

  TensorFile read() {
    const json header = read_header();
    TensorFile file;
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__") {
        file.metadata = metadata(value);
      } else {
        entries.push_back(entry(name, value));
      }
    }
    check_places(entries);
    for (const Entry& item : entries) file.tensors[item.name] = load(item);
    return file;
  }

 private:
  [[noreturn]] void fail(const std::string& found, const std::string& expected) const {
    throw InputError(path_.string(), found, expected);
  }

  json read_header() {
    std::array<unsigned char, 8> raw{};
    if (size_ < 8 || !in_.read(reinterpret_cast<char*>(raw.data()), 8)) {
      fail(concat("has only ", size_, " bytes"), "a safetensors file (at least 8 bytes)");
    }
    uint64_t length = 0;
    std::memcpy(&length, raw.data(), 8);
    if (length > kMaximalHeader) {
      fail(concat("says that its header has ", length, " bytes"), concat("a safetensors file (at most ", kMaximalHeader, ")"));
    }
    if (length > size_ - 8) {
      fail(concat("is cut: its header needs ", length, " bytes and ", size_ - 8, " are there"), "a complete safetensors file");
    }
    std::string text(length, '\0');
    if (!in_.read(text.data(), static_cast<std::streamsize>(length))) fail("cannot be read", "a readable safetensors file");
    data_start_ = 8 + length;
    data_size_ = size_ - data_start_;
    return parse(text);
  }

  json parse(const std::string& text) const {
    std::set<std::string> names;
    std::string twice;
    const auto watch = [&](int depth, json::parse_event_t event, json& value) {
      if (event == json::parse_event_t::key && depth == 1) {
        if (!names.insert(value.get<std::string>()).second) twice = value.get<std::string>();
      }
      return true;
    };
    json header;
    try {
      header = json::parse(text, watch);
    } catch (const json::exception&) {
      fail("has a header that is not JSON", "a safetensors file");
    }
    if (!header.is_object()) fail("has a header that is not a JSON object", "a safetensors file");
    if (!twice.empty()) fail("names tensor '" + twice + "' twice", "each name once");
    return header;
  }

  std::map<std::string, std::string> metadata(const json& value) const {
    std::map<std::string, std::string> out;
    const char* expected = "a map of strings";
    if (!value.is_object()) fail("its __metadata__ is not a map", expected);
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) fail("its __metadata__ entry '" + key + "' is not a string", expected);
      out[key] = text.get<std::string>();
    }
    return out;
  }

  Entry entry(const std::string& name, const json& value) const {
    const std::string tensor = "tensor '" + name + "' ";
    const auto numbers = [&](const char* field) {
      const auto at = value.is_object() ? value.find(field) : value.end();
      if (!value.is_object() || at == value.end() || !at->is_array()) fail(tensor + "has no " + field, "an array of numbers");
      std::vector<uint64_t> out;
      for (const json& item : *at) {
        if (!item.is_number_unsigned()) fail(tensor + field + " holds " + item.dump(), "numbers of 0 and more");
        out.push_back(item.get<uint64_t>());
      }
      return out;
    };
    Entry out;
    out.name = name;
    const std::vector<uint64_t> shape = numbers("shape"), offsets = numbers("data_offsets");
    const std::string type = value.contains("dtype") && value["dtype"].is_string() ? value["dtype"].get<std::string>() : "";
    const auto known = std::find_if(kTensorTypes.begin(), kTensorTypes.end(), [&](const TypeName& t) { return type == t.name; });
    if (known == kTensorTypes.end()) {
      fail(tensor + "has dtype '" + type + "'", "one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL");
    }
    out.type = *known;
    if (offsets.size() != 2) fail(concat(tensor, "has ", offsets.size(), " data_offsets"), "two");
    out.begin = offsets[0];
    out.end = offsets[1];
    if (out.begin > out.end || out.end > data_size_) {
      fail(concat(tensor, "lies at bytes ", out.begin, " to ", out.end, " of the data"),
           concat("a place within its ", data_size_, " bytes (is the file cut?)"));
    }
    // data_size_ bounds every product, so that no multiplication overflows.
    uint64_t elements = std::find(shape.begin(), shape.end(), uint64_t{0}) == shape.end() ? 1 : 0;
    for (const uint64_t side : shape) {
      if (side > uint64_t{INT64_MAX} || (elements > 0 && side > data_size_ / elements)) {
        fail(concat(tensor, "has a side of ", side), concat("a shape that fits ", data_size_, " bytes"));
      }
      elements *= side;
      out.shape.push_back(static_cast<int64_t>(side));
    }
    const uint64_t bytes = elements * out.type.bytes;
    if (bytes != out.end - out.begin) {
      fail(concat(tensor, "has ", out.end - out.begin, " bytes"),
           concat(bytes, " bytes for ", type, " of shape ", shape_text(out.shape)));
    }
    return out;
  }

  // The data is covered once, without gap or overlap: a file with either was not written by a sound writer.
  void check_places(std::vector<Entry>& entries) const {
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name); });
    uint64_t at = 0;
    for (const Entry& item : entries) {
      if (item.begin != at) {
        fail(concat("tensor '", item.name, "' starts at byte ", item.begin, item.begin < at ? " (overlap)" : " (gap)"),
             concat("byte ", at, ", where the one before it ends"));
      }
      at = item.end;
    }
    if (at != data_size_) fail(concat("has ", data_size_, " bytes of data"), concat(at, " bytes, as its header says"));
  }

  torch::Tensor load(const Entry& item) {
    const bool is_bool = item.type.type == torch::kBool;
    torch::Tensor out = torch::empty(item.shape, is_bool ? torch::kUInt8 : item.type.type);
    in_.seekg(static_cast<std::streamoff>(data_start_ + item.begin));
    if (item.end > item.begin &&
        !in_.read(static_cast<char*>(out.data_ptr()), static_cast<std::streamsize>(item.end - item.begin))) {
      fail("tensor '" + item.name + "' cannot be read", "a readable safetensors file");
    }
    return is_bool ? out.ne(0) : out;  // a bool of any other byte than 0 or 1 is undefined
  }

  fs::path path_;
  std::ifstream in_;
  uint64_t size_ = 0, data_start_ = 0, data_size_ = 0;
};

TypeName type_of(const fs::path& path, const std::string& name, const torch::Tensor& tensor) {
  if (!tensor.defined()) throw Error(path.string() + ": tensor '" + name + "' is undefined");
  for (const TypeName& known : kTensorTypes) {
    if (known.type == tensor.scalar_type()) return known;
  }
  throw Error(path.string() + ": tensor '" + name +
              "' has a type that safetensors files do not hold here: " + torch::toString(tensor.scalar_type()));
}

// On the CPU and without holes; itself when it is so already.
torch::Tensor plain(const torch::Tensor& tensor) { return tensor.detach().to(torch::kCPU).contiguous(); }

}  // namespace

TensorFile read_safetensors(const fs::path& path) { return Reader(path).read(); }

void write_safetensors(const fs::path& path, const TensorFile& file) {
  std::vector<std::pair<TypeName, std::string>> order;
  for (const auto& [name, tensor] : file.tensors) {
    if (name == "__metadata__") throw Error(path.string() + ": a tensor cannot be named '__metadata__'");
    order.emplace_back(type_of(path, name, tensor), name);
  }
  // Wide types first: then every tensor is aligned to its element size.
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first.bytes > b.first.bytes; });
  json header = json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  uint64_t at = 0;
  for (const auto& [type, name] : order) {
    const torch::Tensor& tensor = file.tensors.at(name);
    const uint64_t end = at + type.bytes * static_cast<uint64_t>(tensor.numel());
    header[name] = {{"dtype", type.name}, {"shape", tensor.sizes().vec()}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const json::exception&) {
    throw Error(path.string() + ": a name or a metadata entry is not UTF-8");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  write_stream_file(path, [&](std::ostream& out) {
    const uint64_t length = text.size();
    out.write(reinterpret_cast<const char*>(&length), 8);
    out.write(text.data(), static_cast<std::streamsize>(length));
    for (const auto& [type, name] : order) {
      const torch::Tensor tensor = plain(file.tensors.at(name));
      out.write(static_cast<const char*>(tensor.data_ptr()), static_cast<std::streamsize>(tensor.nbytes()));
    }
  });
}

TensorMap with_prefix(const TensorMap& tensors, const std::string& prefix) {
  TensorMap out;
  for (const auto& [name, tensor] : tensors) {
    if (starts_with(name, prefix)) out[name.substr(prefix.size())] = tensor;
  }
  return out;
}

void add_with_prefix(TensorMap& to, const TensorMap& from, const std::string& prefix) {
  for (const auto& [name, tensor] : from) to[prefix + name] = tensor;
}

std::string hash_of(const TensorMap& tensors) {
  uint64_t hash = hash_bytes("");
  for (const auto& [name, tensor] : tensors) {
    hash = hash_bytes(concat(name, ' ', torch::toString(tensor.scalar_type()), ' ', shape_text(tensor.sizes()), '\n'), hash);
    const torch::Tensor values = plain(tensor);
    hash = hash_bytes({static_cast<const char*>(values.data_ptr()), values.nbytes()}, hash);
  }
  return hex(hash);
}

std::string shape_text(at::IntArrayRef shape) { return "[" + join(shape, ", ") + "]"; }

}  // namespace tss
