// One tensor from a file of another program: a table of embeddings, a set of features.
#pragma once

#include <torch/torch.h>

#include <filesystem>

namespace tss {

// Reads, by the ending of the name:
//   .pth, .pt      a tensor stored with torch.save, or a plain dict that holds exactly one (zip archives of PyTorch 1.6 and later)
//   .npy           an array of floats or integers
//   .safetensors   a file that holds exactly one tensor
// The tensor lies on the CPU. No code of the file is run: anything but tensors and plain containers is refused.
// Throws InputError naming the file.
torch::Tensor read_tensor(const std::filesystem::path& path);

}  // namespace tss
