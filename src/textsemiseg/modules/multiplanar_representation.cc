#include "textsemiseg/modules/multiplanar_representation.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

namespace nn = torch::nn;
namespace F = torch::nn::functional;

namespace {

constexpr int64_t kHeadDimension = 64;
// Names of the released block for the planes that collapse axis 0, 1 and 2.
constexpr const char* kPlane[] = {"Axial", "Sagittal", "Coronal"};

// The two axes that stay when `axis` collapses.
std::array<int64_t, 2> plane_axes(int64_t axis) {
  return axis == 0 ? std::array<int64_t, 2>{1, 2} : axis == 1 ? std::array<int64_t, 2>{0, 2} : std::array<int64_t, 2>{0, 1};
}

torch::Tensor split_heads(const torch::Tensor& x, int64_t heads) {  // [N, T, H * e] -> [N, H, T, e]
  return x.view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
}

torch::Tensor merge_heads(const torch::Tensor& x) {  // [N, H, T, e] -> [N, T, H * e]
  return x.transpose(1, 2).reshape({x.size(0), x.size(2), -1});
}

// [N, C, A, B] -> [N, (A/a)(B/b), a b C], the channel last within a patch.
torch::Tensor to_patches(const torch::Tensor& plane, int64_t a, int64_t b) {
  const int64_t n = plane.size(0), c = plane.size(1), rows = plane.size(2) / a, columns = plane.size(3) / b;
  return plane.view({n, c, rows, a, columns, b}).permute({0, 2, 4, 3, 5, 1}).reshape({n, rows * columns, a * b * c});
}

torch::Tensor from_patches(const torch::Tensor& patches, int64_t rows, int64_t columns, int64_t a, int64_t b) {
  const int64_t n = patches.size(0), c = patches.size(2) / (a * b);
  return patches.view({n, rows, columns, a, b, c}).permute({0, 5, 1, 3, 2, 4}).reshape({n, c, rows * a, columns * b});
}

}  // namespace

void MultiplanarOptions::check() const {
  if (attention != "text_queries" && attention != "visual_queries")
    throw InputError("tmr.attention", "found '" + attention + "'", "text_queries or visual_queries");
  if (dimension < 1) throw InputError("tmr.dimension", concat("found ", dimension), "at least 1");
  if (heads < 1 || dimension % heads != 0)
    throw InputError("tmr.heads", concat("found ", heads), concat("a divisor of tmr.dimension, ", dimension));
  if (!(dropout >= 0 && dropout < 1)) throw InputError("tmr.dropout", concat("found ", dropout), "at least 0 and below 1");
  for (size_t a = 0; a < 3; ++a)
    if (patch[a] < 1 || size[a] % patch[a] != 0)
      throw InputError("tmr.patch", concat("found ", patch[a]), concat("a divisor of the feature's side, ", size[a]));
}

TextAttentionImpl::TextAttentionImpl(const MultiplanarOptions& options)
    : heads_(options.heads), text_queries_(options.attention == "text_queries") {
  const int64_t inner = heads_ * kHeadDimension;
  const int64_t query_in = text_queries_ ? options.text_dimension : options.dimension;
  const int64_t key_in = text_queries_ ? options.dimension : options.text_dimension;
  // One number per head that the released block holds and never uses.
  if (options.released_parameters) register_parameter("temperature", torch::ones({heads_, 1, 1}));
  query_ = register_module("w_q", nn::Linear(query_in, inner));
  key_ = register_module("w_k", nn::Linear(key_in, inner));
  value_ = register_module("w_v", nn::Linear(key_in, inner));
  out_ = register_module("to_out", nn::Sequential(nn::Linear(inner, options.dimension), nn::Dropout(options.dropout)));
}

torch::Tensor TextAttentionImpl::forward(const torch::Tensor& tokens, const torch::Tensor& text) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(kHeadDimension));
  const torch::Tensor texts = text.unsqueeze(0);  // [1, K, d]
  if (text_queries_) {
    const torch::Tensor q = split_heads(query_->forward(texts), heads_);                                // [1, H, K, e]
    const torch::Tensor k = split_heads(key_->forward(tokens), heads_);                                 // [N, H, T, e]
    const torch::Tensor v = split_heads(value_->forward(tokens), heads_);                               // [N, H, T, e]
    const torch::Tensor attention = torch::softmax(torch::matmul(q, k.transpose(-2, -1)) * scale, -1);  // [N, H, K, T]
    return out_->forward(merge_heads(attention.sum(2).unsqueeze(-1) * v));
  }
  const torch::Tensor q = split_heads(query_->forward(tokens), heads_);                               // [N, H, T, e]
  const torch::Tensor k = split_heads(key_->forward(texts), heads_);                                  // [1, H, K, e]
  const torch::Tensor v = split_heads(value_->forward(texts), heads_);                                // [1, H, K, e]
  const torch::Tensor attention = torch::softmax(torch::matmul(q, k.transpose(-2, -1)) * scale, -1);  // [N, H, T, K]
  return out_->forward(merge_heads(torch::matmul(attention, v)));
}

PlaneAttentionImpl::PlaneAttentionImpl(int64_t dimension, int64_t heads, double dropout) : heads_(heads) {
  const auto linear = [&] { return nn::Linear(nn::LinearOptions(dimension, dimension).bias(false)); };
  query_ = register_module("q_proj", linear());
  key_ = register_module("k_proj", linear());
  value_ = register_module("v_proj", linear());
  out_ = register_module("proj", nn::Linear(dimension, dimension));
  dropout_ = register_module("proj_drop", nn::Dropout(dropout));
}

