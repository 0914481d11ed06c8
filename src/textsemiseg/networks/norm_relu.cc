#include "textsemiseg/networks/norm_relu.h"

#include <ATen/Parallel.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <cmath>
#include <optional>
#include <vector>

#include "textsemiseg/networks/memory_layout.h"
#include "textsemiseg/networks/norm_kernels.h"

namespace tss {
namespace {

constexpr int64_t kPiece = 4096;  // elements: one or two pieces stay in the first-level cache

// How the values of x lie in memory: segments that each hold `channels` channels in turn, cut into pieces.
struct Pieces {
  Pieces(const torch::Tensor& x, bool per_sample) {
    const int64_t samples = x.size(0), width = x.size(1), voxels = x.size(2) * x.size(3) * x.size(4);
    const bool last = !x.is_contiguous();
    channels = last ? width : 1;
    segment = last ? voxels * width : voxels;
    segments = last ? samples : samples * width;
    lanes = norm_lanes(channels);
    length = kPiece / lanes * lanes;
    of_segment = (segment + length - 1) / length;
    groups = (per_sample ? segments : segments / samples);
    values = voxels * (per_sample ? 1 : samples);
  }
  int64_t count() const { return segments * of_segment; }
  int64_t begin(int64_t piece) const { return piece / of_segment * segment + piece % of_segment * length; }
  int64_t size(int64_t piece) const { return std::min(length, segment - piece % of_segment * length); }
  // Segments with statistics of their own: every one, or the same in every sample.
  int64_t group(int64_t piece) const { return piece / of_segment % groups; }

  int64_t channels, segment, segments, lanes, length, of_segment, groups;
  int64_t values;  // that statistics are taken over
};

int64_t grain(const Pieces& pieces) { return std::max<int64_t>(1, 32768 / std::min(pieces.length, pieces.segment)); }

// f(piece, values of its lanes' group in table): table [groups, lanes]
const float* lanes_at(const std::vector<float>& table, const Pieces& pieces, int64_t piece) {
  return table.data() + pieces.group(piece) * pieces.lanes;
}

// Statistics and what follows from them, a number per group and lane.
struct Coefficients {
  std::vector<float> mean, scale, shift;
  NormLanes at(const Pieces& pieces, int64_t piece) const {
    return {lanes_at(mean, pieces, piece), lanes_at(scale, pieces, piece), lanes_at(shift, pieces, piece)};
  }
};

template <class T>
struct Bits {
  using Type = T;
};
template <>
struct Bits<at::BFloat16> {
  using Type = uint16_t;
};

template <class F>
void with_type(torch::ScalarType type, const F& f) {
  if (type == torch::kFloat32)
    f(float{});
  else
    f(at::BFloat16{});
}

template <class T>
typename Bits<T>::Type* bits(const torch::Tensor& x) {
  return reinterpret_cast<typename Bits<T>::Type*>(x.data_ptr<T>());
}

// Mean and variance (over n) of each group and channel, [groups x channels] in that order. Pieces are put together in their order
// (Chan et al., 1983), so that the number of threads does not matter.
void take_statistics(const torch::Tensor& x, const Pieces& p, std::vector<float>& mean, std::vector<float>& variance) {
  const int64_t c = p.channels;
  std::vector<float> means(static_cast<size_t>(p.count() * c)), squares(means.size());
  with_type(x.scalar_type(), [&](auto type) {
    using T = decltype(type);
    const auto& kernels = norm_kernels<typename Bits<T>::Type>();
    const auto* data = bits<T>(x);
    at::parallel_for(0, p.count(), grain(p), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        kernels.moments(data + p.begin(i), p.size(i), c, means.data() + i * c, squares.data() + i * c);
    });
  });
  mean.resize(static_cast<size_t>(p.groups * c));
  variance.resize(mean.size());
  at::parallel_for(0, p.groups * c, 16, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t group = at / c, channel = at % c;
      double count = 0, m = 0, m2 = 0;
      for (int64_t s = group; s < p.segments; s += p.groups)
        for (int64_t i = s * p.of_segment; i < (s + 1) * p.of_segment; ++i) {
          const auto k = static_cast<size_t>(i * c + channel);
          const double n = static_cast<double>(p.size(i) / c), delta = static_cast<double>(means[k]) - m;
          count += n;
          m += delta * n / count;
          m2 += static_cast<double>(squares[k]) + delta * delta * (count - n) * n / count;
        }
      // Squares that overflow would make the scale 0 and hide a network that has diverged behind a finite loss.
      mean[static_cast<size_t>(at)] = std::isfinite(static_cast<float>(m2)) ? static_cast<float>(m) : std::nanf("");
      variance[static_cast<size_t>(at)] = static_cast<float>(m2 / count);
    }
  });
}

