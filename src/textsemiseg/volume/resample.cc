#include "textsemiseg/volume/resample.h"

#include <itkBSplineInterpolateImageFunction.h>
#include <itkIdentityTransform.h>
#include <itkImage.h>
#include <itkLinearInterpolateImageFunction.h>
#include <itkNearestNeighborExtrapolateImageFunction.h>
#include <itkResampleImageFilter.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "textsemiseg/base/error.h"

namespace tss {
namespace {

using ItkImage = itk::Image<float, 3>;

// ITK's first axis is the contiguous one: our array is an ITK image with its axes named in reverse, which leaves every voxel at
// its place in the world and copies nothing. Both grids stay in RAS; ITK does not mind as long as they agree.
template <class Grid>
void set_reversed_grid(Grid& grid, const Geometry& g) {
  typename Grid::SpacingType spacing;
  typename Grid::PointType origin;
  typename Grid::DirectionType direction;
  for (unsigned axis = 0; axis < 3; ++axis) {
    spacing[axis] = g.spacing[2 - axis];
    origin[axis] = g.origin[axis];
    for (unsigned row = 0; row < 3; ++row) direction[row][axis] = g.direction[row][2 - axis];
  }
  grid.SetSpacing(spacing);
  grid.SetOrigin(origin);
  grid.SetDirection(direction);
}

ItkImage::SizeType reversed_size(const Size3& size) {
  ItkImage::SizeType out;
  for (unsigned axis = 0; axis < 3; ++axis) out[axis] = static_cast<itk::SizeValueType>(size[2 - axis]);
  return out;
}

// A view: valid as long as the image.
ItkImage::Pointer view_of(const Image& image) {
  auto view = ItkImage::New();
  view->SetRegions(reversed_size(image.size()));
  set_reversed_grid(*view, image.geometry);
  view->GetPixelContainer()->SetImportPointer(const_cast<float*>(image.voxels.data()), image.voxels.size(), false);
  return view;
}

// The filter takes the names SetOutputSpacing, ...; this gives it those of an image.
struct OutputGrid {
  using SpacingType = ItkImage::SpacingType;
  using PointType = ItkImage::PointType;
  using DirectionType = ItkImage::DirectionType;
  itk::ResampleImageFilter<ItkImage, ItkImage>& filter;
  void SetSpacing(const SpacingType& v) { filter.SetOutputSpacing(v); }
  void SetOrigin(const PointType& v) { filter.SetOutputOrigin(v); }
  void SetDirection(const DirectionType& v) { filter.SetOutputDirection(v); }
};

Image interpolated(const Image& image, const Geometry& target, bool spline, std::optional<float> outside) {
  const auto input = view_of(image);
  auto filter = itk::ResampleImageFilter<ItkImage, ItkImage>::New();
  filter->SetInput(input);
  filter->SetTransform(itk::IdentityTransform<double, 3>::New());
  if (spline) {
    auto cubic = itk::BSplineInterpolateImageFunction<ItkImage, double, float>::New();
    cubic->SetSplineOrder(3);
    filter->SetInterpolator(cubic);
  } else {
    filter->SetInterpolator(itk::LinearInterpolateImageFunction<ItkImage, double>::New());
  }
  if (outside)
    filter->SetDefaultPixelValue(*outside);
  else
    filter->SetExtrapolator(itk::NearestNeighborExtrapolateImageFunction<ItkImage, double>::New());
  filter->SetSize(reversed_size(target.size));
  OutputGrid grid{*filter};
  set_reversed_grid(grid, target);
  filter->Update();

  Image out(target);
  const float* values = filter->GetOutput()->GetBufferPointer();
  std::copy(values, values + out.voxels.size(), out.voxels.begin());
  return out;
}

void clamp_to_range(const Image& input, std::optional<float> outside, Image& image) {
  auto [low, high] = std::minmax_element(input.voxels.begin(), input.voxels.end());
  const float least = outside ? std::min(*low, *outside) : *low;
  const float most = outside ? std::max(*high, *outside) : *high;
  for (float& v : image.voxels) v = std::min(std::max(v, least), most);
}

// Nearest voxel of a continuous index; -1 outside. Ties, up to the rounding of coordinates, go to the lower index.
int64_t nearest(double index, int64_t size, bool extend) {
  constexpr double kRounding = 1e-6;
  const auto rounded = static_cast<int64_t>(std::ceil(index - 0.5 - kRounding));
  if (rounded >= 0 && rounded < size) return rounded;
  if (extend) return std::clamp<int64_t>(rounded, 0, size - 1);
  return rounded < 0 && index >= -0.5 - kRounding ? 0 : -1;
}

// target's voxels as continuous indices of the input: index = first + sum over axes of position * step[axis].
struct IndexMap {
  Vector3 first{};
  std::array<Vector3, 3> step{};

