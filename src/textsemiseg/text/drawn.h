// Values drawn from the seed for the text sources. Every row has its own key: any number of threads draws the same, and a class
// keeps its vector whatever the other classes are.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace tss {

// Key `index` of Stream::kText, by use.
constexpr uint32_t kPromptNumbers = 0, kVectorNumbers = 1, kEncoderNumbers = 2;  // the last and all after it

// [rows, columns] float, normal with mean 0.
torch::Tensor drawn_normal(int64_t rows, int64_t columns, double deviation, uint64_t seed, uint32_t number);

// Fills a contiguous float tensor, row by row of its first dimension, with uniform values of mean 0 and the given standard
// deviation: made from whole numbers and one product they are equal on every machine, which normal ones need not be.
void draw_uniform(torch::Tensor& tensor, double deviation, uint64_t seed, uint32_t number);

}  // namespace tss
