#include "textsemiseg/dicom/grid.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dicom/series.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector3 along_row(const DicomHeader& h) { return {h.orientation[0], h.orientation[1], h.orientation[2]}; }
Vector3 along_column(const DicomHeader& h) { return {h.orientation[3], h.orientation[4], h.orientation[5]}; }

Vector3 normal_of(const DicomHeader& h) {
  const Vector3 a = along_row(h), b = along_column(h);
  Vector3 normal{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
  // Rows and columns are of length 1 but for rounding, which would scale the distances of slices.
  if (const double length = std::sqrt(dot(normal, normal)); length > 0)
    for (double& value : normal) value /= length;
  return normal;
}

std::string name_of(const DicomHeader& h) { return "slice " + h.path.filename().string(); }

std::string millimetres(double value) {
  const double rounded = std::round(value * 1000) / 1000;
  return concat(rounded == 0 ? 0.0 : rounded, " mm");
}

// Checks of the slices of one series, in the order in which they make sense.
class GridCheck {
 public:
  GridCheck(const DicomSeries& series, const fs::path& path)
      : slices_(series.slices), subject_(path.string()), first_(series.slices.front()) {}

  Geometry geometry() {
    check_tags();
    check_same();
    for (const DicomHeader& slice : slices_) places_.push_back(dot(slice.position, normal_of(first_)));
    check_duplicates();
    if (slices_.size() < 2)
      throw InputError(subject_, "is a single slice (" + name_of(first_) + ")",
                       "at least two, which tell the distance of slices");
    check_shear();
    check_steps();
    return grid();
  }

 private:
  void check_tags() const {
    for (const DicomHeader& slice : slices_) {
      const char* missing = !slice.has_position      ? "ImagePositionPatient"
                            : !slice.has_orientation ? "ImageOrientationPatient"
                            : !slice.has_spacing     ? "PixelSpacing"
                                                     : nullptr;
      if (missing) throw InputError(subject_, concat(name_of(slice), " has no ", missing), "its place in the patient");
      if (!(slice.spacing[0] > 0) || !(slice.spacing[1] > 0))
        throw InputError(subject_, concat(name_of(slice), " has PixelSpacing ", slice.spacing[0], "\\", slice.spacing[1]),
                         "lengths above 0");
    }
    const Vector3 row = along_row(first_), column = along_column(first_);
    constexpr double kTolerance = 1e-3;
    if (std::abs(dot(row, row) - 1) > kTolerance || std::abs(dot(column, column) - 1) > kTolerance ||
        std::abs(dot(row, column)) > kTolerance)
      throw InputError(subject_, name_of(first_) + " has ImageOrientationPatient " + join(first_.orientation, "\\"),
                       "two directions of length 1 at right angles");
  }

  void check_same() const {
    for (const DicomHeader& slice : slices_) {
      if (slice.rows != first_.rows || slice.columns != first_.columns)
        throw different(slice, concat(slice.columns, " x ", slice.rows, " voxels"),
                        concat(first_.columns, " x ", first_.rows, " voxels"));
      for (size_t i = 0; i < 2; ++i)
        if (std::abs(slice.spacing[i] - first_.spacing[i]) > 1e-3 * first_.spacing[i])
          throw different(slice, "PixelSpacing " + join(slice.spacing, "\\"), join(first_.spacing, "\\"));
      for (size_t i = 0; i < 6; ++i)
        if (std::abs(slice.orientation[i] - first_.orientation[i]) > 1e-3)
          throw different(slice, "ImageOrientationPatient " + join(slice.orientation, "\\"), join(first_.orientation, "\\"));
    }
  }

  InputError different(const DicomHeader& slice, const std::string& found, const std::string& others) const {
    return {subject_, concat(name_of(slice), " has ", found), concat(others, " as in ", name_of(first_))};
  }

  void check_duplicates() const {
    constexpr double kSame = 1e-3;  // mm
    size_t pairs = 0, at = 0;
    for (size_t i = 1; i < places_.size(); ++i) {
      if (places_[i] - places_[i - 1] > kSame) continue;
      if (pairs++ == 0) at = i;
    }
    if (pairs == 0) return;
    const DicomHeader &a = slices_[at - 1], &b = slices_[at];
    throw InputError(subject_,
                     concat(name_of(a), " and ", name_of(b), " are both at ", millimetres(places_[at]),
                            a.phase == b.phase ? "" : " (" + a.phase + "; " + b.phase + ")",
                            pairs > 1 ? concat(", and so are ", pairs - 1, " more pairs") : ""),
                     "one slice per place: one echo, phase or reconstruction (dcm2niix splits such series)");
  }

  void check_shear() const {
    const Vector3 normal = normal_of(first_);
    double most = 0;
    for (size_t i = 0; i < slices_.size(); ++i) {
      Vector3 shift{};
      for (size_t k = 0; k < 3; ++k)
        shift[k] = slices_[i].position[k] - first_.position[k] - (places_[i] - places_[0]) * normal[k];
      most = std::max(most, std::sqrt(dot(shift, shift)));
    }
    const double tolerance = std::max(0.1, 0.1 * std::min(first_.spacing[0], first_.spacing[1]));
    if (most <= tolerance) return;
    throw InputError(subject_,
                     concat("its slices are shifted within their plane by up to ", millimetres(most),
                            first_.gantry_tilt != 0 ? concat(" (gantry tilt ", first_.gantry_tilt, " degrees)") : ""),
                     "slices straight behind one another (dcm2niix corrects gantry tilt when it converts to NIfTI)");
  }

  void check_steps() const {
    const double typical = typical_step(slices_);
    size_t missing = 0, gaps = 0, first_gap = 0, widest = 1;
    double least = typical, most = typical;
    for (size_t i = 1; i < places_.size(); ++i) {
      const double step = places_[i] - places_[i - 1];
      if (std::abs(step - typical) > std::abs(places_[widest] - places_[widest - 1] - typical)) widest = i;
      least = std::min(least, step);
      most = std::max(most, step);
      if (step < 1.5 * typical) continue;
      missing += static_cast<size_t>(std::lround(step / typical)) - 1;
      if (gaps++ == 0) first_gap = i;
    }
    if (gaps > 0)
      throw InputError(
          subject_,
          concat("about ", missing, missing == 1 ? " slice is missing" : " slices are missing", ": after ", between(first_gap),
                 ", where others are ", millimetres(typical), " apart", gaps > 1 ? concat("; ", gaps, " such gaps") : ""),
          "all slices of the series");
    const double mean = step();
    double drift = 0;
    for (size_t i = 0; i < places_.size(); ++i)
      drift = std::max(drift, std::abs(places_[i] - places_[0] - static_cast<double>(i) * mean));
    const std::string range =
        concat("its slices are ", millimetres(least), " to ", millimetres(most), " apart (after ", between(widest), ")");
    if (most - typical > 0.1 * typical || typical - least > 0.1 * typical || drift > 0.5 * mean)
      throw InputError(subject_, range, "the same distance between all slices");
    if (most - typical > 0.01 * typical || typical - least > 0.01 * typical)
      log_warning(concat(subject_, ": ", range, "; ", millimetres(mean), " is taken for all"));
  }

  // "slice a.dcm at 3 mm comes slice b.dcm at 7 mm"
  std::string between(size_t i) const {
    return concat(name_of(slices_[i - 1]), " at ", millimetres(places_[i - 1]), " comes ", name_of(slices_[i]), " at ",
                  millimetres(places_[i]));
  }

  double step() const { return (places_.back() - places_.front()) / static_cast<double>(places_.size() - 1); }

  Geometry grid() const {
    Geometry g;
    g.size = {first_.columns, first_.rows, static_cast<int64_t>(slices_.size())};
    g.spacing = {first_.spacing[1], first_.spacing[0], step()};
    const std::array<Vector3, 3> axes{along_row(first_), along_column(first_), normal_of(first_)};
    for (size_t row = 0; row < 3; ++row) {
      const double sign = row < 2 ? -1 : 1;  // DICOM's world is LPS+
      g.origin[row] = 0.0 + sign * first_.position[row];
      for (size_t axis = 0; axis < 3; ++axis) {
        const double length = std::sqrt(dot(axes[axis], axes[axis]));
        g.direction[row][axis] = 0.0 + sign * axes[axis][row] / length;
      }
    }
    return g;
  }

  const std::vector<DicomHeader>& slices_;
  std::string subject_;
  const DicomHeader& first_;
  std::vector<double> places_;  // along the normal, mm
};

}  // namespace

void sort_along_normal(std::vector<DicomHeader>& slices) {
  std::sort(slices.begin(), slices.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  if (!slices.front().has_orientation) return;
  const Vector3 normal = normal_of(slices.front());
  std::stable_sort(slices.begin(), slices.end(), [&](const DicomHeader& a, const DicomHeader& b) {
    return std::tuple(dot(a.position, normal), a.instance) < std::tuple(dot(b.position, normal), b.instance);
  });
}

double typical_step(const std::vector<DicomHeader>& slices) {
  if (slices.size() < 2 || !slices.front().has_orientation) return 0;
  const Vector3 normal = normal_of(slices.front());
  std::vector<double> steps;
  for (size_t i = 1; i < slices.size(); ++i)
    steps.push_back(dot(slices[i].position, normal) - dot(slices[i - 1].position, normal));
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>((steps.size() - 1) / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

Geometry dicom_geometry(const DicomSeries& series, const fs::path& subject) { return GridCheck(series, subject).geometry(); }

}  // namespace tss
