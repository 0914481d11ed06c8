#include "textsemiseg/weights/torch_file.h"

#include "textsemiseg/archive/random_access_file.h"
#include "textsemiseg/archive/zip_file.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

torch::Dtype type_of(const std::string& storage) {
  static const std::map<std::string, torch::Dtype> types = {
      {"Double", torch::kFloat64}, {"Float", torch::kFloat32}, {"Half", torch::kFloat16}, {"BFloat16", torch::kBFloat16},
      {"Long", torch::kInt64},     {"Int", torch::kInt32},     {"Short", torch::kInt16},  {"Char", torch::kInt8},
      {"Byte", torch::kUInt8},     {"Bool", torch::kBool}};
  return types.at(storage);
}

}  // namespace

const torch::Tensor& TorchFile::storage(const PickleStorage& storage) {
  const auto known = storages_.find(storage.key);
  if (known != storages_.end()) return known->second;
  const torch::Dtype type = type_of(storage.type);
  // Before anything is allocated: the file must have what the pickle claims.
  const uint64_t there = storage_bytes(storage.key), item = torch::elementSize(type);
  if (there % item != 0 || there / item != static_cast<uint64_t>(storage.elements))
    throw InputError(subject_,
                     concat("claims ", storage.elements, " elements of ", item, " bytes for storage '", storage.key, "' and has ",
                            there, " bytes for them"),
                     "a complete file of torch.save");
  const bool is_bool = type == torch::kBool;
  torch::Tensor out = torch::empty({storage.elements}, is_bool ? torch::kUInt8 : type);
  read_storage(storage.key, out.data_ptr());
  if (is_bool) out = out.ne(0);  // a bool of any other byte than 0 or 1 is undefined
  return storages_.emplace(storage.key, std::move(out)).first->second;
}

torch::Tensor TorchFile::tensor(const PickleTensor& tensor) {
  const PickleStorage& place = pickle_.storages[tensor.storage];
  const torch::Tensor& all = storage(place);
  return all.as_strided(tensor.sizes, tensor.strides, place.begin + tensor.offset);
}

std::unique_ptr<TorchFile> open_torch_file(const std::filesystem::path& path) {
  const RandomAccessFile file(path);
  const std::string first = file.text(0, std::min<uint64_t>(file.size(), 512));
  if (looks_like_zip(first)) return open_torch_zip(path);
  if (first.starts_with('\x80')) return open_torch_legacy(path);
  if (first.size() > 262 && first.compare(257, 5, "ustar") == 0)
    throw InputError(path.string(), "is a tar archive as PyTorch wrote before 0.1.10",
                     "a newer file (load it in Python, save it again)");
  throw InputError(path.string(), first.empty() ? "is empty" : "is no file of torch.save",
                   "a zip archive (PyTorch 1.6 and later) or the legacy format before it");
}

}  // namespace tss
