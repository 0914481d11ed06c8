// Files as Python's torch.save writes them, made without Python: pieces of a pickle, and the archives around them.
#pragma once

#include <torch/torch.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/archive/zip_file.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss::testing {

template <class T>
std::string raw(T value) {
  std::string out(sizeof(T), '\0');
  std::memcpy(out.data(), &value, sizeof(T));
  return out;
}

// A pickle of protocol 2 around one value.
inline std::string pickle(const std::string& value) { return "\x80\x02" + value + "."; }

class TorchSave {
 public:
  using Items = std::vector<std::pair<std::string, std::string>>;  // key, value: both pickled

  static std::string text(const std::string& value) { return "X" + raw(static_cast<uint32_t>(value.size())) + value; }
  static std::string integer(int64_t value) { return std::string("\x8a\x08", 2) + raw(value); }
  static std::string list(const std::vector<std::string>& items) { return "](" + joined(items) + "e"; }
  static std::string tuple(const std::vector<std::string>& items) { return "(" + joined(items) + "t"; }
  static std::string dict(const Items& items) { return "}(" + joined(items) + "u"; }
  static std::string ordered(const Items& items) { return "ccollections\nOrderedDict\n)R(" + joined(items) + "u"; }

  // type: of the storage as the pickle calls it, "Float"; location: where it was saved.
  std::string tensor(const torch::Tensor& given, const std::string& location = "cpu") {
    const torch::Tensor tensor = given.detach().cpu();
    storages_.push_back(tensor.contiguous());
    const std::string key = std::to_string(storages_.size() - 1);
    const torch::Tensor& kept = storages_.back();
    std::vector<std::string> sizes, strides;
    for (int64_t axis = 0; axis < kept.dim(); ++axis) {
      sizes.push_back(integer(kept.size(axis)));
      strides.push_back(integer(kept.stride(axis)));
    }
    const std::string id = tuple({text("storage"), "ctorch\n" + type_name(kept.scalar_type()) + "Storage\n", text(key),
                                  text(location), integer(kept.numel())});
    return "ctorch._utils\n_rebuild_tensor_v2\n(" + id + "Q" + integer(0) + tuple(sizes) + tuple(strides) +
           "\x89"
           "ccollections\nOrderedDict\n)RtR";
  }
  static std::string parameter(const std::string& tensor) {
    return "ctorch._utils\n_rebuild_parameter\n(" + tensor +
           "\x88"
           "ccollections\nOrderedDict\n)RtR";
  }
  // As state_dict() gives it, its _metadata included.
  std::string state(const TensorMap& tensors) {
    Items items;
    for (const auto& [name, value] : tensors) items.emplace_back(text(name), tensor(value));
    return ordered(items) + "}" + text("_metadata") + "ccollections\nOrderedDict\n)Rsb";
  }
  static std::string sgd_state() {
    const std::string group = dict({{text("lr"), integer(1)}, {text("params"), list({integer(0), integer(1)})}});
    return dict(
        {{text("state"), dict({{integer(0), dict({{text("momentum_buffer"), "N"}})}})}, {text("param_groups"), list({group})}});
  }

  std::vector<ZipPiece> pieces(const std::string& value) const {
    std::vector<ZipPiece> out = {{"archive/data.pkl", pickle(value), {}}, {"archive/byteorder", "little", {}}};
    for (size_t i = 0; i < storages_.size(); ++i)
      out.push_back(
          {"archive/data/" + std::to_string(i), "", {static_cast<const char*>(storages_[i].data_ptr()), storages_[i].nbytes()}});
    out.push_back({"archive/version", "3\n", {}});
    return out;
  }
  void write(const std::filesystem::path& path, const std::string& value) const { write_zip(path, pieces(value)); }

  void write_legacy(const std::filesystem::path& path, const std::string& value) const {
    std::string bytes = pickle(std::string("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12)) +
                        pickle(std::string("M\xe9\x03")) + pickle(dict({{text("little_endian"), "\x88"}})) + pickle(value);
    std::vector<std::string> keys;
    for (size_t i = 0; i < storages_.size(); ++i) keys.push_back(text(std::to_string(i)));
    bytes += pickle(list(keys));
    for (const torch::Tensor& storage : storages_)
      bytes += raw(storage.numel()) + std::string(static_cast<const char*>(storage.data_ptr()), storage.nbytes());
    write_text_file(path, bytes);
  }

 private:
  static std::string joined(const std::vector<std::string>& items) {
    std::string out;
    for (const std::string& item : items) out += item;
    return out;
  }
  static std::string joined(const Items& items) {
    std::string out;
    for (const auto& [key, value] : items) out += key + value;
    return out;
  }
  static std::string type_name(torch::Dtype type) {
    switch (type) {
      case torch::kFloat64:
        return "Double";
      case torch::kFloat16:
        return "Half";
      case torch::kBFloat16:
        return "BFloat16";
      case torch::kInt64:
        return "Long";
      case torch::kUInt8:
        return "Byte";
      case torch::kBool:
        return "Bool";
      default:
        return "Float";
    }
  }

  std::vector<torch::Tensor> storages_;
};

}  // namespace tss::testing
