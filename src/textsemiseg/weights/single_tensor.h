// One tensor from a file of another program: a table of embeddings, a set of features.
#pragma once

#include <torch/torch.h>

#include <filesystem>

namespace tss {

// Reads, by the ending of the name:
//   .pth, .pt      a tensor stored with torch.save, or a dictionary that holds exactly one (any version of PyTorch)
//   .npy           an array of floats or integers
//   .npz           an archive that holds exactly one such array
//   .safetensors   a file that holds exactly one tensor
// The tensor lies on the CPU. No code of the file is run: anything but tensors and plain containers is refused.
// Throws InputError naming the file.
torch::Tensor read_tensor(const std::filesystem::path& path);

}  // namespace tss
