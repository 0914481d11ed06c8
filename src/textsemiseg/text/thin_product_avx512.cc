#include "textsemiseg/text/thin_product.h"

// After all headers: code of the standard library must stay fit for every processor.
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")

namespace tss {
namespace {
constexpr int64_t kWidth = 16;
#include "textsemiseg/text/thin_product_kernel.inc"
}  // namespace

const ThinProduct kThinProductAvx512{row_products, column_products};

}  // namespace tss
