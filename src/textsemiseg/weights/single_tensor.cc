#include "textsemiseg/weights/single_tensor.h"

#include "textsemiseg/archive/npy_file.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/weights/npz.h"
#include "textsemiseg/weights/safetensors.h"
#include "textsemiseg/weights/state_search.h"
#include "textsemiseg/weights/torch_file.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

torch::Tensor read_pth(const fs::path& path) {
  const std::unique_ptr<TorchFile> file = open_torch_file(path);
  const PickleValue& root = file->pickle().at(file->pickle().root);
  const PickleValue* value = &root;
  if (root.kind != PickleKind::kTensor) {
    const FoundState found = find_state(file->pickle(), "", path.string());
    if (found.tensors.size() != 1)
      throw InputError(path.string(), concat("holds ", found.tensors.size(), " tensors"), "one tensor");
    value = &file->pickle().at(found.tensors.begin()->second);
  }
  const torch::Tensor out = file->tensor(*value).contiguous();
  file->check_rest();
  return out;
}

torch::Tensor read_npy(const fs::path& path) {
  const MappedNpy file(path);
  return torch::from_blob(const_cast<void*>(file.data<void>()), file.shape(), dtype_of(file.type())).clone();
}

}  // namespace

torch::Tensor read_tensor(const fs::path& path) {
  const std::string ending = to_lower_ascii(path.extension().string());
  if (ending == ".pth" || ending == ".pt") return read_pth(path);
  if (ending == ".npy") return read_npy(path);
  if (ending == ".safetensors") {
    const TensorFile file = read_safetensors(path);
    if (file.tensors.size() == 1) return file.tensors.begin()->second;
    throw InputError(path.string(), concat("holds ", file.tensors.size(), " tensors"), "one");
  }
  if (ending == ".npz") {
    const TensorMap tensors = read_npz(path);
    if (tensors.size() == 1) return tensors.begin()->second;
    throw InputError(path.string(), concat("holds ", tensors.size(), " arrays of numbers"), "one");
  }
  throw InputError(path.string(), "has the ending '" + ending + "'", ".pth, .pt, .npy, .npz or .safetensors");
}

}  // namespace tss
