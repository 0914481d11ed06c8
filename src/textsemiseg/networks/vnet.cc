#include "textsemiseg/networks/vnet.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/networks/blocks.h"
#include "textsemiseg/networks/run_block.h"

namespace tss {

namespace nn = torch::nn;
namespace F = torch::nn::functional;

namespace {

// Published checkpoints count the blocks in words: block_one ... block_nine for five levels.
constexpr const char* kCount[] = {"one",   "two",  "three", "four",   "five",   "six",     "seven",
                                  "eight", "nine", "ten",   "eleven", "twelve", "thirteen"};
constexpr int64_t kMostLevels = 7;

// A block is a module with one member "conv", a sequence.
struct BlockImpl : nn::Module {
  nn::Sequential conv;
};
TORCH_MODULE(Block);

nn::Sequential add_block(nn::Module& owner, const std::string& name, const nn::Sequential& sequence) {
  Block block;
  block->conv = block->register_module("conv", sequence);
  owner.register_module(name, block);
  return sequence;
}

nn::Sequential down(int64_t in, int64_t out, const std::string& normalisation) {
  nn::Sequential sequence(nn::Conv3d(nn::Conv3dOptions(in, out, 2).stride(2)));
  push_norm_relu(sequence, out, normalisation);
  return sequence;
}

nn::Sequential up(int64_t in, int64_t out, UpSampling type, const std::string& normalisation) {
  nn::Sequential sequence;
  if (type == UpSampling::kTransposed) {
    sequence->push_back(nn::ConvTranspose3d(nn::ConvTranspose3dOptions(in, out, 2).stride(2)));
  } else {
    auto options = nn::UpsampleOptions().scale_factor(std::vector<double>{2, 2, 2});
    if (type == UpSampling::kTrilinear)
      options.mode(torch::kTrilinear).align_corners(true);
    else
      options.mode(torch::kNearest);
    sequence->push_back(nn::Upsample(options));
    sequence->push_back(nn::Conv3d(nn::Conv3dOptions(in, out, 3).padding(1)));
  }
  push_norm_relu(sequence, out, normalisation);
  return sequence;
}

}  // namespace

std::string block_name(int64_t number, const char* suffix) {
  return concat("block_", kCount[static_cast<size_t>(number - 1)], suffix);
}

void VNetOptions::check() const {
  if (levels() < 2 || levels() > kMostLevels)
    throw InputError("network.widths", concat("has ", levels(), " levels"), concat("2 to ", kMostLevels));
  if (depths.size() != widths.size())
    throw InputError("network.depths", concat("has ", depths.size(), " entries"),
                     concat(widths.size(), ", one per entry of widths"));
  for (size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] < 1) throw InputError("network.widths", concat("found ", widths[i]), "at least 1");
    if (depths[i] < 1) throw InputError("network.depths", concat("found ", depths[i]), "at least 1");
  }
  if (normalisation != "batch" && normalisation != "instance" && normalisation != "instance_affine" && normalisation != "none")
    throw InputError("network.normalisation", "found '" + normalisation + "'", "batch, instance, instance_affine or none");
  if (in_channels < 1) throw InputError("network.in_channels", concat("found ", in_channels), "at least 1");
  if (classes < 1) throw InputError("network.classes", concat("found ", classes), "at least 1");
}

std::array<int64_t, 3> VNetOptions::deepest_sides(const std::array<int64_t, 3>& patch) const {
  std::array<int64_t, 3> sides;
  for (size_t a = 0; a < 3; ++a) sides[a] = (patch[a] + side_multiple() - 1) / side_multiple();
  return sides;
}

VNetEncoderImpl::VNetEncoderImpl(const VNetOptions& options) {
  options.check();
  for (int64_t level = 0; level < options.levels(); ++level) {
    const auto i = static_cast<size_t>(level);
    const int64_t in = level == 0 ? options.in_channels : options.widths[i];
    levels_.push_back(
        add_block(*this, block_name(level + 1), convolutions(options.depths[i], in, options.widths[i], options.normalisation)));
    if (level + 1 < options.levels())
      downs_.push_back(
          add_block(*this, block_name(level + 1, "_dw"), down(options.widths[i], options.widths[i + 1], options.normalisation)));
  }
  if (options.dropout) dropout_ = register_module("dropout", nn::Dropout3d(0.5));
}