torch::Tensor PlaneAttentionImpl::forward(const torch::Tensor& tokens) {
  const torch::Tensor q = split_heads(query_->forward(tokens), heads_);
  const torch::Tensor k = split_heads(key_->forward(tokens), heads_);
  const torch::Tensor v = split_heads(value_->forward(tokens), heads_);
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
  const torch::Tensor attention = torch::softmax(torch::matmul(q, k.transpose(-2, -1)) * scale, -1);
  return dropout_->forward(out_->forward(merge_heads(torch::matmul(attention, v))));
}

MultiplanarRepresentationImpl::MultiplanarRepresentationImpl(const MultiplanarOptions& options) : options_(options) {
  options.check();
  const int64_t d = options.dimension;
  for (int64_t axis = 0; axis < 3; ++axis) {
    const auto [a, b] = plane_axes(axis);
    const auto side = [&](int64_t i) { return options.size[static_cast<size_t>(i)] / options.patch[static_cast<size_t>(i)]; };
    positions_[static_cast<size_t>(axis)] =
        register_parameter(concat("positional_encoding_", kPlane[axis]), torch::randn({1, side(a) * side(b), d}));
  }
  weights_ = register_parameter("view_weights", torch::ones({3}));
  for (int64_t axis = 0; axis < 3; ++axis) {
    const auto [a, b] = plane_axes(axis);
    const int64_t values = options.channels * options.patch[static_cast<size_t>(a)] * options.patch[static_cast<size_t>(b)];
    // The released sequence starts with the cut into patches, which is why the linear layer is its second entry.
    embeddings_.push_back(
        register_module(concat("to_patch_embedding_", kPlane[axis]), nn::Sequential(nn::Identity(), nn::Linear(values, d))));
    outputs_.push_back(
        register_module(concat("to_out_", kPlane[axis]), nn::Sequential(nn::Linear(d, values), nn::Dropout(options.dropout))));
  }
  plane_attention_ = register_module("img_attn", PlaneAttention(d, options.heads, options.dropout));
  text_attention_ = register_module("img_txt_attn", TextAttention(options));
  norm1_ = register_module("norm1", nn::LayerNorm(nn::LayerNormOptions({d})));
  norm2_ = register_module("norm2", nn::LayerNorm(nn::LayerNormOptions({d})));
  norm3_ = register_module("norm3", nn::LayerNorm(nn::LayerNormOptions({d})));
  mlp_ = register_module("mlp",
                         nn::Sequential(nn::Linear(d, 4 * d), nn::GELU(), nn::Dropout(options.dropout), nn::Linear(4 * d, d)));
  mlp_dropout_ = register_module("mlp_drop", nn::Dropout(options.dropout));
  if (options.released_parameters)
    register_module("conv", nn::Conv2d(nn::Conv2dOptions(2 * options.channels, options.channels, 1)));
}

torch::Tensor MultiplanarRepresentationImpl::positions(int64_t axis, int64_t rows, int64_t columns) {
  const torch::Tensor& stored = positions_[static_cast<size_t>(axis)];
  const auto [a, b] = plane_axes(axis);
  const auto side = [&](int64_t i) { return options_.size[static_cast<size_t>(i)] / options_.patch[static_cast<size_t>(i)]; };
  if (rows == side(a) && columns == side(b)) return stored;
  const torch::Tensor grid = stored.view({1, side(a), side(b), -1}).permute({0, 3, 1, 2});
  const torch::Tensor resized = F::interpolate(
      grid, F::InterpolateFuncOptions().size(std::vector<int64_t>{rows, columns}).mode(torch::kBilinear).align_corners(false));
  return resized.flatten(2).transpose(1, 2);
}

torch::Tensor MultiplanarRepresentationImpl::embed(const torch::Tensor& feature, int64_t axis) {
  const auto [a, b] = plane_axes(axis);
  const int64_t pa = options_.patch[static_cast<size_t>(a)], pb = options_.patch[static_cast<size_t>(b)];
  const torch::Tensor plane = feature.mean(axis + 2);  // [N, C, A, B]
  const bool training_size =
      plane.size(2) == options_.size[static_cast<size_t>(a)] && plane.size(3) == options_.size[static_cast<size_t>(b)];
  if ((pa > 1 || pb > 1) && !training_size)
    throw InputError("window", concat("gives a ", plane.size(2), " x ", plane.size(3), " plane of deepest features"),
                     concat("the training patch's size, which this variant cannot leave (tokens of ", pa, " x ", pb, ")"));
  const torch::Tensor tokens = embeddings_[static_cast<size_t>(axis)]->forward(to_patches(plane, pa, pb));
  return norm1_->forward(tokens + positions(axis, plane.size(2) / pa, plane.size(3) / pb));
}

torch::Tensor MultiplanarRepresentationImpl::forward(const torch::Tensor& feature, const torch::Tensor& text) {
  torch::Tensor out = feature;
  for (int64_t axis = 0; axis < 3; ++axis) {
    const auto [a, b] = plane_axes(axis);
    const int64_t pa = options_.patch[static_cast<size_t>(a)], pb = options_.patch[static_cast<size_t>(b)];
    torch::Tensor tokens = embed(feature, axis);
    // The residual starts from the normalised token, as released.
    tokens = norm2_->forward(tokens + plane_attention_->forward(tokens));
    tokens = tokens + text_attention_->forward(tokens, text);
    tokens = tokens + mlp_dropout_->forward(mlp_->forward(norm3_->forward(tokens)));
    const torch::Tensor patches = outputs_[static_cast<size_t>(axis)]->forward(tokens);
    const torch::Tensor plane = from_patches(patches, feature.size(a + 2) / pa, feature.size(b + 2) / pb, pa, pb);
    out = out + weights_[axis] * plane.unsqueeze(axis + 2);
  }
  return out;
}

}  // namespace tss
