// A module's parameters and buffers as named tensors, out and in.
#pragma once

#include <torch/torch.h>

#include <string>

#include "textsemiseg/weights/safetensors.h"

namespace tss {

// Every named parameter and buffer, detached; the tensors share the module's memory.
TensorMap state_of(const torch::nn::Module& module);

// Copies tensors into the module's parameters and buffers of the same names, whatever their device and float type.
// Strict: every name of the module must be there, no other name may be, shapes must be equal, floats never go to integers.
// Everything is checked before the first value is written. source: the file the tensors are from, for messages.
// Throws InputError "source: tensor 'x' has shape [2, 16]; expected [3, 16]".
void load_into(torch::nn::Module& module, const TensorMap& tensors, const std::string& source);

}  // namespace tss
