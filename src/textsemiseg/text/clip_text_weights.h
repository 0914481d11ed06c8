// CLIP's text transformer out of the files people have, by the names of their tensors:
//   OpenAI (TorchScript .pt) and open_clip   transformer.resblocks.0.attn.in_proj_weight, ...
//   open_clip's CustomTextCLIP               the same behind "text."
//   Hugging Face                             text_model.encoder.layers.0.self_attn.q_proj.weight, ...
// The image side and buffers of such files are left out.
#pragma once

#include <filesystem>
#include <string>

#include "textsemiseg/text/clip_text_encoder.h"
#include "textsemiseg/weights/safetensors.h"
#include "textsemiseg/weights/weights_file.h"

namespace tss {

// Whether the names are those of a CLIP text transformer.
bool holds_clip_text(const TensorMap& file);

// Weights by the names of ClipTextEncoder. source: for messages. Throws InputError when a tensor is missing.
TensorMap clip_text_weights(const TensorMap& file, const std::string& source);

// What follows from the shapes, with 64 channels a head as in every published CLIP, and what they do not say (heads, activation): for Hugging
// Face's names from a config.json in the folder, for the others from an open_clip_config.json. Without such a file OpenAI's activation
// is taken, with a warning where the names do not tell (a TorchScript archive is always OpenAI's).
// Throws InputError when a configuration contradicts the shapes.
ClipTextConfig clip_text_config(const WeightsFile& file, const TensorMap& weights, const std::filesystem::path& path);

}  // namespace tss
