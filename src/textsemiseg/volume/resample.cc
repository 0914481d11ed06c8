#include "textsemiseg/volume/resample.h"

#include <itkBSplineInterpolateImageFunction.h>
#include <itkIdentityTransform.h>
#include <itkImage.h>
#include <itkLinearInterpolateImageFunction.h>
#include <itkNearestNeighborExtrapolateImageFunction.h>
#include <itkResampleImageFilter.h>

#include <algorithm>
#include <cmath>

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

template <class T>
Volume<T> nearest_to(const Volume<T>& input, const Geometry& target, std::optional<T> outside) {
  Volume<T> out(target, outside.value_or(T{}));
  const Vector3 first = input.geometry.index(target.origin);
  std::array<Vector3, 3> step{};  // of the input's index along each axis of target
  for (size_t axis = 0; axis < 3; ++axis) {
    Vector3 unit{};
    unit[axis] = 1;
    const Vector3 next = input.geometry.index(target.world(unit));
    for (size_t i = 0; i < 3; ++i) step[axis][i] = next[i] - first[i];
  }
  size_t at = 0;
  for (int64_t x = 0; x < target.size[0]; ++x) {
    for (int64_t y = 0; y < target.size[1]; ++y) {
      for (int64_t z = 0; z < target.size[2]; ++z, ++at) {
        std::array<int64_t, 3> from{};
        for (size_t i = 0; i < 3; ++i) {
          const double index = first[i] + static_cast<double>(x) * step[0][i] + static_cast<double>(y) * step[1][i] +
                               static_cast<double>(z) * step[2][i];
          from[i] = nearest(index, input.size()[i], !outside);
        }
        if (from[0] >= 0 && from[1] >= 0 && from[2] >= 0) out.voxels[at] = input(from[0], from[1], from[2]);
      }
    }
  }
  return out;
}

}  // namespace

Geometry with_spacing(const Geometry& geometry, const Vector3& spacing) {
  Geometry out = geometry;
  out.spacing = spacing;
  Vector3 first{};  // index in the old grid of the new first voxel
  for (size_t axis = 0; axis < 3; ++axis) {
    if (!(spacing[axis] > 0) || !std::isfinite(spacing[axis])) throw InputError("spacing", "found a value that is not above 0", "mm");
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