// Index of the channel that lane j of a group belongs to.
int64_t channel_of(const Pieces& p, int64_t group, int64_t lane, int64_t width) {
  return p.channels == 1 ? group % width : lane % p.channels;
}

Coefficients coefficients(const Pieces& p, const torch::Tensor& mean, const torch::Tensor& inverse, const torch::Tensor& weight,
                          const torch::Tensor& bias, int64_t width) {
  Coefficients out;
  const auto* m = mean.const_data_ptr<float>();
  const auto* v = inverse.const_data_ptr<float>();
  const float* w = weight.defined() ? weight.const_data_ptr<float>() : nullptr;
  const float* b = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
  for (int64_t group = 0; group < p.groups; ++group)
    for (int64_t lane = 0; lane < p.lanes; ++lane) {
      const int64_t channel = channel_of(p, group, lane, width), at = group * p.channels + lane % p.channels;
      out.mean.push_back(m[at]);
      out.scale.push_back(v[at] * (w ? w[channel] : 1.0f));
      out.shift.push_back(b ? b[channel] : 0.0f);
    }
  return out;
}

struct Settings {
  bool per_sample = false;      // instance norm
  bool own_statistics = false;  // of x, not the running ones
  double momentum = 0, eps = 0;
  torch::Tensor running_mean, running_variance;  // undefined: none to follow or to use
};

