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

std::string millimetres(double value) {
  const double rounded = std::round(value * 1000) / 1000;
  return concat(rounded == 0 ? 0.0 : rounded, " mm");
}

constexpr double kSamePlace = 1e-3;  // mm

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
      throw InputError(subject_, "is a single slice (" + slice_name(first_) + ")",
                       "at least two, which tell the distance of slices");
    check_shear();
    check_steps();
    return grid();
  }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void check_tags() const {
    for (const DicomHeader& slice : slices_) {
      const char* missing = !slice.has_position      ? "ImagePositionPatient"
                            : !slice.has_orientation ? "ImageOrientationPatient"
                            : !slice.has_spacing     ? "PixelSpacing"
                                                     : nullptr;
      if (missing) throw InputError(subject_, concat(slice_name(slice), " has no ", missing), "its place in the patient");
      if (!(slice.spacing[0] > 0) || !(slice.spacing[1] > 0))
        throw InputError(subject_, concat(slice_name(slice), " has PixelSpacing ", slice.spacing[0], "\\", slice.spacing[1]),
                         "lengths above 0");
    }
    const Vector3 row = along_row(first_), column = along_column(first_);
    constexpr double kTolerance = 1e-3;
    if (std::abs(dot(row, row) - 1) > kTolerance || std::abs(dot(column, column) - 1) > kTolerance ||
        std::abs(dot(row, column)) > kTolerance)
      throw InputError(subject_, slice_name(first_) + " has ImageOrientationPatient " + join(first_.orientation, "\\"),
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
    return {subject_, concat(slice_name(slice), " has ", found), concat(others, " as in ", slice_name(first_))};
  }

  void check_duplicates() const {
    size_t pairs = 0, at = 0;
    for (size_t i = 1; i < places_.size(); ++i) {
      if (places_[i] - places_[i - 1] > kSamePlace) continue;
      if (pairs++ == 0) at = i;
    }
    if (pairs == 0) return;
    const DicomHeader &a = slices_[at - 1], &b = slices_[at];
    throw InputError(subject_,
                     concat(slice_name(a), " and ", slice_name(b), " are both at ", millimetres(places_[at]),
                            a.phase == b.phase ? "" : " (" + a.phase + "; " + b.phase + ")",
                            pairs > 1 ? concat(", and so are ", pairs - 1, " more pairs") : ""),
                     "one slice per place: one echo, phase or reconstruction (dcm2niix splits such series)");
  }

  // Within the plane the slices must lie over one another. Judged around their mean, so that positions rounded to a tenth of a millimetre
  // pass.
  void check_shear() const {
    const Vector3 normal = normal_of(first_);
    std::vector<Vector3> shifts;
    Vector3 mean{};
    for (size_t i = 0; i < slices_.size(); ++i) {
      Vector3& shift = shifts.emplace_back();
      for (size_t k = 0; k < 3; ++k) {
        shift[k] = slices_[i].position[k] - first_.position[k] - (places_[i] - places_[0]) * normal[k];
        mean[k] += shift[k] / static_cast<double>(slices_.size());
      }
    }
    double most = 0, off_mean = 0;
    size_t farthest = 0;
    for (size_t i = 0; i < shifts.size(); ++i) {
      const Vector3 off{shifts[i][0] - mean[0], shifts[i][1] - mean[1], shifts[i][2] - mean[2]};
      off_mean = std::max(off_mean, std::sqrt(dot(off, off)));
      if (const double length = std::sqrt(dot(shifts[i], shifts[i])); length > most) {
        most = length;
        farthest = i;
      }
    }
    const double tolerance = std::max(0.1, 0.1 * std::min(first_.spacing[0], first_.spacing[1]));
    if (off_mean <= tolerance) return;
    throw InputError(subject_,
                     concat("its slices are shifted within their plane by up to ", millimetres(most),
                            first_.gantry_tilt != 0 ? concat(" (gantry tilt ", first_.gantry_tilt, " degrees)") : "", ": ",
                            slice_name(slices_[farthest]), " against ", slice_name(first_)),
                     "slices straight behind one another (dcm2niix corrects gantry tilt when it converts to NIfTI)");
  }

  // The usual step: the mean of those that are not gaps, since steps of rounded positions alternate between two values.
  double usual_step() const {
    const double median = typical_step(slices_);
    double sum = 0;
    size_t count = 0;
    for (size_t i = 1; i < places_.size(); ++i) {
      const double step = places_[i] - places_[i - 1];
      if (step > 1.5 * median + std::min(0.1, 0.5 * median)) continue;
      sum += step;
      ++count;
    }
    return count > 0 ? sum / static_cast<double>(count) : median;
  }

  void check_gaps(double usual) const {
    size_t missing = 0, gaps = 0, first_gap = 0;
    for (size_t i = 1; i < places_.size(); ++i) {
      const double step = places_[i] - places_[i - 1];
      if (step < 1.5 * usual) continue;
      missing += static_cast<size_t>(std::lround(step / usual)) - 1;
      if (gaps++ == 0) first_gap = i;
    }
    if (gaps > 0)
      throw InputError(
          subject_,
          concat("about ", missing, missing == 1 ? " slice is missing" : " slices are missing", ": after ", between(first_gap),
                 ", where others are ", millimetres(usual), " apart", gaps > 1 ? concat("; ", gaps, " such gaps") : ""),
          "all slices of the series");
  }

  // What counts is how far the slices are from an even grid, the line of least squares through their places: single steps of 0.625 mm
  // whose positions were written with one decimal vary by 16 %.
  void check_steps() {
    check_gaps(usual_step());
    const double usual = typical_step(slices_);
    const auto count = static_cast<double>(places_.size());
    step_ = (places_.back() - places_.front()) / (count - 1);
    double least = usual, most = usual, drift = 0, mean = 0, products = 0, squares = 0;
    size_t widest = 1;
    for (size_t i = 0; i < places_.size(); ++i) {
      const double place = places_[i] - places_[0], index = static_cast<double>(i) - (count - 1) / 2;
      drift = std::max(drift, std::abs(place - static_cast<double>(i) * step_));
      mean += place / count;
      products += place * index;
      squares += index * index;
      if (i == 0) continue;
      const double step = places_[i] - places_[i - 1];
      if (std::abs(step - usual) > std::abs(places_[widest] - places_[widest - 1] - usual)) widest = i;
      least = std::min(least, step);
      most = std::max(most, step);
    }
    const double slope = products / squares;
    double off = 0;
    for (size_t i = 0; i < places_.size(); ++i)
      off = std::max(off, std::abs(places_[i] - places_[0] - mean - slope * (static_cast<double>(i) - (count - 1) / 2)));
    const bool varies = most - usual > 0.01 * usual || usual - least > 0.01 * usual;
    if (varies) step_ = slope;
    // A position in tenths of a millimetre may be off by half of one.
    constexpr double kShare = 0.05, kRounding = 0.06, kMostOfStep = 0.3;
    const bool near_grid = off <= std::max(kShare * slope, std::min(kRounding, kMostOfStep * slope));
    const bool near_steps = most - usual <= 0.1 * usual && usual - least <= 0.1 * usual && drift <= 0.5 * slope;
    const std::string range = concat("its slices are ", millimetres(least), " to ", millimetres(most), " apart (after ",
                                     between(widest), "), up to ", millimetres(off), " from an even grid");
    if (!near_grid && !near_steps) throw InputError(subject_, range, "the same distance between all slices");
    if (varies) warnings_.push_back(concat(subject_, ": ", range, "; ", millimetres(step_), " is taken for all"));
  }

  // "slice a.dcm at 3 mm comes slice b.dcm at 7 mm"
  std::string between(size_t i) const {
    return concat(slice_name(slices_[i - 1]), " at ", millimetres(places_[i - 1]), " comes ", slice_name(slices_[i]), " at ",
                  millimetres(places_[i]));
  }

  Geometry grid() const {
    Geometry g;
    g.size = {first_.columns, first_.rows, static_cast<int64_t>(slices_.size())};
    g.spacing = {first_.spacing[1], first_.spacing[0], step_};
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
  double step_ = 0;             // between slices, mm
  std::vector<std::string> warnings_;
};

}  // namespace

std::string slice_name(const DicomHeader& slice) { return "slice " + slice.path.filename().string(); }

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

bool at_one_place(const DicomHeader& a, const DicomHeader& b) {
  const Vector3 between{b.position[0] - a.position[0], b.position[1] - a.position[1], b.position[2] - a.position[2]};
  return std::sqrt(dot(between, between)) <= kSamePlace;
}

Geometry dicom_geometry(const DicomSeries& series, const fs::path& subject) {
  GridCheck check(series, subject);
  Geometry out = check.geometry();
  for (const std::string& warning : check.warnings()) log_warning(warning);
  return out;
}

std::string grid_fault(const DicomSeries& series) {
  const fs::path subject = "series";
  try {
    GridCheck(series, subject).geometry();
    return "";
  } catch (const InputError& error) {
    return std::string(error.what()).substr(subject.string().size() + 2);
  }
}

}  // namespace tss
