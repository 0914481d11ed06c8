// Tables of text embeddings: vectors computed once, by whatever encoder, for machines that do not have it.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <string>
#include <vector>

namespace tss {

struct TextTable {
  torch::Tensor rows;  // [R, d] float
  std::vector<std::string> prompts;
};

// table: .pth, .pt or .npy of shape [rows, d] with its prompts in a JSON file (prompts, or found beside it), or a .safetensors
// or .npz file with one tensor [d] or [1, d] per prompt, named by it. Throws InputError: missing, wrong shape, NaN, a row of zeros.
TextTable read_text_table(const std::filesystem::path& path, const std::filesystem::path& prompts = {});

// Whether a file is such a table and no encoder: told by its ending, by a list of prompts beside it, by the shapes inside.
bool is_text_table(const std::filesystem::path& path);

// By the ending of the name: .safetensors and .npz with a vector per prompt, named by it; .npy with the prompts in <stem>.json beside it.
// encoder: what made the rows, kept in the metadata of .safetensors. Throws InputError: another ending, two rows of one prompt, a file that
// exists.
void write_text_table(const std::filesystem::path& path, const TextTable& table, const std::string& encoder);

}  // namespace tss
