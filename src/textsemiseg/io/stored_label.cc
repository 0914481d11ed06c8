#include "textsemiseg/io/stored_label.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr double kLeast = std::numeric_limits<int32_t>::min(), kMost = std::numeric_limits<int32_t>::max();
constexpr double kFloatIsExact = 1 << 24;

bool is_whole_number(double value) { return value >= kLeast && value <= kMost && value == std::floor(value); }

[[noreturn]] void throw_no_whole_number(const std::vector<double>& values, const std::string& subject) {
  const bool fraction = std::any_of(values.begin(), values.end(), [](double v) { return v != std::floor(v); });
  throw InputError(
      subject, concat(values.size() == 1 ? "has the label value " : "has the label values ", join(values, ", ")),
      fraction ? "whole numbers (label maps are resampled by nearest neighbour, not interpolated)" : "whole numbers of 32 bits");
}

template <class T>
Volume<int32_t> whole_numbers_of(const Geometry& geometry, const std::vector<T>& values, const std::string& subject) {
  constexpr size_t kNamed = 5;
  Volume<int32_t> out(geometry);
  std::vector<double> others;
  for (size_t i = 0; i < values.size() && others.size() < kNamed; ++i) {
    const double value = static_cast<double>(values[i]);
    if (is_whole_number(value))
      out.voxels[i] = static_cast<int32_t>(value);
    else if (std::find(others.begin(), others.end(), value) == others.end() && (others.empty() || !std::isnan(value)))
      others.push_back(value);
  }
  if (!others.empty()) throw_no_whole_number(others, subject);
  return out;
}

}  // namespace

StoredLabel single_layer(Volume<int32_t> values, std::vector<LabelName> names) {
  StoredLabel out;
  out.layers.push_back(std::move(values));
  out.names = std::move(names);
  return out;
}

int32_t whole_number(double value, const std::string& subject) {
  if (!is_whole_number(value)) throw_no_whole_number({value}, subject);
  return static_cast<int32_t>(value);
}

Volume<int32_t> whole_numbers(const Image& image, const std::string& subject) {
  Volume<int32_t> out = whole_numbers_of(image.geometry, image.voxels, subject);
  const auto rounded =
      std::find_if(image.voxels.begin(), image.voxels.end(), [](float v) { return std::abs(v) >= kFloatIsExact; });
  if (rounded != image.voxels.end())
    throw InputError(subject,
                     concat("has label values of ", int64_t{1} << 24, " and more, such as ", static_cast<int64_t>(*rounded)),
                     "smaller ones: these are not told apart when they are read");
  return out;
}

Volume<int32_t> whole_numbers(const Geometry& geometry, const std::vector<double>& values, const std::string& subject) {
  return whole_numbers_of(geometry, values, subject);
}

LabelMap byte_labels(const StoredLabel& label, const std::string& subject) {
  if (label.layers.size() != 1)
    throw InputError(subject, concat("has ", label.layers.size(), " layers of segments"), "one label map");
  const Volume<int32_t>& values = label.layers.front();
  LabelMap out(values.geometry);
  for (size_t i = 0; i < out.voxels.size(); ++i) {
    const int32_t value = values.voxels[i];
    if (value < 0 || value > 255) throw InputError(subject, concat("has the label value ", value), "integers from 0 to 255");
    out.voxels[i] = static_cast<uint8_t>(value);
  }
  return out;
}

}  // namespace tss
