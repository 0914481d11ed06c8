// The published network inside a method of ours.
#pragma once

#include <torch/torch.h>

#include "textsemiseg/exchange/published_networks.h"
#include "textsemiseg/methods/method.h"

namespace tss {

// The child module that holds it. Throws Error when the method has no such child.
torch::nn::Module& network_of(Method& method, const NetworkUse& use);

// Copies the tensors into it; those that the published network does not use for prediction may stay out.
// Throws InputError(source, ...) when names or shapes differ otherwise.
void load_network(Method& method, const NetworkUse& use, const ImportedNetwork& imported, const std::string& source);

}  // namespace tss
