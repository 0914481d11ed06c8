#include "textsemiseg/networks/norm_kernels.h"

#include <algorithm>
#include <bit>
#include <type_traits>

namespace tss {
namespace {

// Compiled once for every instruction set, inside the function that asks for it.
#define TSS_KERNEL inline __attribute__((always_inline))

TSS_KERNEL float loaded(const float* p) { return *p; }
TSS_KERNEL float loaded(const uint16_t* p) { return std::bit_cast<float>(static_cast<uint32_t>(*p) << 16); }

TSS_KERNEL void store(float* p, float value) { *p = value; }
TSS_KERNEL void store(uint16_t* p, float value) {  // to the nearest, ties to even
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  *p = static_cast<uint16_t>(value != value ? 0x7fc0u : rounded);
}

// body(first element, lane of the first element, elements): pieces of at most kNormLanes elements, whose elements lie in lanes
// 0, 1, ... Full pieces have a length that the compiler knows.
template <class Body>
TSS_KERNEL void in_pieces(int64_t count, int64_t lanes, const Body& body) {
  int64_t i = 0;
  if (lanes == kNormLanes)
    for (; i + kNormLanes <= count; i += kNormLanes) body(i, std::integral_constant<int64_t, kNormLanes>());
  for (; i < count; i += lanes) body(i, std::min(lanes, count - i));
}

// A single channel uses every lane for its sums.
TSS_KERNEL int64_t sum_lanes(int64_t channels) { return channels == 1 ? kNormLanes : norm_lanes(channels); }

// Coefficient of lane j: one for all where there is one channel.
template <bool kOne>
TSS_KERNEL float of(const float* values, int64_t j) {
  return kOne ? values[0] : values[j];
}

TSS_KERNEL void sum_over_lanes(const float* lanes, int64_t used, int64_t channels, float* out) {
  for (int64_t c = 0; c < channels; ++c) {
    float sum = 0;
    for (int64_t j = c; j < used; j += channels) sum += lanes[j];
    out[c] = sum;
  }
}

template <class T>
TSS_KERNEL void moments(const T* __restrict x, int64_t count, int64_t channels, float* __restrict mean,
                        float* __restrict squares) {
  const int64_t lanes = sum_lanes(channels);
  const float rows = static_cast<float>(count / channels);
  // Distances from a value of the channel itself: constant channels come out exact, and large means cost no digits.
  float sums[kNormLanes] = {}, from[kNormLanes] = {}, total[kNormLanes] = {};
  for (int64_t j = 0; j < lanes; ++j) from[j] = loaded(x + j % channels);
  in_pieces(count, lanes, [&](int64_t i, auto n) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) sums[j] += loaded(x + i + j) - from[j];
  });
  sum_over_lanes(sums, lanes, channels, total);
  for (int64_t c = 0; c < channels; ++c) mean[c] = from[c] + total[c] / rows;
  for (int64_t j = 0; j < lanes; ++j) from[j] = mean[j % channels];
  std::fill_n(sums, kNormLanes, 0.0f);
  in_pieces(count, lanes, [&](int64_t i, auto n) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
      const float d = loaded(x + i + j) - from[j];
      sums[j] += d * d;
    }
  });
  sum_over_lanes(sums, lanes, channels, squares);
}

template <class T, bool kOne, bool kSkip>
TSS_KERNEL void forward_of(const T* __restrict x, const T* __restrict skip, T* __restrict y, int64_t count, int64_t lanes,
                           const NormLanes& c) {
  const float* const __restrict mean = c.mean;
  const float* const __restrict scale = c.scale;
  const float* const __restrict shift = c.shift;
  in_pieces(count, lanes, [&](int64_t i, auto n) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
      const float z = (loaded(x + i + j) - of<kOne>(mean, j)) * of<kOne>(scale, j) + of<kOne>(shift, j);
      const float positive = z <= 0 ? 0.0f : z;
      store(y + i + j, kSkip ? positive + loaded(skip + i + j) : positive);
    }
  });
}

template <class T>
TSS_KERNEL void forward(const T* x, const T* skip, T* y, int64_t count, int64_t channels, const NormLanes& c) {
  const int64_t lanes = sum_lanes(channels);
  if (channels == 1)
    skip ? forward_of<T, true, true>(x, skip, y, count, lanes, c) : forward_of<T, true, false>(x, x, y, count, lanes, c);
  else
    skip ? forward_of<T, false, true>(x, skip, y, count, lanes, c) : forward_of<T, false, false>(x, x, y, count, lanes, c);
}

