#include "textsemiseg/networks/run_block.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "textsemiseg/networks/memory_layout.h"
#include "textsemiseg/networks/norm_relu.h"

namespace tss {

namespace nn = torch::nn;

namespace {

bool on_plain_cpu(const torch::Tensor& x) { return x.device().is_cpu() && !torch::jit::tracer::isTracing(); }

bool autocasts() { return at::autocast::is_autocast_enabled(at::kCPU); }

// LibTorch's own condition for its general routine (ConvParams::use_mkldnn in aten/src/ATen/native/Convolution.cpp, torch 2.13).
bool takes_the_slow_route(const nn::Conv3dImpl& convolution, const torch::Tensor& x) {
  const auto kernel = convolution.weight.sizes().slice(2);
  const bool wide_kernel = kernel[0] > 3 && kernel[1] > 3;
  constexpr int64_t kSmall = 20'480;
  return on_plain_cpu(x) && x.scalar_type() == torch::kFloat32 && !autocasts() && x.size(0) == 1 && !wide_kernel &&
         kernel[0] > 1 && convolution.options.groups() == 1 && x.size(1) * x.size(2) * x.size(3) <= kSmall;
}

// The sample as a batch of its two halves along x. Both read what lies beyond their border: the products are those of the whole.
torch::Tensor in_halves(nn::Conv3dImpl& convolution, const torch::Tensor& x) {
  const auto& options = convolution.options;
  const auto padding = std::get<torch::ExpandingArray<3>>(options.padding());
  const int64_t kernel = convolution.weight.size(2), stride = options.stride()->at(0), pad = padding->at(0);
  const int64_t outputs = (x.size(2) + 2 * pad - kernel) / stride + 1, half = (outputs + 1) / 2;
  const int64_t length = (half - 1) * stride + kernel, after = half * stride + length - pad - x.size(2);
  const torch::Tensor whole = torch::constant_pad_nd(x, {0, 0, 0, 0, pad, std::max<int64_t>(after, 0)});
  const torch::Tensor halves = torch::cat({whole.narrow(2, 0, length), whole.narrow(2, half * stride, length)});
  const torch::Tensor y = torch::conv3d(in_layout_of(halves, x), convolution.weight, convolution.bias, options.stride(),
                                        std::vector<int64_t>{0, padding->at(1), padding->at(2)}, options.dilation());
  return torch::cat({y.narrow(0, 0, 1), y.narrow(0, 1, 1)}, 2).narrow(2, 0, outputs);
}

// oneDNN's convolution with the ReLU inside, which PyTorch's compiler calls; null where this LibTorch does not have it.
using FusedRelu = torch::Tensor(const torch::Tensor&, const torch::Tensor&, const std::optional<torch::Tensor>&, at::IntArrayRef,
                                at::IntArrayRef, at::IntArrayRef, int64_t, std::string_view, c10::List<std::optional<at::Scalar>>,
                                std::optional<std::string_view>);
const std::optional<c10::TypedOperatorHandle<FusedRelu>>& fused_relu() {
  static const auto found = []() -> std::optional<c10::TypedOperatorHandle<FusedRelu>> {
    const auto handle = c10::Dispatcher::singleton().findSchema({"mkldnn::_convolution_pointwise", ""});
    if (!handle || !handle->hasKernelForDispatchKey(c10::DispatchKey::CPU)) return std::nullopt;
    return handle->typed<FusedRelu>();
  }();
  return found;
}

// Batch norm with its running statistics, inside weight and bias of the convolution before it.
torch::Tensor folded(nn::Conv3dImpl& convolution, nn::BatchNorm3dImpl& norm, const torch::Tensor& x) {
  torch::Tensor scale = torch::rsqrt(norm.running_var + norm.options.eps());
  if (norm.weight.defined()) scale = scale * norm.weight;
  torch::Tensor bias = convolution.bias.defined() ? (convolution.bias - norm.running_mean) * scale : -norm.running_mean * scale;
  if (norm.bias.defined()) bias = bias + norm.bias;
  const torch::Tensor weight = convolution.weight * scale.view({-1, 1, 1, 1, 1});
  const auto& options = convolution.options;
  const auto padding = std::get<torch::ExpandingArray<3>>(options.padding());
  if (x.scalar_type() == torch::kFloat32 && !autocasts() && fused_relu())
    return fused_relu()->call(x, weight, bias, padding, options.stride(), options.dilation(), options.groups(), "relu",
                              c10::List<std::optional<at::Scalar>>(), "");
  return torch::conv3d(x, weight, bias, options.stride(), padding, options.dilation(), options.groups()).relu_();
}

// Folding costs a pass over the weight, normalising one over the feature.
bool folds(const nn::Conv3dImpl& convolution, nn::BatchNorm3dImpl* norm, const torch::Tensor& x) {
  const int64_t voxels = x.numel() / x.size(1);
  return norm && !norm->is_training() && norm->running_mean.defined() && !torch::GradMode::is_enabled() &&
         convolution.weight.scalar_type() == torch::kFloat32 &&
         std::holds_alternative<torch::ExpandingArray<3>>(convolution.options.padding()) &&
         convolution.weight.numel() < voxels * convolution.weight.size(0);
}

using Layers = std::vector<std::shared_ptr<nn::Module>>;

template <class Layer>
Layer* layer_at(const Layers& layers, size_t i) {
  return i < layers.size() ? layers[i]->as<Layer>() : nullptr;
}

int64_t outputs_of(const Layers& layers) {
  int64_t width = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (const auto* one = layer_at<nn::Conv3dImpl>(layers, i)) width = one->weight.size(0);
    if (const auto* one = layer_at<nn::ConvTranspose3dImpl>(layers, i)) width = one->weight.size(1);
  }
  return width;
}

}  // namespace

