#include "textsemiseg/text/thin_product.h"

// After all headers: code of the standard library must stay fit for every processor.
#pragma GCC target("avx2,fma")

namespace tss {
namespace {
constexpr int64_t kWidth = 8;
#include "textsemiseg/text/thin_product_kernel.inc"
}  // namespace

const ThinProduct kThinProductAvx2{row_products, column_products};

const ThinProduct* thin_product() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq")) {
    return &kThinProductAvx512;
  }
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kThinProductAvx2 : nullptr;
}

}  // namespace tss
