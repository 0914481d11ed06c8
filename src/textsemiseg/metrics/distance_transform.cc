#include "textsemiseg/metrics/distance_transform.h"

#include <limits>

namespace tss {
namespace {

constexpr double kFar = std::numeric_limits<double>::infinity();

// One line at a time: value[i] becomes the minimum over j of value[j] + ((i - j) step)^2.
class LineTransform {
 public:
  LineTransform(int64_t length, double step) : length_(length), step_(step) {
    const auto n = static_cast<size_t>(length);
    line_.resize(n);
    apex_.resize(n);
    from_.resize(n);
  }

  void operator()(double* values, int64_t stride) {
    int64_t parabolas = 0;
    for (int64_t i = 0; i < length_; ++i) {
      line_[static_cast<size_t>(i)] = values[i * stride];
      if (line_[static_cast<size_t>(i)] < kFar) parabolas = add(i, parabolas);
    }
    if (parabolas == 0) return;  // stays far
    size_t k = 0;
    const auto last = static_cast<size_t>(parabolas - 1);
    for (int64_t i = 0; i < length_; ++i) {
      const double x = static_cast<double>(i) * step_;
      while (k < last && from_[k + 1] < x) ++k;
      const double d = static_cast<double>(i - apex_[k]) * step_;
      values[i * stride] = line_[static_cast<size_t>(apex_[k])] + d * d;
    }
  }

 private:
  // Adds the parabola of position i to an envelope of `count`; returns the new count.
  int64_t add(int64_t i, int64_t count) {
    const double x = static_cast<double>(i) * step_, height = line_[static_cast<size_t>(i)] + x * x;
    double meet = -kFar;
    for (; count > 0; --count) {
      const int64_t j = apex_[static_cast<size_t>(count - 1)];
      const double other = static_cast<double>(j) * step_;
      meet = (height - line_[static_cast<size_t>(j)] - other * other) / (2 * (x - other));
      if (meet > from_[static_cast<size_t>(count - 1)]) break;
      meet = -kFar;
    }
    apex_[static_cast<size_t>(count)] = i;
    from_[static_cast<size_t>(count)] = meet;
    return count + 1;
  }

  int64_t length_;
  double step_;
  std::vector<double> line_;
  std::vector<int64_t> apex_;  // positions of the parabolas that make up the envelope
  std::vector<double> from_;   // where each of them begins to be the lowest
};

}  // namespace

std::vector<double> squared_distances(const uint8_t* mask, const Size3& size, const Vector3& spacing) {
  const int64_t nx = size[0], ny = size[1], nz = size[2];
  std::vector<double> out(static_cast<size_t>(nx * ny * nz));
  for (size_t i = 0; i < out.size(); ++i) out[i] = mask[i] ? 0.0 : kFar;
  LineTransform along_z(nz, spacing[2]), along_y(ny, spacing[1]), along_x(nx, spacing[0]);
  for (int64_t x = 0; x < nx; ++x)
    for (int64_t y = 0; y < ny; ++y) along_z(out.data() + (x * ny + y) * nz, 1);
  for (int64_t x = 0; x < nx; ++x)
    for (int64_t z = 0; z < nz; ++z) along_y(out.data() + x * ny * nz + z, nz);
  for (int64_t y = 0; y < ny; ++y)
    for (int64_t z = 0; z < nz; ++z) along_x(out.data() + y * nz + z, ny * nz);
  return out;
}

}  // namespace tss
