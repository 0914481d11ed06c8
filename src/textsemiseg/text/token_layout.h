// Texts of several lengths as the rows of one matrix, so that a transformer's linear maps do no work for padding.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace tss {

// N texts of positions `first` to end[n] (first: 0, or 1 where the first token is known beforehand) are T rows of a matrix. Where little
// is padding the rows are simply those of the padded tensor, [N, L', C] with L' = length - first, and T = N L'.
class TokenLayout {
 public:
  enum class Attention { kCausal, kWithinText };

  // end: [N] on the CPU; length: L. like: device of the index tensors, type of the masks.
  TokenLayout(const torch::Tensor& end, int64_t length, int64_t first, Attention attention, const torch::TensorOptions& like);

  int64_t texts() const { return texts_; }
  int64_t positions() const { return positions_; }  // L'

  torch::Tensor pack(const torch::Tensor& padded) const;           // [N, L', C] -> [T, C]
  torch::Tensor unpack(const torch::Tensor& rows) const;           // [T, C] -> [N, L', C]
  const torch::Tensor& first_rows() const { return first_rows_; }  // [N], each text's first row
  const torch::Tensor& last_rows() const { return last_rows_; }    // [N], each text's last row
  torch::Tensor averaging() const;                                 // [N, T]: times [T, C] it is the mean over each text

  // Added to attention scores, 0 or -infinity; undefined where every key counts. The second is for one query per text, the one at its
  // end (causal) or any (within the text). Keys include the first token where it is known beforehand.
  const torch::Tensor& mask() const { return mask_; }                // [N or 1, 1, L', keys]
  const torch::Tensor& single_mask() const { return single_mask_; }  // [N, 1, 1, keys]

 private:
  int64_t texts_, positions_;
  std::vector<int64_t> lengths_;  // without positions before `first`
  std::vector<int64_t> start_;    // each text's first row
  torch::TensorOptions like_;
  torch::Tensor packed_, place_;  // [T] into N L', [N L'] into T; undefined where nothing is left out
  torch::Tensor first_rows_, last_rows_, mask_, single_mask_;
};

}  // namespace tss
