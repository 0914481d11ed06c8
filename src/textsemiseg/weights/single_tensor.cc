#include "textsemiseg/weights/single_tensor.h"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/import_read.h>

#include <fstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/npy_file.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// LibTorch's own messages have several lines and a stack; a dict with an order (any state_dict) fails in an assertion there.
std::string first_line(const std::string& message) {
  if (message.find("INTERNAL ASSERT") != std::string::npos) return "it holds an object that is neither a tensor nor a plain dict";
  const std::string line = message.substr(0, message.find('\n'));
  return line.size() > 160 ? line.substr(0, 160) + "..." : line;
}

c10::IValue read_pickle(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || fs::is_directory(path)) throw InputError(path.string(), "cannot be opened", "a readable file");
  char magic[2] = {};
  in.read(magic, 2);
  if (magic[0] != 'P' || magic[1] != 'K') {
    throw InputError(path.string(), "is not a PyTorch file of version 1.6 or later",
                     "a tensor stored with torch.save (load an older file in Python and save it again)");
  }
  in.clear();
  in.seekg(0);
  try {
    caffe2::serialize::PyTorchStreamReader reader(&in);
    // On the CPU wherever it was saved; without resolvers for types and objects the unpickler makes plain values only.
    return torch::jit::readArchiveAndTensors("data", "", "", std::nullopt, std::nullopt, at::kCPU, reader);
  } catch (const std::exception& error) {
    throw InputError(path.string(), "cannot be read as a PyTorch file (" + first_line(error.what()) + ")",
                     "a complete file with a plain tensor in it");
  }
}

torch::Tensor read_pth(const fs::path& path) {
  const c10::IValue value = read_pickle(path);
  if (value.isTensor() && value.toTensor().defined()) return value.toTensor().contiguous();
  if (value.isGenericDict() && value.toGenericDict().size() == 1) {
    const c10::IValue item = value.toGenericDict().begin()->value();
    if (item.isTensor()) return item.toTensor().contiguous();
  }
  throw InputError(path.string(), "holds " + value.tagKind(), "one tensor");
}

torch::Tensor read_npy(const fs::path& path) {
  const MappedNpy file(path);
  torch::Dtype type = torch::kFloat32;
  switch (file.type()) {
    case NpyType::kFloat32: type = torch::kFloat32; break;
    case NpyType::kFloat64: type = torch::kFloat64; break;
    case NpyType::kFloat16: type = torch::kFloat16; break;
    case NpyType::kUint8: type = torch::kUInt8; break;
    case NpyType::kInt16: type = torch::kInt16; break;
    case NpyType::kInt32: type = torch::kInt32; break;
    case NpyType::kInt64: type = torch::kInt64; break;
  }
  return torch::from_blob(const_cast<void*>(file.data<void>()), file.shape(), type).clone();
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
  throw InputError(path.string(), "has the ending '" + ending + "'", ".pth, .pt, .npy or .safetensors");
}

}  // namespace tss