class NormRelu : public torch::autograd::Function<NormRelu> {
 public:
  // apply() refuses undefined tensors, hence the optional ones.
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const std::optional<torch::Tensor>& weight_or_none,
                               const std::optional<torch::Tensor>& bias_or_none, const std::optional<torch::Tensor>& skip_or_none,
                               const Settings& settings) {
    const torch::Tensor weight = weight_or_none.value_or(torch::Tensor()), bias = bias_or_none.value_or(torch::Tensor());
    const torch::Tensor skip = skip_or_none.value_or(torch::Tensor());
    torch::Tensor running_mean = settings.running_mean, running_variance = settings.running_variance;
    const int64_t width = x.size(1);
    const Pieces p(x, settings.per_sample);
    torch::Tensor mean, inverse;
    if (settings.own_statistics) {
      std::vector<float> means, variances;
      take_statistics(x, p, means, variances);
      const auto length = static_cast<int64_t>(means.size());
      mean = torch::empty({length}, torch::kFloat32);
      inverse = torch::empty({length}, torch::kFloat32);
      auto* m = mean.mutable_data_ptr<float>();
      auto* v = inverse.mutable_data_ptr<float>();
      for (int64_t i = 0; i < length; ++i) {
        m[i] = means[static_cast<size_t>(i)];
        v[i] = static_cast<float>(1 / std::sqrt(static_cast<double>(variances[static_cast<size_t>(i)]) + settings.eps));
      }
      if (running_mean.defined()) {
        const torch::Tensor variance = torch::from_blob(variances.data(), {length}, torch::kFloat32);
        const double unbiased = static_cast<double>(p.values) / static_cast<double>(std::max<int64_t>(p.values - 1, 1));
        running_mean.mul_(1 - settings.momentum).add_(mean, settings.momentum);
        running_variance.mul_(1 - settings.momentum).add_(variance, settings.momentum * unbiased);
      }
    } else {
      mean = running_mean;
      inverse = torch::rsqrt(running_variance + settings.eps);
    }
    const Coefficients c = coefficients(p, mean, inverse, weight, bias, width);
    torch::Tensor y = torch::empty_like(x);
    with_type(x.scalar_type(), [&](auto type) {
      using T = decltype(type);
      const auto& kernels = norm_kernels<typename Bits<T>::Type>();
      const auto *from = bits<T>(x), *added = skip.defined() ? bits<T>(skip) : nullptr;
      auto* to = bits<T>(y);
      at::parallel_for(0, p.count(), grain(p), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t at = p.begin(i);
          kernels.forward(from + at, added ? added + at : nullptr, to + at, p.size(i), p.channels, c.at(p, i));
        }
      });
    });
    // Running statistics go on changing; what this result was made with does not.
    context->save_for_backward({x, weight, bias, settings.own_statistics ? mean : mean.clone(), inverse});
    context->saved_data["per_sample"] = settings.per_sample;
    context->saved_data["own_statistics"] = settings.own_statistics;
    context->saved_data["skip"] = skip.defined();
    return y;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &mean = saved[3], &inverse = saved[4];
    const int64_t width = x.size(1);
    const Pieces p(x, context->saved_data["per_sample"].toBool());
    const bool own_statistics = context->saved_data["own_statistics"].toBool();
    const torch::Tensor dy = in_layout_of(gradients[0], x);
    const Coefficients c = coefficients(p, mean, inverse, weight, bias, width);

    const auto length = static_cast<size_t>(p.groups * p.channels);
    std::vector<double> sums(length), products(length);
    torch::Tensor dx = torch::empty_like(x);
    with_type(x.scalar_type(), [&](auto type) {
      using T = decltype(type);
      const auto& kernels = norm_kernels<typename Bits<T>::Type>();
      const auto *from = bits<T>(x), *gradient = bits<T>(dy);
      auto* to = bits<T>(dx);
      std::vector<float> sum(static_cast<size_t>(p.count() * p.channels)), product(sum.size());
      at::parallel_for(0, p.count(), grain(p), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t at = p.begin(i), k = i * p.channels;
          kernels.backward_sums(from + at, gradient + at, p.size(i), p.channels, c.at(p, i), sum.data() + k, product.data() + k);
        }
      });
      at::parallel_for(0, p.groups * p.channels, 16, [&](int64_t begin, int64_t end) {
        for (int64_t at = begin; at < end; ++at)
          for (int64_t s = at / p.channels; s < p.segments; s += p.groups)
            for (int64_t i = s * p.of_segment; i < (s + 1) * p.of_segment; ++i) {
              const auto k = static_cast<size_t>(i * p.channels + at % p.channels);
              sums[static_cast<size_t>(at)] += static_cast<double>(sum[k]);
              products[static_cast<size_t>(at)] += static_cast<double>(product[k]);
            }
      });
      // Own statistics depend on x: dx = scale (dz - mean(dz) - (x - mean) inverse^2 mean(dz (x - mean))).
      std::vector<float> offset(static_cast<size_t>(p.groups * p.lanes)), slope(offset.size());
      const auto* v = inverse.const_data_ptr<float>();
      for (int64_t group = 0; own_statistics && group < p.groups; ++group)
        for (int64_t lane = 0; lane < p.lanes; ++lane) {
          const auto at = static_cast<size_t>(group * p.channels + lane % p.channels);
          const auto k = static_cast<size_t>(group * p.lanes + lane);
          const double n = static_cast<double>(p.values), s = static_cast<double>(v[at]);
          offset[k] = static_cast<float>(sums[at] / n);
          slope[k] = static_cast<float>(products[at] / n * s * s);
        }
      at::parallel_for(0, p.count(), grain(p), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t at = p.begin(i);
          kernels.backward(from + at, gradient + at, to + at, p.size(i), p.channels, c.at(p, i), lanes_at(offset, p, i),
                           lanes_at(slope, p, i));
        }
      });
    });

    torch::Tensor dweight, dbias;
    if (weight.defined()) {
      std::vector<double> w(static_cast<size_t>(width)), b(w.size());
      const auto* v = inverse.const_data_ptr<float>();
      for (size_t at = 0; at < length; ++at) {
        const auto group = static_cast<int64_t>(at) / p.channels, lane = static_cast<int64_t>(at) % p.channels;
        const auto channel = static_cast<size_t>(channel_of(p, group, lane, width));
        w[channel] += products[at] * static_cast<double>(v[at]);
        b[channel] += sums[at];
      }
      dweight = torch::tensor(w, torch::kFloat32);
      dbias = torch::tensor(b, torch::kFloat32);
    }
    const torch::Tensor dskip = context->saved_data["skip"].toBool() ? gradients[0] : torch::Tensor();
    return {dx, dweight, dbias, dskip, {}};
  }
};

