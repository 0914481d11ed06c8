#include "textsemiseg/dicom/series.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dicom/grid.h"
#include "textsemiseg/dicom/pixels.h"
#include "textsemiseg/dicom/volume_slices.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// "" where there is none.
std::string choice_of(const fs::path& path) {
  const fs::path folder = dicom_folder(path);
  return folder == path ? "" : path.string().substr(folder.string().size() + 1);
}

std::string describe(const DicomSeries& series) {
  const DicomHeader& first = series.slices.front();
  std::string out = concat(printable(first.modality), " '", printable(first.description), "', ", series.slices.size(),
                           series.slices.size() == 1 ? " slice of " : " slices of ", first.columns, " x ", first.rows);
  if (first.has_spacing) out += concat(", ", first.spacing[1], " x ", first.spacing[0]);
  if (first.has_spacing && series.slices.size() > 1) out += concat(" x ", typical_step(series.slices));
  return out + (first.has_spacing ? " mm" : "") + ", UID " + printable(series.uid);
}

std::string list_of(const std::vector<DicomSeries>& all) {
  constexpr size_t kMost = 20;  // of a whole archive the list would fill the screen
  std::vector<std::string> lines;
  for (size_t i = 0; i < std::min(all.size(), kMost); ++i) lines.push_back(concat("#", i + 1, " ", describe(all[i])));
  if (all.size() > kMost) lines.push_back(concat("and ", all.size() - kMost, " more"));
  return join(lines, "; ");
}

std::string no_slice_of(const fs::path& path) { return " (left out: it is no slice of " + path.string() + ")"; }

InputError refused(const std::pair<DicomHeader, DicomRefusal>& object) {
  return {object.first.path.string(), object.second.found, object.second.advice};
}

const DicomSeries& chosen(const fs::path& folder, const std::string& choice, const DicomFolder& contents) {
  const bool number =
      choice.size() < 5 && std::all_of(choice.begin(), choice.end(), [](unsigned char c) { return std::isdigit(c); });
  if (number) {
    const long index = choice.empty() ? 0 : std::stol(choice);
    if (index >= 1 && index <= static_cast<long>(contents.series.size())) return contents.series[static_cast<size_t>(index - 1)];
  } else {
    std::vector<const DicomSeries*> found;
    for (const DicomSeries& series : contents.series)
      if (starts_with(series.uid, choice)) found.push_back(&series);
    const auto exact = std::find_if(found.begin(), found.end(), [&](const DicomSeries* s) { return s->uid == choice; });
    if (exact != found.end()) return **exact;
    if (found.size() == 1) return *found.front();
    for (const auto& [uid, object] : contents.refused)
      if (found.empty() && starts_with(uid, choice)) throw refused(object);
    for (const DamagedDicomFile& file : contents.damaged)
      if (found.empty() && starts_with(file.series_uid, choice)) throw file.error;
  }
  throw InputError(folder.string(), "'#" + choice + "' names no single series of it", "one of " + list_of(contents.series));
}

const DicomSeries& find_in(const DicomFolder& contents, const fs::path& path) {
  const fs::path folder = dicom_folder(path);
  if (contents.series.empty()) {
    if (!contents.damaged.empty()) throw contents.damaged.front().error;
    if (!contents.refused.empty()) throw refused(contents.refused.begin()->second);
    throw InputError(folder.string(), "holds no DICOM images", "a folder with the slices of a series");
  }
  if (folder != path) return chosen(folder, choice_of(path), contents);
  // Scouts of a single slice, or of three planes, lie beside many a scan.
  std::vector<const DicomSeries*> volumes, localizers;
  for (const DicomSeries& series : contents.series)
    if (series.slices.size() > 1)
      (std::all_of(series.slices.begin(), series.slices.end(), is_localizer) ? localizers : volumes).push_back(&series);
  if (volumes.empty()) volumes = localizers;
  if (volumes.size() > 1)
    throw InputError(folder.string(), concat("holds ", contents.series.size(), " DICOM series: ", list_of(contents.series)),
                     "a choice, as " + folder.string() + "#2 or #UID");
  if (volumes.empty()) {
    if (contents.series.size() == 1) return contents.series.front();  // whose geometry is refused
    throw InputError(folder.string(), "holds only single slices: " + list_of(contents.series), "a series of slices");
  }
  std::set<std::string> uids;
  for (const DicomSeries& series : contents.series) uids.insert(series.uid);
  for (const auto& [uid, object] : contents.refused) uids.insert(uid);
  const size_t others = uids.size() - 1;
  if (others > 0)
    log_info(concat(folder.string(), ": reads ", describe(*volumes.front()), "; ", others,
                    " other series (scouts, reports, segmentations, ...) left out"));
  return *volumes.front();
}