template <class T, bool kOne>
TSS_KERNEL void backward_sums_of(const T* __restrict x, const T* __restrict dy, int64_t count, int64_t lanes, const NormLanes& c,
                                 float* __restrict sums, float* __restrict products) {
  const float* const __restrict mean = c.mean;
  const float* const __restrict scale = c.scale;
  const float* const __restrict shift = c.shift;
  in_pieces(count, lanes, [&](int64_t i, auto n) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
      const float d = loaded(x + i + j) - of<kOne>(mean, j);
      const float z = d * of<kOne>(scale, j) + of<kOne>(shift, j);
      const float g = loaded(dy + i + j);
      const float dz = z <= 0 ? 0.0f : g;
      sums[j] += dz;
      products[j] += dz * d;
    }
  });
}

template <class T>
TSS_KERNEL void backward_sums(const T* x, const T* dy, int64_t count, int64_t channels, const NormLanes& c, float* sum,
                              float* product) {
  const int64_t lanes = sum_lanes(channels);
  float sums[kNormLanes] = {}, products[kNormLanes] = {};
  if (channels == 1)
    backward_sums_of<T, true>(x, dy, count, lanes, c, sums, products);
  else
    backward_sums_of<T, false>(x, dy, count, lanes, c, sums, products);
  sum_over_lanes(sums, lanes, channels, sum);
  sum_over_lanes(products, lanes, channels, product);
}

template <class T, bool kOne>
TSS_KERNEL void backward_of(const T* __restrict x, const T* __restrict dy, T* __restrict dx, int64_t count, int64_t lanes,
                            const NormLanes& c, const float* __restrict offset, const float* __restrict slope) {
  const float* const __restrict mean = c.mean;
  const float* const __restrict scale = c.scale;
  const float* const __restrict shift = c.shift;
  in_pieces(count, lanes, [&](int64_t i, auto n) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
      const float d = loaded(x + i + j) - of<kOne>(mean, j);
      const float z = d * of<kOne>(scale, j) + of<kOne>(shift, j);
      const float g = loaded(dy + i + j);
      const float dz = z <= 0 ? 0.0f : g;
      store(dx + i + j, of<kOne>(scale, j) * (dz - of<kOne>(offset, j) - d * of<kOne>(slope, j)));
    }
  });
}

template <class T>
TSS_KERNEL void backward(const T* x, const T* dy, T* dx, int64_t count, int64_t channels, const NormLanes& c, const float* offset,
                         const float* slope) {
  const int64_t lanes = sum_lanes(channels);
  if (channels == 1)
    backward_of<T, true>(x, dy, dx, count, lanes, c, offset, slope);
  else
    backward_of<T, false>(x, dy, dx, count, lanes, c, offset, slope);
}

// The four loops under a name of its own for each instruction set.
#define TSS_NORM_KERNELS(suffix, target)                                                                                       \
  template <class T>                                                                                                           \
  target void moments_##suffix(const T* x, int64_t count, int64_t channels, float* mean, float* squares) {                     \
    moments(x, count, channels, mean, squares);                                                                                \
  }                                                                                                                            \
  template <class T>                                                                                                           \
  target void forward_##suffix(const T* x, const T* skip, T* y, int64_t count, int64_t channels, const NormLanes& c) {         \
    forward(x, skip, y, count, channels, c);                                                                                   \
  }                                                                                                                            \
  template <class T>                                                                                                           \
  target void backward_sums_##suffix(const T* x, const T* dy, int64_t count, int64_t channels, const NormLanes& c, float* sum, \
                                     float* product) {                                                                         \
    backward_sums(x, dy, count, channels, c, sum, product);                                                                    \
  }                                                                                                                            \
  template <class T>                                                                                                           \
  target void backward_##suffix(const T* x, const T* dy, T* dx, int64_t count, int64_t channels, const NormLanes& c,           \
                                const float* offset, const float* slope) {                                                     \
    backward(x, dy, dx, count, channels, c, offset, slope);                                                                    \
  }                                                                                                                            \
  template <class T>                                                                                                           \
  constexpr NormKernels<T> kernels_##suffix{moments_##suffix<T>, forward_##suffix<T>, backward_sums_##suffix<T>,               \
                                            backward_##suffix<T>};

TSS_NORM_KERNELS(plain, )
#ifdef __x86_64__
TSS_NORM_KERNELS(avx2, __attribute__((target("avx2"))))
#endif
#undef TSS_NORM_KERNELS
#undef TSS_KERNEL

}  // namespace

template <class T>
const NormKernels<T>& norm_kernels() {
#ifdef __x86_64__
  static const bool avx2 = __builtin_cpu_supports("avx2") != 0;
  if (avx2) return kernels_avx2<T>;
#endif
  return kernels_plain<T>;
}

template const NormKernels<float>& norm_kernels<float>();
template const NormKernels<uint16_t>& norm_kernels<uint16_t>();

}  // namespace tss
