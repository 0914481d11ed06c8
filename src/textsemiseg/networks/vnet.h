// VNet-16: the plain convolutional V-Net that all methods of the paper's tables share (docs/methods.md#network; Milletari et al.,
// 3DV 2016, without its residual connections, as in the released code of UA-MT, MC-Net and Text-SemiSeg).
//
// Encoder levels halve the sides and double the widths; skip connections are sums. Module and parameter names are those of the
// published checkpoints, for any number of levels.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace tss {

struct VNetOptions {
  int64_t in_channels = 1;  // set from the data
  int64_t classes = 2;      // set from the data
  std::vector<int64_t> widths = {16, 32, 64, 128, 256};
  std::vector<int64_t> depths = {1, 2, 3, 3, 3};
  bool dropout = true;
  std::string normalisation = "batch";

  template <class V>
  void visit(V& v) {
    v("widths", widths, "channels of each level, shallow to deep");
    v("depths", depths, "convolutions of each encoder level; the decoder mirrors them");
    v("dropout", dropout, "true or false: Dropout3d(0.5) after the deepest level and before the head");
    v("normalisation", normalisation, "batch, instance (without affine; BCP on the pancreas), instance_affine or none");
  }
  void check() const;  // throws InputError naming the field
  int64_t levels() const { return static_cast<int64_t>(widths.size()); }
  // Sides are padded to multiples of this, 2^(levels - 1).
  int64_t side_multiple() const { return int64_t{1} << (levels() - 1); }
  // Sides of a patch's deepest feature.
  std::array<int64_t, 3> deepest_sides(const std::array<int64_t, 3>& patch) const;
};

// How a decoder doubles the sides; each is followed by the normalisation and ReLU.
enum class UpSampling {
  kTransposed = 0,  // ConvTranspose3d k2 s2
  kTrilinear = 1,   // trilinear x2, align_corners = true, then Conv3d 3^3
  kNearest = 2,     // nearest x2, then Conv3d 3^3
};

// "block_one", ...: published checkpoints count the blocks of encoder and decoder in words. number: 1 to 13; suffix: "_dw", "_up".
std::string block_name(int64_t number, const char* suffix = "");

// Features of every encoder level, shallow to deep: [N, widths[i], X/2^i, Y/2^i, Z/2^i].
using Skips = std::vector<torch::Tensor>;

class VNetEncoderImpl : public torch::nn::Module {
 public:
  explicit VNetEncoderImpl(const VNetOptions& options);
  Skips forward(const torch::Tensor& x);  // x [N, C, X, Y, Z], sides multiples of side_multiple()

 private:
  std::vector<torch::nn::Sequential> levels_, downs_;
  torch::nn::Dropout3d dropout_{nullptr};
};
TORCH_MODULE(VNetEncoder);

struct DecoderOutput {
  torch::Tensor logits;   // [N, K, X, Y, Z]; undefined where the decoder has no head
  torch::Tensor feature;  // [N, widths[0], X, Y, Z], after dropout ("x9")
};

class VNetDecoderImpl : public torch::nn::Module {
 public:
  VNetDecoderImpl(const VNetOptions& options, UpSampling up);                   // a head with options.classes outputs
  VNetDecoderImpl(const VNetOptions& options, UpSampling up, int64_t outputs);  // 0: no head
  // The last entry of skips is what the decoder starts from; a text block may have replaced it.
  DecoderOutput forward(const Skips& skips);
  // Features of every level, fine to coarse: [N, widths[i], X/2^i, Y/2^i, Z/2^i], i < levels - 1; the first one after dropout.
  std::vector<torch::Tensor> levels(const Skips& skips);
  // Logits of the finest of them; only where the decoder has a head.
  torch::Tensor logits_of(const torch::Tensor& finest);

 private:
  torch::Tensor decode(const Skips& skips, std::vector<torch::Tensor>* levels);

  std::vector<torch::nn::Sequential> ups_, levels_;
  torch::nn::Dropout3d dropout_{nullptr};
  torch::nn::Conv3d head_{nullptr};
};
TORCH_MODULE(VNetDecoder);

// Encoder and one or more decoders named decoder1, decoder2, ... (VNet, UA-MT, MCF's V branch, BCP: {kTransposed}; MC-Net:
// {kTransposed, kTrilinear}; MC-Net+: all three; MLRP: {kTransposed, kNearest}).
class VNetImpl : public torch::nn::Module {
 public:
  VNetImpl(const VNetOptions& options, const std::vector<UpSampling>& decoders);
  // One set of logits per decoder, [N, K, X, Y, Z] for x [N, C, X, Y, Z]; any side >= 1 (padded inside, cropped back).
  std::vector<torch::Tensor> forward(const torch::Tensor& x);
  // The same with every decoder's full-resolution feature (MLRP).
  std::vector<DecoderOutput> forward_features(const torch::Tensor& x);
  // Only the given decoder: what inference needs.
  torch::Tensor forward_one(const torch::Tensor& x, size_t decoder);

  VNetEncoder encoder{nullptr};
  std::vector<VNetDecoder> decoders;

 protected:
  int64_t side_multiple() const { return side_multiple_; }

 private:
  int64_t side_multiple_;
};
TORCH_MODULE(VNet);

// Zero-pads the last three axes at their high ends to multiples of `multiple`; the input itself where nothing is missing.
torch::Tensor pad_to_multiple(const torch::Tensor& x, int64_t multiple);
// Cuts the last three axes of y back to those of x.
torch::Tensor crop_like(const torch::Tensor& y, const torch::Tensor& x);

}  // namespace tss
