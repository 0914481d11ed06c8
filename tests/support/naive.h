// Plain loops over numbers: what equations are checked against.
#pragma once

#include <torch/torch.h>

#include <cmath>
#include <vector>

namespace tss::testing {

using Row = std::vector<double>;
using Rows = std::vector<Row>;

inline Row row_of(const torch::Tensor& x) {
  const torch::Tensor flat = x.detach().to(torch::kFloat64).contiguous().flatten();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

inline Rows rows_of(const torch::Tensor& x) {  // [R, C]
  Rows out;
  for (int64_t i = 0; i < x.size(0); ++i) out.push_back(row_of(x[i]));
  return out;
}

inline double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// y_i = W x_i + b; an empty bias is none.
inline Rows linear(const Rows& x, const Rows& weight, const Row& bias = {}) {
  Rows out;
  for (const Row& one : x) {
    Row y;
    for (size_t o = 0; o < weight.size(); ++o) y.push_back(dot(weight[o], one) + (bias.empty() ? 0 : bias[o]));
    out.push_back(y);
  }
  return out;
}

inline Row softmax(const Row& x) {
  Row out;
  double sum = 0;
  for (const double one : x) sum += std::exp(one);
  for (const double one : x) out.push_back(std::exp(one) / sum);
  return out;
}

inline Rows layer_norm(const Rows& x, const Row& weight, const Row& bias) {
  Rows out;
  for (const Row& one : x) {
    const auto n = static_cast<double>(one.size());
    double mean = 0, variance = 0;
    for (const double v : one) mean += v / n;
    for (const double v : one) variance += (v - mean) * (v - mean) / n;
    Row y;
    for (size_t i = 0; i < one.size(); ++i) y.push_back((one[i] - mean) / std::sqrt(variance + 1e-5) * weight[i] + bias[i]);
    out.push_back(y);
  }
  return out;
}

inline double gelu(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }

inline Rows sum(const Rows& a, const Rows& b) {
  Rows out = a;
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = 0; j < a[i].size(); ++j) out[i][j] += b[i][j];
  return out;
}

// Calls f(n, x, y, z) for every voxel of [N, ..., X, Y, Z].
template <class F>
void for_voxels(const torch::Tensor& x, const F& f) {
  for (int64_t n = 0; n < x.size(0); ++n)
    for (int64_t i = 0; i < x.size(-3); ++i)
      for (int64_t j = 0; j < x.size(-2); ++j)
        for (int64_t k = 0; k < x.size(-1); ++k) f(n, i, j, k);
}

// L_seg: mean cross-entropy plus 1 - mean over classes of (2 sum p g + 1e-5) / (sum p^2 + sum g + 1e-5), p the softmax.
// logits [N, K, X, Y, Z] float64, label [N, X, Y, Z].
inline double segmentation_loss(const torch::Tensor& logits, const torch::Tensor& label) {
  const torch::Tensor detached = logits.detach();
  const auto z = detached.accessor<double, 5>();
  const auto y = label.accessor<int64_t, 4>();
  const auto classes = static_cast<size_t>(detached.size(1));
  Row overlap(classes, 0.0), sizes(classes, 0.0);
  double entropy = 0, voxels = 0;
  for_voxels(label, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
    Row scores;
    for (size_t c = 0; c < classes; ++c) scores.push_back(z[n][static_cast<int64_t>(c)][i][j][k]);
    const Row p = softmax(scores);
    for (size_t c = 0; c < classes; ++c) {
      const double g = y[n][i][j][k] == static_cast<int64_t>(c) ? 1 : 0;
      overlap[c] += p[c] * g;
      sizes[c] += p[c] * p[c] + g;
      if (g > 0) entropy -= std::log(p[c]);
    }
    voxels += 1;
  });
  double dice = 0;
  for (size_t c = 0; c < classes; ++c) dice += (2 * overlap[c] + 1e-5) / (sizes[c] + 1e-5) / static_cast<double>(classes);
  return entropy / voxels + 1 - dice;
}

// D2: mean over the foreground classes of 1 - (2 sum p g + 1e-8) / (sum p + sum g + 1e-8), p the softmax; as above.
inline double foreground_dice_loss(const torch::Tensor& logits, const torch::Tensor& label) {
  const torch::Tensor held = torch::softmax(logits, 1).detach();
  const auto p = held.accessor<double, 5>();
  const auto y = label.accessor<int64_t, 4>();
  double total = 0;
  for (int64_t k = 1; k < held.size(1); ++k) {
    double overlap = 0, sizes = 0;
    for_voxels(label, [&](int64_t n, int64_t a, int64_t b, int64_t c) {
      const double g = y[n][a][b][c] == k ? 1 : 0;
      overlap += p[n][k][a][b][c] * g;
      sizes += p[n][k][a][b][c] + g;
    });
    total += (1 - (2 * overlap + 1e-8) / (sizes + 1e-8)) / static_cast<double>(held.size(1) - 1);
  }
  return total;
}

// Index of the largest logit of every voxel, the first of equal ones.
inline torch::Tensor hard_labels(const torch::Tensor& logits) {
  const torch::Tensor detached = logits.detach();
  torch::Tensor out = torch::zeros({logits.size(0), logits.size(2), logits.size(3), logits.size(4)}, torch::kInt64);
  const auto z = detached.accessor<double, 5>();
  auto y = out.accessor<int64_t, 4>();
  for_voxels(out, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
    for (int64_t c = 1; c < detached.size(1); ++c)
      if (z[n][c][i][j][k] > z[n][y[n][i][j][k]][i][j][k]) y[n][i][j][k] = c;
  });
  return out;
}

inline double largest_difference(const torch::Tensor& a, const torch::Tensor& b) { return (a - b).abs().max().item<double>(); }

}  // namespace tss::testing
