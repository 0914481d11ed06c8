#include "textsemiseg/workflows/convolution_check.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr int64_t kIn = 5, kOut = 7, kSide = 12;

double relative_error(const torch::Tensor& value, const torch::Tensor& reference) {
  const auto to_host = [](const torch::Tensor& t) { return t.detach().to(torch::kCPU, torch::kFloat64); };
  const torch::Tensor a = to_host(value), b = to_host(reference);
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

// Convolution with padding 1 as its definition says. x [N, I, S, S, S], w [O, I, 3, 3, 3], b [O], all float64 -> [N, O, S, S, S]
torch::Tensor plain_convolution(const torch::Tensor& x, const torch::Tensor& w, const torch::Tensor& b) {
  torch::Tensor y = torch::empty({x.size(0), kOut, kSide, kSide, kSide}, torch::kFloat64);
  const auto in = x.accessor<double, 5>(), weight = w.accessor<double, 5>();
  const auto bias = b.accessor<double, 1>();
  auto out = y.accessor<double, 5>();
  for (int64_t n = 0; n < x.size(0); ++n)
    for (int64_t o = 0; o < kOut; ++o)
      for (int64_t i = 0; i < kSide; ++i)
        for (int64_t j = 0; j < kSide; ++j)
          for (int64_t k = 0; k < kSide; ++k) {
            double sum = bias[o];
            for (int64_t c = 0; c < kIn; ++c)
              for (int64_t di = 0; di < 3; ++di)
                for (int64_t dj = 0; dj < 3; ++dj)
                  for (int64_t dk = 0; dk < 3; ++dk) {
                    const int64_t u = i + di - 1, v = j + dj - 1, t = k + dk - 1;
                    if (std::min({u, v, t}) < 0 || std::max({u, v, t}) >= kSide) continue;
                    sum += weight[o][c][di][dj][dk] * in[n][c][u][v][t];
                  }
            out[n][o][i][j][k] = sum;
          }
  return y;
}

struct Convolved {
  torch::Tensor output, input_gradient, weight_gradient;
};

Convolved convolve(const torch::Tensor& x, const torch::Tensor& w, const torch::Tensor& b, const torch::Tensor& upstream,
                   const torch::TensorOptions& options) {
  const auto own = [&](const torch::Tensor& t) { return t.detach().to(options).requires_grad_(true); };
  const torch::Tensor input = own(x), weight = own(w), bias = own(b);
  const torch::Tensor output = torch::conv3d(input, weight, bias, 1, 1);
  output.backward(upstream.to(options));
  return {output, input.grad(), weight.grad()};
}

void compare(SelfTest& result, const std::string& name, const Convolved& value, const Convolved& reference, double tolerance) {
  result.checks.push_back({name + ", forward", relative_error(value.output, reference.output), tolerance});
  result.checks.push_back(
      {name + ", gradient of the input", relative_error(value.input_gradient, reference.input_gradient), tolerance});
  result.checks.push_back(
      {name + ", gradient of the weights", relative_error(value.weight_gradient, reference.weight_gradient), tolerance});
}

Timing time_layer(const std::string& name, const torch::TensorOptions& options, bool backward) {
  const torch::Tensor x = torch::randn({4, 16, 48, 48, 48}).to(options).requires_grad_(backward);
  const torch::Tensor w = torch::randn({16, 16, 3, 3, 3}).to(options).requires_grad_(backward);
  double best = std::numeric_limits<double>::infinity();
  for (int repeat = 0; repeat < 4; ++repeat) {
    const Stopwatch watch;
    const torch::Tensor y = torch::conv3d(x, w, {}, 1, 1);
    if (backward) y.backward(torch::ones_like(y));
    if (options.device().is_cuda()) torch::cuda::synchronize();
    best = std::min(best, watch.seconds());
  }
  const double operations = 2.0 * 4 * 48 * 48 * 48 * 16 * 16 * 27 * (backward ? 3 : 1);
  return {name, best * 1e3, operations / best * 1e-9};
}

}  // namespace

SelfTest convolution_self_test() {
  SelfTest result;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(7);
  const auto draw = [&](at::IntArrayRef shape) { return torch::randn(shape, generator, torch::kFloat64); };
  const torch::Tensor x = draw({2, kIn, kSide, kSide, kSide}), w = draw({kOut, kIn, 3, 3, 3}), b = draw({kOut});
  const torch::Tensor upstream = draw({2, kOut, kSide, kSide, kSide});

  const Convolved wide = convolve(x, w, b, upstream, torch::kFloat64);
  result.checks.push_back(
      {"float64 against a plain loop, forward", relative_error(wide.output, plain_convolution(x, w, b)), 1e-12});
  compare(result, "float32 against float64", convolve(x, w, b, upstream, torch::kFloat32), wide, 1e-5);
  compare(result, "bfloat16 against float64", convolve(x, w, b, upstream, torch::kBFloat16), wide, 2e-2);
  for (int device = 0; device < static_cast<int>(torch::cuda::device_count()); ++device) {
    const auto on_device = torch::TensorOptions(torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(device)));
    // TensorFloat-32, which CUDA convolutions use by default, keeps ten bits.
    compare(result, concat("cuda:", device, " float32 against float64"),
            convolve(x, w, b, upstream, on_device.dtype(torch::kFloat32)), wide, 5e-3);
    compare(result, concat("cuda:", device, " bfloat16 against float64"),
            convolve(x, w, b, upstream, on_device.dtype(torch::kBFloat16)), wide, 2e-2);
    result.timings.push_back(
        time_layer(concat("cuda:", device, " float32, forward and backward"), on_device.dtype(torch::kFloat32), true));
  }
  result.timings.push_back(time_layer("float32, forward", torch::kFloat32, false));
  result.timings.push_back(time_layer("float32, forward and backward", torch::kFloat32, true));
  result.timings.push_back(time_layer("bfloat16, forward", torch::kBFloat16, false));
  result.timings.push_back(time_layer("bfloat16, forward and backward", torch::kBFloat16, true));
  return result;
}

}  // namespace tss