// Padding (NaN) becomes the lowest value of the rest: air in CT, as around the field of view. Its own value, -3024 HU, say, is no tissue
// and would move means and standard deviations.
void fill_padding(std::vector<float>& voxels) {
  float lowest = std::numeric_limits<float>::infinity();
  bool padded = false;
  for (const float v : voxels) {
    padded = padded || std::isnan(v);
    if (v < lowest) lowest = v;
  }
  if (!padded) return;
  if (std::isinf(lowest)) lowest = 0;  // padding and nothing else
  for (float& v : voxels)
    if (std::isnan(v)) v = lowest;
}

}  // namespace

FoundDicomSeries find_dicom_series(const DicomFolder& contents, const fs::path& path) {
  const DicomSeries& series = find_in(contents, path);
  FoundDicomSeries out;
  // Without such a file the series would look complete.
  for (const DamagedDicomFile& file : contents.damaged) {
    const auto beside = [&](const DicomHeader& slice) { return slice.path.parent_path() == file.path.parent_path(); };
    if (file.series_uid == series.uid ||
        (file.series_uid.empty() && std::any_of(series.slices.begin(), series.slices.end(), beside)))
      throw file.error;
    out.left_out.push_back(concat(file.error.what(), no_slice_of(path)));
  }
  VolumeSlices volume = volume_slices(series, contents.refused.count(series.uid), path);
  const auto [first, last] = contents.refused.equal_range(series.uid);
  for (auto object = first; object != last; ++object) {
    const auto& [header, refusal] = object->second;
    // Of the slices' own kind, cut off before its image: without it the series would look complete too.
    const bool cut = header.rows <= 0 && !volume.slices.empty() && header.sop_class == volume.slices.front().sop_class;
    if (cut) throw InputError(header.path.string(), refusal.found, "a complete file: it is a slice of " + path.string());
    out.left_out.push_back(concat(header.path.string(), ": ", refusal.found, no_slice_of(path)));
  }
  std::move(volume.left_out.begin(), volume.left_out.end(), std::back_inserter(out.left_out));
  out.series = {.uid = series.uid, .slices = std::move(volume.slices)};
  return out;
}

Image read_dicom_series(const DicomSeries& series, const Geometry& grid) {
  Image out;
  out.geometry = grid;
  out.voxels.resize(static_cast<size_t>(out.geometry.voxels()));
  const auto& [nx, ny, nz] = out.size();
  // Slices lie across z, the contiguous axis: a few of them at a time keep the writes within cache lines.
  constexpr int64_t kTogether = 16;
  std::vector<float> several(static_cast<size_t>(nx * ny * kTogether));
  for (int64_t z0 = 0; z0 < nz; z0 += kTogether) {
    const int64_t count = std::min(kTogether, nz - z0);
    for (int64_t k = 0; k < count; ++k)
      read_dicom_pixels(series.slices[static_cast<size_t>(z0 + k)], several.data() + k * nx * ny);
    for (int64_t x = 0; x < nx; ++x)
      for (int64_t y = 0; y < ny; ++y)
        for (int64_t k = 0; k < count; ++k) out(x, y, z0 + k) = several[static_cast<size_t>((k * ny + y) * nx + x)];
  }
  fill_padding(out.voxels);
  return out;
}

}  // namespace tss