bool fits(const torch::Tensor& x, const torch::Tensor& parameter) {
  const bool type = x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16;
  return x.device().is_cpu() && type && x.dim() == 5 && x.numel() > 0 && !torch::jit::tracer::isTracing() &&
         (!parameter.defined() || parameter.scalar_type() == torch::kFloat32);
}

// x in one of the two layouts that the kernels know.
torch::Tensor readable(const torch::Tensor& x) {
  if (x.is_contiguous()) return x;
  return x.size(1) <= kNormLanes && x.is_contiguous(torch::MemoryFormat::ChannelsLast3d) ? x : x.contiguous();
}

std::optional<torch::Tensor> if_defined(const torch::Tensor& x) { return x.defined() ? std::optional(x) : std::nullopt; }

torch::Tensor fused(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, const torch::Tensor& skip,
                    const Settings& settings) {
  const torch::Tensor from = readable(x);
  const torch::Tensor added = skip.defined() ? in_layout_of(skip.to(from.scalar_type()), from) : skip;
  return NormRelu::apply(from, if_defined(weight), if_defined(bias), if_defined(added), settings);
}

}  // namespace

torch::Tensor norm_relu(torch::nn::BatchNorm3dImpl& norm, const torch::Tensor& x, const torch::Tensor& skip) {
  const auto& options = norm.options;
  const bool own = norm.is_training() || !norm.running_mean.defined();
  const bool one_value = own && x.size(0) * x.size(2) * x.size(3) * x.size(4) == 1;  // an error that the layer words
  if (one_value || !options.momentum() || !fits(x, norm.running_mean) || !fits(x, norm.weight)) {
    const torch::Tensor y = torch::relu(norm.forward(x));
    return skip.defined() ? y + skip : y;
  }
  const bool follow = norm.is_training() && norm.running_mean.defined();
  if (follow && norm.num_batches_tracked.defined()) norm.num_batches_tracked += 1;
  const bool running = follow || !own;
  return fused(x, norm.weight, norm.bias, skip,
               {false, own, *options.momentum(), options.eps(), running ? norm.running_mean : torch::Tensor(),
                running ? norm.running_var : torch::Tensor()});
}

torch::Tensor norm_relu(torch::nn::InstanceNorm3dImpl& norm, const torch::Tensor& x, const torch::Tensor& skip) {
  if (norm.options.track_running_stats() || !fits(x, norm.weight)) {
    const torch::Tensor y = torch::relu(norm.forward(x));
    return skip.defined() ? y + skip : y;
  }
  return fused(x, norm.weight, norm.bias, skip, {true, true, 0, norm.options.eps(), {}, {}});
}

}  // namespace tss
