#include "textsemiseg/dicom/volume_slices.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dicom/grid.h"
#include "textsemiseg/dicom/pixels.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

bool has_word(const DicomHeader& slice, const std::string& word) {
  const std::vector<std::string> words = split(slice.image_type, '\\');
  return std::any_of(words.begin(), words.end(), [&](const std::string& w) { return to_lower_ascii(trim(w)) == word; });
}

bool has_place(const DicomHeader& slice) { return slice.has_position && slice.has_orientation && slice.has_spacing; }
bool is_secondary(const DicomHeader& slice) { return has_word(slice, "secondary") || has_word(slice, "derived"); }

// What is found of a slice ("has 5 x 4 voxels") and what the others have ("5 x 3 voxels"); both empty where it is of their kind.
struct Unlike {
  std::string found, others;
};

Unlike unlike(const DicomHeader& slice, const DicomHeader& like) {
  if (is_localizer(slice) != is_localizer(like))
    return is_localizer(slice) ? Unlike{"is a localizer (ImageType " + slice.image_type + ")", "no localizer"}
                               : Unlike{"is no localizer", "a localizer"};
  if (slice.rows != like.rows || slice.columns != like.columns)
    return {concat("has ", slice.columns, " x ", slice.rows, " voxels"), concat(like.columns, " x ", like.rows, " voxels")};
  if (has_place(slice) != has_place(like) && is_secondary(slice) != is_secondary(like))
    return has_place(slice) ? Unlike{"has a place", "none"}
                            : Unlike{"has no place (ImageType " + slice.image_type + ")", "a position, orientation and spacing"};
  for (size_t i = 0; i < 6; ++i)
    if (slice.has_orientation && like.has_orientation && std::abs(slice.orientation[i] - like.orientation[i]) > 1e-3)
      return {"has ImageOrientationPatient " + join(slice.orientation, "\\"), join(like.orientation, "\\")};
  return {};
}

using Slices = std::vector<DicomHeader>;

std::vector<Slices> by_kind(const Slices& all) {
  std::vector<Slices> kinds;
  for (const DicomHeader& slice : all) {
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const Slices& known) { return unlike(slice, known.front()).found.empty(); });
    kind == kinds.end() ? kinds.push_back({slice}) : kind->push_back(slice);
  }
  std::stable_sort(kinds.begin(), kinds.end(), [](const Slices& a, const Slices& b) {
    return std::pair(is_localizer(a.front()), b.size()) < std::pair(is_localizer(b.front()), a.size());
  });
  return kinds;
}

[[noreturn]] void fail_mixed(const std::vector<Slices>& kinds, size_t refused, const fs::path& subject) {
  std::vector<std::string> counts;
  for (const Slices& kind : kinds) {
    constexpr size_t kMost = 4;
    if (counts.size() == kMost) {
      counts.push_back(concat(kinds.size() - kMost, " more kinds"));
      break;
    }
    const DicomHeader& one = kind.front();
    counts.push_back(concat(kind.size(), kind.size() == 1 ? " slice" : " slices", is_localizer(one) ? " of a localizer" : "",
                            " of ", one.columns, " x ", one.rows, " along ",
                            one.has_orientation ? join(one.orientation, "\\") : "no orientation", " (", slice_name(one),
                            kind.size() > 1 ? ", ..." : "", ")"));
  }
  if (refused > 0) counts.push_back(concat(refused, " objects that are no slices"));
  throw InputError(subject.string(), "holds several kinds of slices in one series: " + join(counts, "; "),
                   "one kind, or one that is at least twice as many as all others (move the others to another folder)");
}

// The rest is no volume without the foreign slices: names the first of them, unless it is a localizer, which is missed by no volume.
[[noreturn]] void fail_without(const DicomHeader& foreign, const DicomHeader& like, const std::string& fault,
                               const fs::path& subject) {
  if (is_localizer(foreign)) throw InputError(subject.string(), fault);
  const auto [found, others] = unlike(foreign, like);
  throw InputError(subject.string(), concat(slice_name(foreign), " ", found),
                   concat(others, " as in ", slice_name(like), "; without it: ", fault));
}

std::vector<float> voxels_of(const DicomHeader& slice) {
  std::vector<float> out(static_cast<size_t>(slice.rows * slice.columns));
  read_dicom_pixels(slice, out.data());
  return out;
}

bool same_voxels(const DicomHeader& a, const DicomHeader& b) {
  const std::vector<float> of_a = voxels_of(a), of_b = voxels_of(b);  // padding is NaN: compared as bits
  return of_a.size() == of_b.size() && std::memcmp(of_a.data(), of_b.data(), of_a.size() * sizeof(float)) == 0;
}

// Sorted slices without copies.
Slices without_copies(const Slices& sorted, const fs::path& subject, std::vector<std::string>& left_out) {
  Slices out;
  for (const DicomHeader& slice : sorted) {
    const DicomHeader* copied = nullptr;
    for (size_t i = out.size(); i-- > 0 && at_one_place(out[i], slice) && !copied;) {
      const bool one_instance = !slice.sop_instance.empty() && out[i].sop_instance == slice.sop_instance;
      if (!one_instance && out[i].phase != slice.phase) continue;
      if (same_voxels(out[i], slice)) copied = &out[i];
      if (one_instance && !copied)
        throw InputError(subject.string(),
                         concat(slice_name(out[i]), " and ", slice_name(slice),
                                " are one instance by their SOPInstanceUID, with different voxels"),
                         "one of them");
    }
    if (copied) {
      left_out.push_back(concat(slice.path.string(), ": holds the voxels of ", copied->path.filename().string(),
                                " at the same place (left out: a copy)"));
    } else {
      out.push_back(slice);
    }
  }
  return out;
}

}  // namespace

bool is_localizer(const DicomHeader& slice) { return has_word(slice, "localizer") || has_word(slice, "scout"); }

VolumeSlices volume_slices(const DicomSeries& series, size_t refused, const fs::path& subject) {
  const std::vector<Slices> kinds = by_kind(series.slices);
  Slices rest = kinds.front();
  const size_t others = series.slices.size() - rest.size() + refused;
  if (others > 0 && rest.size() < 2 * others) fail_mixed(kinds, refused, subject);
  VolumeSlices out;
  sort_along_normal(rest);
  const bool placed = std::all_of(rest.begin(), rest.end(), has_place);
  out.slices = placed ? without_copies(rest, subject, out.left_out) : rest;
  if (others == 0) return out;
  // Alone, a slice is no volume; the check of the grid says so in its own words.
  const std::string fault = grid_fault({.uid = series.uid, .slices = out.slices});
  for (size_t k = 1; k < kinds.size(); ++k) {
    for (const DicomHeader& foreign : kinds[k]) {
      if (!fault.empty()) fail_without(foreign, out.slices.front(), fault, subject);
      const auto [found, like] = unlike(foreign, out.slices.front());
      out.left_out.push_back(concat(foreign.path.string(), ": ", found, is_localizer(foreign) ? "" : ", the other slices " + like,
                                    " (left out: it is no slice of ", subject.string(), ")"));
    }
  }
  return out;
}

}  // namespace tss
