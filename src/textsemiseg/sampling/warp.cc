#include "textsemiseg/sampling/warp.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tss {
namespace {

using Rows = std::array<Vector3, 3>;

Rows product(const Rows& a, const Rows& b) {
  Rows out{};
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j)
      for (size_t k = 0; k < 3; ++k) out[i][j] += a[i][k] * b[k][j];
  return out;
}

Vector3 product(const Rows& a, const Vector3& v) {
  Vector3 out{};
  for (size_t i = 0; i < 3; ++i)
    for (size_t k = 0; k < 3; ++k) out[i] += a[i][k] * v[k];
  return out;
}

// About axis 0, then 1, then 2: where content goes. The transpose says where it comes from.
Rows rotation(const Vector3& degrees) {
  Rows all{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  for (size_t axis = 0; axis < 3; ++axis) {
    const double angle = degrees[axis] * std::numbers::pi / 180;
    const size_t u = (axis + 1) % 3, v = (axis + 2) % 3;
    Rows one{};
    one[axis][axis] = 1;
    one[u][u] = one[v][v] = std::cos(angle);
    one[v][u] = std::sin(angle);
    one[u][v] = -one[v][u];
    all = product(one, all);
  }
  return all;
}

// Steps first <= k < last of a row for which low <= offset + k * step < high.
void narrow(double offset, double step, double low, double high, int64_t& first, int64_t& last) {
  const auto inside = [&](int64_t k) {
    const double at = offset + static_cast<double>(k) * step;
    return at >= low && at < high;
  };
  if (step != 0) {
    const double a = (low - offset) / step, b = (high - offset) / step;
    const auto to_step = [&](double k) { return static_cast<int64_t>(std::clamp(k, -1e9, 1e9)); };
    first = std::max(first, to_step(std::floor(std::min(a, b))));
    last = std::min(last, to_step(std::ceil(std::max(a, b))) + 1);
  }
  // The quotients are rounded: the ends are decided by the sum itself, as the caller computes it.
  while (first < last && !inside(first)) ++first;
  while (first < last && !inside(last - 1)) --last;
}

// One row of the patch: starts at `at` in the case and goes on by `step`.
struct Row {
  Vector3 at{}, step{};
  double coordinate(size_t axis, int64_t k) const { return at[axis] + static_cast<double>(k) * step[axis]; }
};

float edge_value(const float* from, const Size3& size, const Row& row, int64_t k) {
  std::array<int64_t, 3> low{}, high{};
  std::array<float, 3> share{};
  for (size_t axis = 0; axis < 3; ++axis) {
    const double at = row.coordinate(axis, k);
    const auto last = static_cast<double>(size[axis] - 1);
    if (!(at >= -0.5 && at <= last + 0.5)) return 0;
    const double clamped = std::clamp(at, 0.0, last);
    low[axis] = static_cast<int64_t>(clamped);
    high[axis] = std::min(low[axis] + 1, size[axis] - 1);
    share[axis] = static_cast<float>(clamped - static_cast<double>(low[axis]));
  }
  const auto line = [&](int64_t x, int64_t y) {
    const float* z = from + (x * size[1] + y) * size[2];
    return z[low[2]] + share[2] * (z[high[2]] - z[low[2]]);
  };
  const auto plane = [&](int64_t x) {
    const float a = line(x, low[1]), b = line(x, high[1]);
    return a + share[1] * (b - a);
  };
  const float a = plane(low[0]), b = plane(high[0]);
  return a + share[0] * (b - a);
}

void linear_row(const float* from, const Size3& size, const Row& row, int64_t count, float* to) {
  int64_t first = 0, last = count;
  for (size_t axis = 0; axis < 3; ++axis)
    narrow(row.at[axis], row.step[axis], 0, static_cast<double>(size[axis] - 1), first, last);
  if (first >= last) first = last = count;
  for (int64_t k = 0; k < first; ++k) to[k] = edge_value(from, size, row, k);
  const int64_t y_step = size[2], x_step = size[1] * size[2];
  for (int64_t k = first; k < last; ++k) {
    const double x = row.coordinate(0, k), y = row.coordinate(1, k), z = row.coordinate(2, k);
    const auto i = static_cast<int32_t>(x), j = static_cast<int32_t>(y), l = static_cast<int32_t>(z);
    const auto u = static_cast<float>(x - i), v = static_cast<float>(y - j), w = static_cast<float>(z - l);
    const float* c = from + i * x_step + j * y_step + l;
    const float c00 = c[0] + w * (c[1] - c[0]);
    const float c01 = c[y_step] + w * (c[y_step + 1] - c[y_step]);
    const float c10 = c[x_step] + w * (c[x_step + 1] - c[x_step]);
    const float c11 = c[x_step + y_step] + w * (c[x_step + y_step + 1] - c[x_step + y_step]);
    const float c0 = c00 + v * (c01 - c00), c1 = c10 + v * (c11 - c10);
    to[k] = c0 + u * (c1 - c0);
  }
  for (int64_t k = last; k < count; ++k) to[k] = edge_value(from, size, row, k);
}

void nearest_row(const uint8_t* from, const Size3& size, const Row& row, int64_t count, uint8_t* to) {
  // Rounded half up: adding a half and cutting off does it for what is not negative.
  int64_t first = 0, last = count;
  for (size_t axis = 0; axis < 3; ++axis)
    narrow(row.at[axis] + 0.5, row.step[axis], 0, static_cast<double>(size[axis]), first, last);
  if (first >= last) first = last = count;
  std::fill(to, to + first, uint8_t{0});
  const Vector3 half{row.at[0] + 0.5, row.at[1] + 0.5, row.at[2] + 0.5};
  for (int64_t k = first; k < last; ++k) {
    const auto step = static_cast<double>(k);
    const auto i = static_cast<int64_t>(half[0] + step * row.step[0]), j = static_cast<int64_t>(half[1] + step * row.step[1]),
               l = static_cast<int64_t>(half[2] + step * row.step[2]);
    to[k] = from[(i * size[1] + j) * size[2] + l];
  }
  std::fill(to + last, to + count, uint8_t{0});
}

template <class T, class RowFunction>
void rows(const T* from, const Size3& size, const IndexMap& map, const Size3& patch, T* to, const RowFunction& row_function) {
  for (int64_t x = 0; x < patch[0]; ++x) {
    for (int64_t y = 0; y < patch[1]; ++y) {
      Row row;
      for (size_t axis = 0; axis < 3; ++axis) {
        const Vector3& m = map.matrix[axis];
        row.at[axis] = map.offset[axis] + static_cast<double>(x) * m[0] + static_cast<double>(y) * m[1];
        row.step[axis] = m[2];
      }
      row_function(from, size, row, patch[2], to + (x * patch[1] + y) * patch[2]);
    }
  }
}

}  // namespace

