// The safetensors file format (https://huggingface.co/docs/safetensors): named tensors and a map of strings, no code inside.
//
//   8 bytes  little-endian length H of the header
//   H bytes  JSON: {"__metadata__": {"k": "v"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...}
//   the data, without gaps
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>

namespace tss {

using TensorMap = std::map<std::string, torch::Tensor>;

struct TensorFile {
  TensorMap tensors;
  std::map<std::string, std::string> metadata;
};

// Tensors on the CPU, of the stored types (F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL).
// Throws InputError naming the file and the tensor: missing file, cut file, bytes too many, absurd header length, header that
// is not the JSON above, unknown type, offsets that overlap, leave a gap or do not fit the shape.
TensorFile read_safetensors(const std::filesystem::path& path);

// Atomic; tensors may live on any device. Keys are sorted and the header is padded to 8 bytes, as other readers like it.
void write_safetensors(const std::filesystem::path& path, const TensorFile& file);

// Tensors whose name starts with prefix, the prefix taken off.
TensorMap with_prefix(const TensorMap& tensors, const std::string& prefix);
// All tensors of `from`, named prefix + name, put into `to`.
void add_with_prefix(TensorMap& to, const TensorMap& from, const std::string& prefix);

// 64-bit hash of names, types, shapes and values, as hexadecimal digits; to recognise the same weights, not for security.
std::string hash_of(const TensorMap& tensors);

// "[2, 3]", for messages.
std::string shape_text(at::IntArrayRef shape);

}  // namespace tss