torch::Tensor run_convolution(nn::Conv3dImpl& convolution, const torch::Tensor& x) {
  return takes_the_slow_route(convolution, x) ? in_layout_of(in_halves(convolution, x), x) : convolution.forward(x);
}

torch::Tensor run_block(nn::Sequential& block, const torch::Tensor& x, const torch::Tensor& skip) {
  if (!on_plain_cpu(x)) {
    const torch::Tensor y = block->forward(x);
    return skip.defined() ? y + skip : y;
  }
  const Layers layers = block->children();
  const int64_t width = outputs_of(layers);
  const auto relu_at = [&](size_t i) { return layer_at<nn::ReLUImpl>(layers, i) != nullptr; };
  torch::Tensor y = x, rest = skip;  // rest: what is still to be added
  const auto normalise = [&](auto& norm, size_t at) {
    const bool last = at + 2 == layers.size();
    y = norm_relu(norm, in_level_layout(y, width), last ? rest : torch::Tensor());
    if (last) rest = torch::Tensor();
  };
  for (size_t i = 0; i < layers.size(); ++i) {
    if (auto* convolution = layer_at<nn::Conv3dImpl>(layers, i)) {
      y = in_level_layout(y, width);
      auto* norm = layer_at<nn::BatchNorm3dImpl>(layers, i + 1);
      const bool meets_skip = skip.defined() && i + 3 == layers.size();  // norm, ReLU and skip are one pass already
      if (relu_at(i + 2) && !meets_skip && folds(*convolution, norm, y)) {
        y = folded(*convolution, *norm, y);
        i += 2;
      } else {
        y = run_convolution(*convolution, y);
      }
    } else if (auto* up = layer_at<nn::UpsampleImpl>(layers, i)) {
      y = up->forward(in_interpolation_layout(y));
    } else if (auto* transposed = layer_at<nn::ConvTranspose3dImpl>(layers, i)) {
      y = transposed->forward(y);
    } else if (auto* batch = layer_at<nn::BatchNorm3dImpl>(layers, i); batch && relu_at(i + 1)) {
      normalise(*batch, i++);
    } else if (auto* instance = layer_at<nn::InstanceNorm3dImpl>(layers, i); instance && relu_at(i + 1)) {
      normalise(*instance, i++);
    } else if (relu_at(i)) {
      y = torch::relu_(y);
    } else {
      TORCH_CHECK(false, "run_block: a layer of kind ", layers[i]->name());
    }
  }
  return rest.defined() ? y + rest : y;
}

torch::Tensor run_head(nn::Conv3dImpl& head, const torch::Tensor& x) {
  if (!on_plain_cpu(x) || x.is_contiguous()) return head.forward(x);
  const torch::Tensor y = torch::matmul(x.permute({0, 2, 3, 4, 1}), head.weight.view({head.weight.size(0), -1}).t()) + head.bias;
  return y.permute({0, 4, 1, 2, 3}).contiguous();
}

}  // namespace tss
