// Named weights out of whatever people have: safetensors, files of torch.save (zip archives of PyTorch 1.6 and later, the legacy format
// before it) and TorchScript archives. The format is recognised by content, not by the file's name. No code of a file is ever run.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <string>

#include "textsemiseg/weights/safetensors.h"

namespace tss {

struct WeightsFile {
  TensorMap tensors;   // on the CPU, of the stored types
  std::string format;  // "safetensors", "torch zip", "torch legacy", "TorchScript"
  std::string where;   // keys that led to the weights in nested dictionaries, "net" or "model.state_dict"; empty at the top
};

// The state dictionary of a file. Nested dictionaries (with optimiser state, epoch numbers) are searched for the one that holds the
// weights; `key` names it where several could be meant (an EMA teacher beside its student), or the first part of the names ("student"). What
// wrappers put in front of all names (module., _orig_mod., model., net., network., ema_model.) is taken off, and the counters of averaging are
// left out.
// Throws InputError naming the file: missing, truncated, checksum wrong, what it is instead (HTML page, pointer of Git LFS, text), a
// pickle that names what only an attack has, a tensor made by a class that is not understood (named), sizes that no honest file has, no weights found, several candidates.
WeightsFile read_weights(const std::filesystem::path& path, const std::string& key = "");

}  // namespace tss
