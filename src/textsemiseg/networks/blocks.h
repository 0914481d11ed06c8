// Pieces that several networks are made of.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>

namespace tss {

// Appends a normalisation over `width` channels and a ReLU. normalisation: batch | instance (no affine) |
// instance_affine | none.
void push_norm_relu(torch::nn::Sequential& sequence, int64_t width, const std::string& normalisation);

// count x (Conv3d 3^3 with padding 1, normalisation, ReLU).
torch::nn::Sequential convolutions(int64_t count, int64_t in, int64_t out, const std::string& normalisation);

// A convolution of 1^3 to the outputs of a network.
torch::nn::Conv3d output_head(int64_t in, int64_t outputs);

// Losses and probabilities are taken in single precision whatever autocast chose for the convolutions.
torch::Tensor full_precision(const torch::Tensor& logits);

// Single precision while it lives, for strided 3^3 convolutions: on processors with AMX, oneDNN 3.12 leaves parts of a bfloat16 result
// unwritten where stride 2 brings the last axis to one voxel.
class AutocastOff {
 public:
  explicit AutocastOff(torch::DeviceType device);
  ~AutocastOff();
  AutocastOff(const AutocastOff&) = delete;
  AutocastOff& operator=(const AutocastOff&) = delete;

 private:
  torch::DeviceType device_;
  bool before_;
};

// Draws the weights of all convolutions and transposed convolutions below `module` from N(0, 2 / fan_in) (He et al., ICCV 2015), as the released
// programs of MCF and URPC do; biases keep what they have.
void kaiming_normal(torch::nn::Module& module);

}  // namespace tss
