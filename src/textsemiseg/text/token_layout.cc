#include "textsemiseg/text/token_layout.h"

#include <algorithm>
#include <cmath>

namespace tss {
namespace {

constexpr double kWorthPacking = 0.8;  // share of tokens among the padded positions

torch::Tensor numbers(const std::vector<int64_t>& values, const torch::TensorOptions& like) {
  return torch::tensor(values, torch::kInt64).to(like.device());
}

}  // namespace

TokenLayout::TokenLayout(const torch::Tensor& end, int64_t length, int64_t first, Attention attention,
                         const torch::TensorOptions& like)
    : texts_(end.size(0)), positions_(length - first), like_(like) {
  TORCH_CHECK(end.device().is_cpu() && texts_ > 0 && positions_ > 0, "a token layout of ", texts_, " texts of ", length,
              " positions");
  int64_t tokens = 0;
  for (int64_t n = 0; n < texts_; ++n) {
    lengths_.push_back(end.const_data_ptr<int64_t>()[n] + 1 - first);
    TORCH_CHECK(lengths_.back() >= 1 && lengths_.back() <= positions_, "a text ends at ", lengths_.back() - 1 + first, " of ",
                length, " positions");
    tokens += lengths_.back();
  }
  const bool pack = static_cast<double>(tokens) < kWorthPacking * static_cast<double>(texts_ * positions_);
  std::vector<int64_t> packed, place(static_cast<size_t>(texts_ * positions_), 0), last;
  for (int64_t n = 0; n < texts_; ++n) {
    const int64_t own = lengths_[static_cast<size_t>(n)];
    start_.push_back(pack ? static_cast<int64_t>(packed.size()) : n * positions_);
    last.push_back(start_.back() + own - 1);
    for (int64_t i = 0; i < own; ++i) {
      place[static_cast<size_t>(n * positions_ + i)] = start_.back() + i;
      packed.push_back(n * positions_ + i);
    }
  }
  if (pack) {
    packed_ = numbers(packed, like);
    place_ = numbers(place, like);
  }
  first_rows_ = numbers(start_, like);
  last_rows_ = numbers(last, like);

  const int64_t keys = length;
  const torch::Tensor key = torch::arange(keys).view({1, 1, 1, keys}), own_end = end.view({texts_, 1, 1, 1});
  const auto added = [&](const torch::Tensor& barred) {
    return torch::zeros(barred.sizes(), like.device(torch::kCPU)).masked_fill_(barred, -INFINITY).to(like.device());
  };
  const bool ragged = (end < length - 1).any().item<bool>();
  if (ragged) single_mask_ = added(key > own_end);
  if (attention == Attention::kCausal) {
    // Padding lies behind every end token, out of its reach.
    mask_ = added(key > torch::arange(first, length).view({1, 1, positions_, 1}));
  } else if (ragged) {
    mask_ = added((key > own_end).expand({texts_, 1, positions_, keys}));
  }
}

torch::Tensor TokenLayout::pack(const torch::Tensor& padded) const {
  const torch::Tensor rows = padded.reshape({texts_ * positions_, padded.size(2)});
  return packed_.defined() ? rows.index_select(0, packed_) : rows;
}

torch::Tensor TokenLayout::unpack(const torch::Tensor& rows) const {
  return (place_.defined() ? rows.index_select(0, place_) : rows).view({texts_, positions_, rows.size(1)});
}

torch::Tensor TokenLayout::averaging() const {
  const int64_t rows = packed_.defined() ? packed_.size(0) : texts_ * positions_;
  torch::Tensor out = torch::zeros({texts_, rows}, like_.device(torch::kCPU));
  for (int64_t n = 0; n < texts_; ++n) {
    const int64_t own = lengths_[static_cast<size_t>(n)], from = start_[static_cast<size_t>(n)];
    out[n].narrow(0, from, own).fill_(1.0 / static_cast<double>(own));
  }
  return out.to(like_.device());
}

}  // namespace tss
