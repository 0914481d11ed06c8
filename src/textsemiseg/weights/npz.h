// NumPy's .npz archives: named arrays, each an .npy file in a zip archive, as numpy.savez and numpy.savez_compressed write them.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "textsemiseg/archive/npy_header.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss {

struct NpzFile {
  TensorMap tensors;                                      // float16/32/64, uint8, int16/32/64
  std::map<std::string, std::vector<std::string>> texts;  // arrays of text with one dimension (or none), as UTF-8
};

// Names without the ending ".npy". Throws InputError naming the file and the array: no archive, truncated, checksum wrong, a size the
// bytes cannot have, Fortran order, pickled objects (which are never read), other types.
NpzFile read_npz_file(const std::filesystem::path& path);
// Its arrays of numbers.
TensorMap read_npz(const std::filesystem::path& path);

// Atomic, uncompressed, read by numpy.load. bfloat16, which NumPy lacks, is written as float32; bool as uint8.
void write_npz(const std::filesystem::path& path, const NpzFile& file);
inline void write_npz(const std::filesystem::path& path, const TensorMap& tensors) { write_npz(path, NpzFile{tensors, {}}); }

torch::Dtype dtype_of(NpyType type);

}  // namespace tss
