// Products of a few rows with a large matrix on the CPU, forwards and backwards, from the matrix as it lies: it is read once, in tiles,
// the next of which is on its way to the cache while one is multiplied; a matrix kept in bfloat16 is made float32 tile by tile. General
// matrix products reorder the whole matrix first, which for few rows costs more than the product. No torch here; the caller shares the
// work out over threads.
//
// LibTorch can also reorder a matrix once and keep the copy (mkldnn::_reorder_linear_weight, mkl::_mkl_reorder_linear_weight), for the
// product forwards and float32 alone. Measured with LibTorch 2.13, AVX2 on AMD Zen, one thread, 16 rows, microseconds of processor time:
//
//   matrix         here   F::linear   reordered by oneDNN   by MKL
//    384 x  384      66         107                   152      117
//    512 x  512     128         187                   183      183
//   2048 x  512     524        1031                   791     1049
//    512 x 2048     542         914                   850     1026
//   3072 x  768    1819        3588                  2303     2858
//
// Up to 16 rows lie side by side as the lanes of a group: [groups][columns][16], zeros where there is no row.
#pragma once

#include <cstdint>

namespace tss {

constexpr int64_t kLanes = 16;
constexpr int64_t kTileRows = 16, kTileColumns = 512;

struct FrozenMatrix {
  const void* data;       // [rows, columns], contiguous
  int64_t rows, columns;  // multiples of 16
  bool bfloat16;          // otherwise float32
};

struct ThinProduct {
  // y[g][r][lane] = sum over columns c of w[r][c] x[g][c][lane], for rows r in [begin, end), multiples of 16.
  void (*rows)(const FrozenMatrix& w, const float* x, int64_t groups, float* y, int64_t begin, int64_t end);
  // y[g][c][lane] = sum over rows r of w[r][c] x[g][r][lane], for columns c in [begin, end), multiples of 16.
  void (*columns)(const FrozenMatrix& w, const float* x, int64_t groups, float* y, int64_t begin, int64_t end);
};

// For this processor (AVX-512 or AVX2 with FMA); null on others.
const ThinProduct* thin_product();

extern const ThinProduct kThinProductAvx512, kThinProductAvx2;

}  // namespace tss
