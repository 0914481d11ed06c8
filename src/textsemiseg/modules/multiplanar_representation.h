// Text-enhanced multiplanar representation (TMR): Eq. 2 and 3 of Text-SemiSeg (Huang et al., MICCAI 2025); arithmetic of the block
// as in docs/methods.md#where-the-paper-and-the-released-program-differ, which the golden files block_text and net_text_semiseg* pin down.
//
// The deepest feature is averaged along each axis to three planes; a plane becomes tokens; tokens attend to each other, then to
// the texts; the planes are broadcast back and added to the feature, weighted by three learned numbers.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace tss {

struct MultiplanarOptions {
  int64_t channels = 256;                 // of the deepest feature
  std::array<int64_t, 3> size{6, 6, 6};   // of the deepest feature at the training patch
  std::array<int64_t, 3> patch{1, 1, 1};  // voxels per token along each axis; must divide size
  int64_t text_dimension = 512;
  int64_t dimension = 512;  // of a token
  int64_t heads = 8;        // the text attention has 64 numbers per head, as released
  double dropout = 0.1;
  std::string attention = "text_queries";  // text_queries (Eq. 2) | visual_queries (the image asks, the texts answer)
  bool released_parameters = false;        // also hold the two tensors of the released block that play no part
  void check() const;                      // throws InputError naming the field
};

// Text attention of Eq. 2 on the tokens of one plane.
class TextAttentionImpl : public torch::nn::Module {
 public:
  explicit TextAttentionImpl(const MultiplanarOptions& options);
  // tokens [N, T, D], text [K, d] -> [N, T, D].
  // text_queries: a_kj = softmax over tokens j of Q(t_k) . K(q_j) / sqrt(64); token j becomes (sum_k a_kj) V(q_j).
  // visual_queries: a_jk = softmax over texts k of Q(q_j) . K(t_k) / sqrt(64); token j becomes sum_k a_jk V(t_k).
  torch::Tensor forward(const torch::Tensor& tokens, const torch::Tensor& text);

 private:
  int64_t heads_;
  bool text_queries_;
  torch::nn::Linear query_{nullptr}, key_{nullptr}, value_{nullptr};
  torch::nn::Sequential out_{nullptr};
};
TORCH_MODULE(TextAttention);

// Self-attention among the tokens of one plane, without bias in query, key and value.
class PlaneAttentionImpl : public torch::nn::Module {
 public:
  PlaneAttentionImpl(int64_t dimension, int64_t heads, double dropout);
  torch::Tensor forward(const torch::Tensor& tokens);  // [N, T, D] -> [N, T, D]

 private:
  int64_t heads_;
  torch::nn::Linear query_{nullptr}, key_{nullptr}, value_{nullptr}, out_{nullptr};
  torch::nn::Dropout dropout_{nullptr};
};
TORCH_MODULE(PlaneAttention);

class MultiplanarRepresentationImpl : public torch::nn::Module {
 public:
  explicit MultiplanarRepresentationImpl(const MultiplanarOptions& options);
  // feature [N, C, X, Y, Z], text [K, d] -> [N, C, X, Y, Z] = feature + sum over planes of w_v * plane_v (Eq. 3).
  // Position vectors are interpolated where the feature's size differs from options.size; with a patch of more than one voxel
  // the size must be options.size (InputError).
  torch::Tensor forward(const torch::Tensor& feature, const torch::Tensor& text);
  // Tokens of one plane after embedding and the first normalisation, [N, T, D] (pinned by the golden numbers).
  torch::Tensor embed(const torch::Tensor& feature, int64_t axis);

 private:
  torch::Tensor positions(int64_t axis, int64_t rows, int64_t columns);

  MultiplanarOptions options_;
  std::array<torch::Tensor, 3> positions_;
  torch::Tensor weights_;
  std::vector<torch::nn::Sequential> embeddings_, outputs_;
  torch::nn::LayerNorm norm1_{nullptr}, norm2_{nullptr}, norm3_{nullptr};
  PlaneAttention plane_attention_{nullptr};
  TextAttention text_attention_{nullptr};
  torch::nn::Sequential mlp_{nullptr};
  torch::nn::Dropout mlp_dropout_{nullptr};
};
TORCH_MODULE(MultiplanarRepresentation);

}  // namespace tss
