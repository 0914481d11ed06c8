#include "textsemiseg/networks/unet3d.h"

#include <algorithm>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/networks/blocks.h"
#include "textsemiseg/networks/memory_layout.h"
#include "textsemiseg/networks/run_block.h"

namespace tss {

namespace nn = torch::nn;
namespace F = torch::nn::functional;

namespace {

constexpr const char* kNormalisation = "instance";
// Of URPC's decoder levels, coarse to fine; shallower networks leave out the coarse ones, deeper ones repeat the first.
constexpr double kPyramidDropout[] = {0.5, 0.3, 0.2, 0.1};
constexpr double kPlainDropout = 0.3;

// Two modules "conv1" and "conv2" of (convolution, norm, ReLU) each, run in sequence.
struct DoubleConvolutionImpl : nn::Module {
  DoubleConvolutionImpl(int64_t in, int64_t out) {
    first = register_module("conv1", convolutions(1, in, out, kNormalisation));
    second = register_module("conv2", convolutions(1, out, out, kNormalisation));
  }
  torch::Tensor forward(const torch::Tensor& x) { return run_block(second, run_block(first, x)); }
  nn::Sequential first{nullptr}, second{nullptr};
};
TORCH_MODULE(DoubleConvolution);

// A decoder level is a module with one member "conv".
struct UpBlockImpl : nn::Module {
  DoubleConvolution conv{nullptr};
};
TORCH_MODULE(UpBlock);

torch::Tensor doubled(const torch::Tensor& x) {
  return F::interpolate(
      in_interpolation_layout(x),
      F::InterpolateFuncOptions().scale_factor(std::vector<double>(3, 2.0)).mode(torch::kTrilinear).align_corners(false));
}

std::vector<nn::Sequential> plain_drops(const VNetOptions& options) {
  std::vector<nn::Sequential> drops(options.widths.size());
  if (!options.dropout) return drops;
  drops.front()->push_back(nn::Dropout(kPlainDropout));
  drops.back()->push_back(nn::Dropout(kPlainDropout));
  return drops;
}

std::vector<nn::Sequential> pyramid_drops(const VNetOptions& options) {
  std::vector<nn::Sequential> drops(options.widths.size());
  const size_t levels = drops.size() - 1, known = std::size(kPyramidDropout);
  for (size_t i = 0; options.dropout && i < levels; ++i)  // from the finest on
    drops[levels - i]->push_back(nn::Dropout3d(kPyramidDropout[known - 1 - std::min(i, known - 1)]));
  return drops;
}

std::vector<int64_t> decoder_widths(const VNetOptions& options) { return {options.widths.begin(), options.widths.end() - 1}; }

std::vector<torch::Tensor> crop_all(std::vector<torch::Tensor> all, const torch::Tensor& x) {
  for (auto& one : all) one = crop_like(one, x);
  return all;
}

}  // namespace

UNetBodyImpl::UNetBodyImpl(const VNetOptions& options, const std::vector<nn::Sequential>& drops)
    : side_multiple_(options.side_multiple()), drops_(drops) {
  options.check();
  const auto& widths = options.widths;
  for (size_t i = 0; i < widths.size(); ++i) {
    const std::string name = i + 1 < widths.size() ? concat("conv", i + 1) : "center";
    DoubleConvolution block(i == 0 ? options.in_channels : widths[i - 1], widths[i]);
    down_.emplace_back(register_module(name, block));
  }
  for (size_t i = widths.size() - 1; i-- > 0;) {
    UpBlock block;
    block->conv = block->register_module("conv", DoubleConvolution(widths[i] + widths[i + 1], widths[i]));
    register_module(concat("up_concat", i + 1), block);
    up_.emplace_back(block->conv);
  }
  for (size_t i = 0; i < drops_.size(); ++i)
    if (!drops_[i]->is_empty()) register_module(concat("dropout", i + 1), drops_[i]);
}

torch::Tensor UNetBodyImpl::decode(const torch::Tensor& x, std::vector<torch::Tensor>* levels) {
  const auto drop = [&](size_t i, const torch::Tensor& y) { return drops_[i]->is_empty() ? y : drops_[i]->forward(y); };
  std::vector<torch::Tensor> skips;
  torch::Tensor current = pad_to_multiple(x, side_multiple_);
  for (size_t i = 0; i < down_.size(); ++i) {
    current = down_[i]->forward(i == 0 ? current : torch::max_pool3d(current, 2));
    if (i + 1 < down_.size()) skips.push_back(current);
  }
  current = drop(0, current);
  for (size_t i = 0; i < up_.size(); ++i) {
    current = drop(i + 1, up_[i]->forward(torch::cat({skips.back(), doubled(current)}, 1)));
    skips.pop_back();
    if (levels) levels->insert(levels->begin(), current);
  }
  return current;
}

std::vector<torch::Tensor> UNetBodyImpl::levels(const torch::Tensor& x) {
  std::vector<torch::Tensor> out;
  decode(x, &out);
  return out;
}

torch::Tensor UNetBodyImpl::finest(const torch::Tensor& x) { return decode(x, nullptr); }

UNet3dImpl::UNet3dImpl(const VNetOptions& options) : UNetBodyImpl(options, plain_drops(options)) {
  head_ = register_module("final", output_head(options.widths[0], options.classes));
}

torch::Tensor UNet3dImpl::forward(const torch::Tensor& x) { return crop_like(full_precision(run_head(*head_, finest(x))), x); }

PyramidUNetImpl::PyramidUNetImpl(const VNetOptions& options)
    : UNetBodyImpl(options, pyramid_drops(options)), heads_(*this, decoder_widths(options), options.classes) {}

std::vector<torch::Tensor> PyramidUNetImpl::forward(const torch::Tensor& x) { return crop_all(heads_.forward(levels(x)), x); }

torch::Tensor PyramidUNetImpl::forward_finest(const torch::Tensor& x) { return crop_like(heads_.finest(finest(x)), x); }

PyramidVNetImpl::PyramidVNetImpl(const VNetOptions& options)
    : side_multiple_(options.side_multiple()),
      encoder_(register_module("encoder", VNetEncoder(options))),
      decoder_(register_module("decoder1", VNetDecoder(options, UpSampling::kTransposed, 0))),
      heads_(*this, decoder_widths(options), options.classes) {}

std::vector<torch::Tensor> PyramidVNetImpl::forward(const torch::Tensor& x) {
  const Skips skips = encoder_->forward(pad_to_multiple(x, side_multiple_));
  return crop_all(heads_.forward(decoder_->levels(skips)), x);
}

torch::Tensor PyramidVNetImpl::forward_finest(const torch::Tensor& x) {
  return crop_like(heads_.finest(decoder_->forward(encoder_->forward(pad_to_multiple(x, side_multiple_))).feature), x);
}

}  // namespace tss
