#include "textsemiseg/text/frozen_linear.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "textsemiseg/text/thin_product.h"

namespace tss {
namespace {

std::atomic<int64_t> thin_rows{64};

bool is_thin(const torch::Tensor& x, const torch::Tensor& weight) {
  return x.device().is_cpu() && x.scalar_type() == torch::kFloat32 && x.size(0) <= thin_rows && x.size(0) > 0 &&
         (weight.scalar_type() == torch::kFloat32 || weight.scalar_type() == torch::kBFloat16) && weight.is_contiguous() &&
         weight.size(0) % kLanes == 0 && weight.size(1) % kLanes == 0 && thin_product() != nullptr;
}

// [rows, columns] -> [groups][columns][16]
torch::Tensor as_lanes(const torch::Tensor& x) {
  const int64_t rows = x.size(0), columns = x.size(1), groups = (rows + kLanes - 1) / kLanes;
  const torch::Tensor plain = x.contiguous();
  torch::Tensor out = torch::empty({groups, columns, kLanes}, x.options());
  const float* from = plain.const_data_ptr<float>();
  float* to = out.data_ptr<float>();
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t count = std::min(kLanes, rows - g * kLanes);
    for (int64_t c = 0; c < columns; ++c) {
      float* lanes = to + (g * columns + c) * kLanes;
      for (int64_t t = 0; t < count; ++t) lanes[t] = from[(g * kLanes + t) * columns + c];
      for (int64_t t = count; t < kLanes; ++t) lanes[t] = 0;
    }
  }
  return out;
}

// [groups][columns][16] -> [rows, columns], columns begin to end, plus a bias
void from_lanes(const float* lanes, const float* bias, int64_t rows, int64_t columns, int64_t begin, int64_t end, float* to) {
  for (int64_t t = 0; t < rows; ++t) {
    const float* from = lanes + t / kLanes * columns * kLanes + t % kLanes;
    for (int64_t c = begin; c < end; ++c) to[t * columns + c] = from[c * kLanes] + (bias == nullptr ? 0.0f : bias[c]);
  }
}

// transposed: x W instead of x W^T.
torch::Tensor thin(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, bool transposed) {
  const FrozenMatrix w{weight.const_data_ptr(), weight.size(0), weight.size(1), weight.scalar_type() == torch::kBFloat16};
  const int64_t rows = x.size(0), columns = transposed ? w.columns : w.rows;
  const torch::Tensor lanes = as_lanes(x);
  torch::Tensor sums = torch::empty({lanes.size(0), columns, kLanes}, x.options()),
                out = torch::empty({rows, columns}, x.options());
  const float *from = lanes.const_data_ptr<float>(), *offset = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
  float *sum = sums.data_ptr<float>(), *to = out.data_ptr<float>();
  // Every sum is made by one thread in one order: the number of threads changes no bit.
  const auto product = transposed ? thin_product()->columns : thin_product()->rows;
  const int64_t threads = at::get_num_threads(), blocks = columns / kLanes, share = (blocks + threads - 1) / threads;
  at::parallel_for(0, blocks, share, [&](int64_t begin, int64_t end) {
    product(w, from, lanes.size(0), sum, begin * kLanes, end * kLanes);
    from_lanes(sum, offset, rows, columns, begin * kLanes, end * kLanes, to);
  });
  return out;
}

torch::Tensor forwards(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  if (is_thin(x, weight) && (!bias.defined() || bias.scalar_type() == torch::kFloat32)) return thin(x, weight, bias, false);
  return torch::linear(x, weight.to(x.scalar_type()), bias.defined() ? bias.to(x.scalar_type()) : bias);
}

torch::Tensor backwards(const torch::Tensor& gradient, const torch::Tensor& weight) {
  if (is_thin(gradient, weight)) return thin(gradient, weight, {}, true);
  return gradient.matmul(weight.to(gradient.scalar_type()));
}

class FrozenLinear : public torch::autograd::Function<FrozenLinear> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x, const torch::Tensor& weight,
                               const std::optional<torch::Tensor>& bias) {
    context->save_for_backward({weight});
    return forwards(x, weight, bias.value_or(torch::Tensor()));
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               const torch::autograd::tensor_list& gradients) {
    return {backwards(gradients[0], context->get_saved_variables()[0]), {}, {}};
  }
};

}  // namespace

torch::Tensor frozen_linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  TORCH_CHECK(x.dim() == 2 && x.size(1) == weight.size(1), "a frozen map of shape ", weight.sizes(), " was given ", x.sizes());
  if (torch::GradMode::is_enabled() && x.requires_grad()) {
    return FrozenLinear::apply(x, weight, bias.defined() ? std::optional(bias) : std::nullopt);
  }
  return forwards(x, weight, bias);
}

void set_thin_rows(int64_t rows) { thin_rows = rows; }

}  // namespace tss
