#include "textsemiseg/text/transformer_block.h"

#include <memory>

#include "textsemiseg/text/frozen_linear.h"

namespace tss {
namespace {

torch::Tensor activated(const torch::Tensor& x, Activation activation) {
  return activation == Activation::kGelu ? torch::gelu(x) : x * torch::sigmoid(1.702 * x);
}

}  // namespace

TransformerBlock::TransformerBlock(const BlockOptions& options) : options_(options) {
  const int64_t width = options.width;
  const auto attn = register_module("attn", std::make_shared<torch::nn::Module>());
  in_.weight = attn->register_parameter("in_proj_weight", torch::empty({3 * width, width}), false);
  in_.bias = attn->register_parameter("in_proj_bias", torch::empty({3 * width}), false);
  out_ = register_affine(*attn, "out_proj", {width, width});
  ln_1_ = register_affine(*this, "ln_1", {width});
  const auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
  fc_ = register_affine(*mlp, "c_fc", {options.hidden, width});
  proj_ = register_affine(*mlp, "c_proj", {width, options.hidden});
  ln_2_ = register_affine(*this, "ln_2", {width});
}

TransformerBlock::Affine TransformerBlock::register_affine(torch::nn::Module& at, const std::string& name,
                                                           at::IntArrayRef shape) {
  const auto own = at.register_module(name, std::make_shared<torch::nn::Module>());
  return {own->register_parameter("weight", torch::empty(shape), false),
          own->register_parameter("bias", torch::empty(shape[0]), false)};
}

torch::Tensor TransformerBlock::norm(const torch::Tensor& x, const Affine& affine) const {
  return torch::layer_norm(x, {options_.width}, affine.weight, affine.bias, options_.epsilon);
}

torch::Tensor TransformerBlock::projected(const torch::Tensor& x, int64_t begin, int64_t end) const {
  const int64_t width = options_.width;
  return frozen_linear(x, in_.weight.narrow(0, begin * width, (end - begin) * width),
                       in_.bias.narrow(0, begin * width, (end - begin) * width));
}

torch::Tensor TransformerBlock::heads_of(const torch::Tensor& padded, int64_t part, int64_t parts) const {
  const int64_t n = padded.size(0), length = padded.size(1), heads = options_.heads;
  return padded.view({n, length, parts, heads, options_.width / heads}).select(2, part).transpose(1, 2);
}

torch::Tensor TransformerBlock::attended(const torch::Tensor& q, torch::Tensor k, torch::Tensor v, const torch::Tensor& mask,
                                         const torch::Tensor& first) const {
  const int64_t n = q.size(0), heads = options_.heads, length = q.size(2);
  if (first.defined()) {
    const torch::Tensor known =
        first.view({2, 1, heads, 1, options_.width / heads}).expand({2, n, heads, 1, options_.width / heads});
    k = torch::cat({known[0], k}, 2);
    v = torch::cat({known[1], v}, 2);
  }
  const auto added = mask.defined() ? std::make_optional(mask) : std::nullopt;
  return torch::scaled_dot_product_attention(q, k, v, added).transpose(1, 2).reshape({n, length, options_.width});
}

torch::Tensor TransformerBlock::finish(const torch::Tensor& x, const torch::Tensor& attention) const {
  torch::Tensor h = x + frozen_linear(attention, out_.weight, out_.bias);
  if (!options_.norm_first) h = norm(h, ln_1_);
  const torch::Tensor hidden = frozen_linear(options_.norm_first ? norm(h, ln_2_) : h, fc_.weight, fc_.bias);
  const torch::Tensor y = h + frozen_linear(activated(hidden, options_.activation), proj_.weight, proj_.bias);
  return options_.norm_first ? y : norm(y, ln_2_);
}

torch::Tensor TransformerBlock::forward(const torch::Tensor& x, const TokenLayout& layout, const torch::Tensor& first) const {
  const torch::Tensor seen = options_.norm_first ? norm(x, ln_1_) : x;
  const torch::Tensor qkv = layout.unpack(projected(seen, 0, 3));
  return finish(x, layout.pack(attended(heads_of(qkv, 0, 3), heads_of(qkv, 1, 3), heads_of(qkv, 2, 3), layout.mask(), first)));
}

torch::Tensor TransformerBlock::forward_at(const torch::Tensor& at, const torch::Tensor& x, const TokenLayout& layout,
                                           const torch::Tensor& first) const {
  const torch::Tensor seen = options_.norm_first ? norm(x, ln_1_) : x;
  const torch::Tensor kv = layout.unpack(projected(seen, 1, 3));
  const torch::Tensor q = projected(seen.index_select(0, at), 0, 1).unsqueeze(1);
  const torch::Tensor out = attended(heads_of(q, 0, 1), heads_of(kv, 0, 2), heads_of(kv, 1, 2), layout.single_mask(), first);
  return finish(x.index_select(0, at), out.squeeze(1));
}

torch::Tensor TransformerBlock::first_token(torch::Tensor& x) const {
  const torch::Tensor kv = projected(options_.norm_first ? norm(x, ln_1_) : x, 1, 3);
  x = finish(x, kv.narrow(1, options_.width, options_.width));
  return kv.view({2, options_.width});
}

}  // namespace tss