  IndexMap(const Geometry& input, const Geometry& target) : first(input.index(target.origin)) {
    for (size_t axis = 0; axis < 3; ++axis) {
      Vector3 unit{};
      unit[axis] = 1;
      const Vector3 next = input.index(target.world(unit));
      for (size_t i = 0; i < 3; ++i) step[axis][i] = next[i] - first[i];
    }
  }
  // Each axis of target runs along the same axis of the input, so far that the rest cannot move a centre by a visible part of a voxel.
  bool is_parallel(const Size3& target) const {
    double rest = 0;
    for (size_t axis = 0; axis < 3; ++axis)
      for (size_t i = 0; i < 3; ++i)
        if (i != axis) rest = std::max(rest, std::abs(step[axis][i]) * static_cast<double>(target[axis]));
    return rest < 1e-7;
  }
};

// One table of indices per axis instead of arithmetic per voxel: the usual case, three times faster.
template <class T>
void gather_parallel(const Volume<T>& input, const IndexMap& map, bool extend, Volume<T>& out) {
  std::array<std::vector<int64_t>, 3> from;
  for (size_t axis = 0; axis < 3; ++axis)
    for (int64_t i = 0; i < out.size()[axis]; ++i)
      from[axis].push_back(nearest(map.first[axis] + static_cast<double>(i) * map.step[axis][axis], input.size()[axis], extend));
  T* to = out.voxels.data();
  const size_t nz = from[2].size();
  for (const int64_t x : from[0]) {
    for (const int64_t y : from[1]) {
      if (x >= 0 && y >= 0) {
        const T* row = &input(x, y, 0);
        for (size_t z = 0; z < nz; ++z)
          if (from[2][z] >= 0) to[z] = row[from[2][z]];
      }
      to += nz;
    }
  }
}

template <class T>
void gather(const Volume<T>& input, const IndexMap& map, bool extend, Volume<T>& out) {
  size_t at = 0;
  for (int64_t x = 0; x < out.size()[0]; ++x) {
    for (int64_t y = 0; y < out.size()[1]; ++y) {
      for (int64_t z = 0; z < out.size()[2]; ++z, ++at) {
        Size3 from;
        for (size_t i = 0; i < 3; ++i) {
          const double index = map.first[i] + static_cast<double>(x) * map.step[0][i] + static_cast<double>(y) * map.step[1][i] +
                               static_cast<double>(z) * map.step[2][i];
          from[i] = nearest(index, input.size()[i], extend);
        }
        if (from[0] >= 0 && from[1] >= 0 && from[2] >= 0) out.voxels[at] = input(from[0], from[1], from[2]);
      }
    }
  }
}

template <class T>
Volume<T> nearest_to(const Volume<T>& input, const Geometry& target, std::optional<T> outside) {
  Volume<T> out(target, outside.value_or(T{}));
  const IndexMap map(input.geometry, target);
  if (map.is_parallel(target.size))
    gather_parallel(input, map, !outside, out);
  else
    gather(input, map, !outside, out);
  return out;
}

}  // namespace

Geometry with_spacing(const Geometry& geometry, const Vector3& spacing) {
  Geometry out = geometry;
  out.spacing = spacing;
  Vector3 first{};  // index in the old grid of the new first voxel
  for (size_t axis = 0; axis < 3; ++axis) {
    if (!(spacing[axis] > 0) || !std::isfinite(spacing[axis]))
      throw InputError("spacing", "found a value that is not above 0", "mm");
    const double ratio = spacing[axis] / geometry.spacing[axis];
    const double old_size = static_cast<double>(geometry.size[axis]);
    out.size[axis] = std::max<int64_t>(1, static_cast<int64_t>(std::floor(old_size / ratio + 0.5 + 1e-6)));
    first[axis] = (old_size - 1) / 2 - static_cast<double>(out.size[axis] - 1) / 2 * ratio;
  }
  out.origin = geometry.world(first);
  return out;
}

Image resample_to(const Image& image, const Geometry& target, Interpolation interpolation, std::optional<float> outside) {
  if (interpolation == Interpolation::kNearest) return nearest_to(image, target, outside);
  const bool spline = interpolation == Interpolation::kBSpline;
  Image out = interpolated(image, target, spline, outside);
  if (spline) clamp_to_range(image, outside, out);
  return out;
}

LabelMap resample_to(const LabelMap& labels, const Geometry& target, std::optional<uint8_t> outside) {
  return nearest_to(labels, target, outside);
}

}  // namespace tss
