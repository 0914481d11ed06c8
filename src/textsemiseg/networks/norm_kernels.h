// The inner loops of norm_relu.h over one piece of memory. They know neither LibTorch nor threads.
//
// A piece holds values of `channels` channels in turn (channels-last memory), or of one channel (channels = 1). Sums are kept in up to
// kNormLanes lanes, each of one channel, whatever the processor's vectors are: results do not depend on the instruction set.
#pragma once

#include <cstdint>

namespace tss {

constexpr int64_t kNormLanes = 64;

// Lanes in use for that many channels, at most kNormLanes of them: a multiple of channels.
inline int64_t norm_lanes(int64_t channels) { return channels == 1 ? 1 : channels * (kNormLanes / channels); }

// z = (x - mean) scale + shift for each lane; norm_lanes(channels) numbers in every array.
struct NormLanes {
  const float* mean = nullptr;
  const float* scale = nullptr;
  const float* shift = nullptr;
};

// T: float, or uint16_t for the bits of a bfloat16. count: a multiple of channels.
template <class T>
struct NormKernels {
  // Mean of each channel, and the sum of squared distances from it, over count / channels values.
  void (*moments)(const T* x, int64_t count, int64_t channels, float* mean, float* squares);
  // y = max(z, 0) + skip; skip may be null. NaN stays NaN.
  void (*forward)(const T* x, const T* skip, T* y, int64_t count, int64_t channels, const NormLanes& lanes);
  // With dz = dy where z > 0: for each channel the sums of dz and of dz (x - mean).
  void (*backward_sums)(const T* x, const T* dy, int64_t count, int64_t channels, const NormLanes& lanes, float* sum,
                        float* product);
  // dx = scale (dz - offset - (x - mean) slope)
  void (*backward)(const T* x, const T* dy, T* dx, int64_t count, int64_t channels, const NormLanes& lanes, const float* offset,
                   const float* slope);
};

// Those for the processor at hand.
template <class T>
const NormKernels<T>& norm_kernels();

}  // namespace tss