IndexMap warp_map(const Geometry& geometry, const PlaneTransform& transform, const PatchCrop& crop, const Size3& start,
                  const Size3& patch, const SpatialDraw& draw) {
  // In the turned case: index = low + patch index, then the rotation about the centre of the patch.
  Vector3 spacing = geometry.spacing;
  if (transform.swaps_axes()) std::swap(spacing[0], spacing[1]);
  const Rows content = rotation(draw.angles);
  Rows turn{};
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) turn[i][j] = content[j][i] * spacing[j] / spacing[i] / draw.scale;
  Vector3 low{}, centre{};
  for (size_t axis = 0; axis < 3; ++axis) {
    low[axis] = static_cast<double>(start[axis] - crop.pad_low[axis]);
    centre[axis] = static_cast<double>(patch[axis] - 1) / 2;
  }
  Vector3 offset = product(turn, centre);
  for (size_t axis = 0; axis < 3; ++axis) offset[axis] = low[axis] + centre[axis] - offset[axis];

  // Turned index to that of the case: PlaneTransform::source is linear, so that three points give it.
  const Size3& size = geometry.size;
  const auto zero = transform.source(0, 0, size), one = transform.source(1, 0, size), two = transform.source(0, 1, size);
  Rows plane{};
  Vector3 shift{};
  for (size_t axis = 0; axis < 2; ++axis) {
    plane[axis] = {static_cast<double>(one[axis] - zero[axis]), static_cast<double>(two[axis] - zero[axis]), 0};
    shift[axis] = static_cast<double>(zero[axis]);
  }
  plane[2][2] = 1;
  IndexMap map{product(plane, turn), product(plane, offset)};
  for (size_t axis = 0; axis < 3; ++axis) map.offset[axis] += shift[axis];
  return map;
}

void warp_patch(const float* from, const Size3& size, const IndexMap& map, const Size3& patch, float* to) {
  rows(from, size, map, patch, to, linear_row);
}

void warp_patch(const uint8_t* from, const Size3& size, const IndexMap& map, const Size3& patch, uint8_t* to) {
  rows(from, size, map, patch, to, nearest_row);
}

}  // namespace tss
