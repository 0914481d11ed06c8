// How class texts guide the released text networks, where modules/text_guidance.h reads the paper
// (docs/methods.md#where-the-paper-and-the-released-program-differ).
#pragma once

#include <array>

#include "textsemiseg/modules/multiplanar_representation.h"
#include "textsemiseg/networks/vnet.h"

namespace tss {

// The text block of a decoder (methods/released/text_decoder.h): one token per whole plane, so that no text can reach the output.
MultiplanarOptions released_text_block(const VNetOptions& network, const std::array<int64_t, 3>& patch, int64_t text_dimension,
                                       double dropout);

// CSA: maps [N, K, X, Y, Z] reduced by trilinear interpolation to the projected feature [N, d, x, y, z]; mean over all its voxels of
// map times feature -> [N, K, d].
torch::Tensor released_class_vectors(const torch::Tensor& maps, const torch::Tensor& projected);
// Mean over batch, classes and channels of the squared difference from the texts [K, d].
torch::Tensor released_alignment(const torch::Tensor& vectors, const torch::Tensor& text);
// Division by the norm along the last spatial axis: a slip of the released program for "along the channels".
torch::Tensor normalise_depth(const torch::Tensor& projected);

}  // namespace tss