Skips VNetEncoderImpl::forward(const torch::Tensor& x) {
  Skips skips;
  torch::Tensor current = x;
  for (size_t i = 0; i < levels_.size(); ++i) {
    current = run_block(levels_[i], current);
    skips.push_back(current);
    if (i < downs_.size()) current = run_block(downs_[i], current);
  }
  skips.back() = skips.back().contiguous();  // for the many readers of the deepest feature
  if (dropout_) skips.back() = dropout_->forward(skips.back());
  return skips;
}

VNetDecoderImpl::VNetDecoderImpl(const VNetOptions& options, UpSampling type) : VNetDecoderImpl(options, type, options.classes) {}

VNetDecoderImpl::VNetDecoderImpl(const VNetOptions& options, UpSampling type, int64_t outputs) {
  options.check();
  int64_t number = options.levels();
  for (int64_t level = options.levels() - 2; level >= 0; --level) {
    const auto i = static_cast<size_t>(level);
    ups_.push_back(
        add_block(*this, block_name(number, "_up"), up(options.widths[i + 1], options.widths[i], type, options.normalisation)));
    ++number;
    levels_.push_back(add_block(*this, block_name(number),
                                convolutions(options.depths[i], options.widths[i], options.widths[i], options.normalisation)));
  }
  if (outputs > 0) head_ = register_module("out_conv", output_head(options.widths[0], outputs));
  if (options.dropout) dropout_ = register_module("dropout", nn::Dropout3d(0.5));
}

torch::Tensor VNetDecoderImpl::decode(const Skips& skips, std::vector<torch::Tensor>* levels) {
  torch::Tensor current = skips.back();
  for (size_t i = 0; i < ups_.size(); ++i) {
    current = run_block(levels_[i], run_block(ups_[i], current, skips[skips.size() - 2 - i]));
    if (levels && i + 1 < ups_.size()) levels->insert(levels->begin(), current);
  }
  if (dropout_) current = dropout_->forward(current);
  if (levels) levels->insert(levels->begin(), current);
  return current;
}

DecoderOutput VNetDecoderImpl::forward(const Skips& skips) {
  const torch::Tensor feature = decode(skips, nullptr);
  return {head_ ? logits_of(feature) : torch::Tensor(), feature};
}

torch::Tensor VNetDecoderImpl::logits_of(const torch::Tensor& finest) { return full_precision(run_head(*head_, finest)); }

std::vector<torch::Tensor> VNetDecoderImpl::levels(const Skips& skips) {
  std::vector<torch::Tensor> out;
  decode(skips, &out);
  return out;
}

VNetImpl::VNetImpl(const VNetOptions& options, const std::vector<UpSampling>& types) : side_multiple_(options.side_multiple()) {
  encoder = register_module("encoder", VNetEncoder(options));
  for (size_t i = 0; i < types.size(); ++i)
    decoders.push_back(register_module(concat("decoder", i + 1), VNetDecoder(options, types[i])));
}

std::vector<torch::Tensor> VNetImpl::forward(const torch::Tensor& x) {
  const Skips skips = encoder->forward(pad_to_multiple(x, side_multiple_));
  std::vector<torch::Tensor> logits;
  for (auto& decoder : decoders) logits.push_back(crop_like(decoder->forward(skips).logits, x));
  return logits;
}

std::vector<DecoderOutput> VNetImpl::forward_features(const torch::Tensor& x) {
  const Skips skips = encoder->forward(pad_to_multiple(x, side_multiple_));
  std::vector<DecoderOutput> out;
  for (auto& decoder : decoders) {
    const DecoderOutput one = decoder->forward(skips);
    out.push_back({crop_like(one.logits, x), crop_like(one.feature, x)});
  }
  return out;
}

torch::Tensor VNetImpl::forward_one(const torch::Tensor& x, size_t decoder) {
  return crop_like(decoders.at(decoder)->forward(encoder->forward(pad_to_multiple(x, side_multiple_))).logits, x);
}

torch::Tensor pad_to_multiple(const torch::Tensor& x, int64_t multiple) {
  std::vector<int64_t> padding;  // last axis first
  bool any = false;
  for (int64_t axis = 1; axis <= 3; ++axis) {
    const int64_t missing = (multiple - x.size(-axis) % multiple) % multiple;
    padding.push_back(0);
    padding.push_back(missing);
    any = any || missing > 0;
  }
  return any ? F::pad(x, F::PadFuncOptions(padding)) : x;
}

torch::Tensor crop_like(const torch::Tensor& y, const torch::Tensor& x) {
  torch::Tensor out = y;
  for (int64_t axis = 1; axis <= 3; ++axis)
    if (out.size(-axis) != x.size(-axis)) out = out.narrow(-axis, 0, x.size(-axis));
  return out;
}

}  // namespace tss
