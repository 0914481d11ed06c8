// Products of a few rows with a large matrix on the CPU, forwards and backwards, from the matrix as it lies: it is read once, in tiles,
// the next of which is on its way to the cache while one is multiplied; a matrix kept in bfloat16 is made float32 tile by tile. General
// matrix products reorder the whole matrix first, which for few rows costs more than the product. No torch here; the caller shares the
// work out over threads.
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
