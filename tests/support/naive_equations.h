// Equations of Text-SemiSeg as loops over voxels, for tests of modules and of the method.
#pragma once

#include <algorithm>
#include <cmath>

#include "support/naive.h"

namespace tss::testing {

// avg(F * map_k) of Eq. 4, voxel by voxel; every voxel of the maps sees the feature of the block^3 voxels it lies in.
// masked: divided by the map's sum instead of the number of voxels; unit: divided by its norm. -> [N, K, d]
inline torch::Tensor naive_class_vectors(const torch::Tensor& features, const torch::Tensor& maps, int64_t block,
                                         bool masked = false, bool unit = false) {
  const int64_t dimension = features.size(1), classes = maps.size(1);
  torch::Tensor out = torch::zeros({maps.size(0), classes, dimension}, torch::kFloat64);
  const torch::Tensor f_held = features.detach(), m_held = maps.detach();
  const auto f = f_held.accessor<double, 5>(), m = m_held.accessor<double, 5>();
  auto v = out.accessor<double, 3>();
  for (int64_t k = 0; k < classes; ++k) {
    Row divisor(static_cast<size_t>(maps.size(0)), 0.0);
    for_voxels(maps, [&](int64_t n, int64_t x, int64_t y, int64_t z) {
      for (int64_t d = 0; d < dimension; ++d) v[n][k][d] += f[n][d][x / block][y / block][z / block] * m[n][k][x][y][z];
      divisor[static_cast<size_t>(n)] += masked ? m[n][k][x][y][z] : 1.0;
    });
    for (int64_t n = 0; n < maps.size(0); ++n) {
      double square = 0;
      for (int64_t d = 0; d < dimension; ++d) {
        v[n][k][d] /= divisor[static_cast<size_t>(n)];
        square += v[n][k][d] * v[n][k][d];
      }
      if (!unit) continue;
      for (int64_t d = 0; d < dimension; ++d) v[n][k][d] /= std::sqrt(square);
    }
  }
  return out;
}

// One decoder's sum of Eq. 4: over classes and channels of (t_k - v_k)^2, mean over the batch. vectors [N, K, d], text [K, d].
inline double naive_alignment(const torch::Tensor& vectors, const torch::Tensor& text) {
  const torch::Tensor t_held = text.detach();
  const auto v = vectors.accessor<double, 3>();
  const auto t = t_held.accessor<double, 2>();
  double sum = 0;
  for (int64_t n = 0; n < vectors.size(0); ++n)
    for (int64_t k = 0; k < vectors.size(1); ++k)
      for (int64_t d = 0; d < vectors.size(2); ++d) sum += (t[k][d] - v[n][k][d]) * (t[k][d] - v[n][k][d]);
  return sum / static_cast<double>(vectors.size(0));
}

struct NaiveMixed {
  torch::Tensor image_l, image_u, label_l, label_u;
};

// Eq. 5 and 6 by voxel, images float64. The sum over the foreground classes is taken over the one-hot maps first, M = sum_k y_k:
// summing the whole bracket over several classes would count the background once per class.
inline NaiveMixed naive_mix(const torch::Tensor& x_l, const torch::Tensor& y_l, const torch::Tensor& x_u,
                            const torch::Tensor& y_u, int64_t classes) {
  const int64_t n = std::max(x_l.size(0), x_u.size(0)), channels = x_l.size(1);
  NaiveMixed out;
  out.image_l = torch::zeros({n, channels, x_l.size(2), x_l.size(3), x_l.size(4)}, torch::kFloat64);
  out.image_u = out.image_l.clone();
  out.label_l = torch::zeros({n, x_l.size(2), x_l.size(3), x_l.size(4)}, torch::kInt64);
  out.label_u = out.label_l.clone();
  const auto xl = x_l.accessor<double, 5>(), xu = x_u.accessor<double, 5>();
  const auto yl = y_l.accessor<int64_t, 4>(), yu = y_u.accessor<int64_t, 4>();
  auto image_l = out.image_l.accessor<double, 5>(), image_u = out.image_u.accessor<double, 5>();
  auto label_l = out.label_l.accessor<int64_t, 4>(), label_u = out.label_u.accessor<int64_t, 4>();
  for_voxels(out.label_l, [&](int64_t s, int64_t i, int64_t j, int64_t k) {
    const int64_t l = s % x_l.size(0), u = s % x_u.size(0);  // the shorter side repeats
    int64_t m_l = 0, m_u = 0;
    for (int64_t c = 1; c < classes; ++c) {
      m_l += yl[l][i][j][k] == c;
      m_u += yu[u][i][j][k] == c;
    }
    for (int64_t c = 0; c < channels; ++c) {
      const double from_l = xl[l][c][i][j][k], from_u = xu[u][c][i][j][k];
      image_l[s][c][i][j][k] = from_l * static_cast<double>(m_l) + from_u * static_cast<double>(1 - m_l);
      image_u[s][c][i][j][k] = from_u * static_cast<double>(m_u) + from_l * static_cast<double>(1 - m_u);
    }
    label_l[s][i][j][k] = yl[l][i][j][k] * m_l + yu[u][i][j][k] * (1 - m_l);
    label_u[s][i][j][k] = yu[u][i][j][k] * m_u + yl[l][i][j][k] * (1 - m_u);
  });
  return out;
}

}  // namespace tss::testing
