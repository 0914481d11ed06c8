#include "textsemiseg/text/drawn.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "textsemiseg/base/random.h"

namespace tss {

torch::Tensor drawn_normal(int64_t rows, int64_t columns, double deviation, uint64_t seed, uint32_t number) {
  torch::Tensor out = torch::empty({rows, columns});
  float* data = out.data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row) {
    Random random(seed, Stream::kText, static_cast<uint64_t>(row), number);
    for (int64_t i = row * columns; i < (row + 1) * columns; ++i) data[i] = static_cast<float>(deviation * random.normal());
  }
  return out;
}

void draw_uniform(torch::Tensor& tensor, double deviation, uint64_t seed, uint32_t number) {
  const int64_t rows = tensor.size(0), columns = tensor.numel() / rows;
  float* data = tensor.data_ptr<float>();
  const float scale = static_cast<float>(deviation * std::sqrt(3.0) * 0x1.0p-31);
  at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      Random random(seed, Stream::kText, static_cast<uint64_t>(row), number);
      for (int64_t i = row * columns; i < (row + 1) * columns; ++i) {
        data[i] = static_cast<float>(static_cast<int32_t>(random.next())) * scale;
      }
    }
  });
}

}  // namespace tss
