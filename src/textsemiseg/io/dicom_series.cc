#include "textsemiseg/io/dicom_series.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/dicom_grid.h"
#include "textsemiseg/io/dicom_pixels.h"
#include "textsemiseg/io/scan.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr int kDeepest = 8;  // folders below the given one; also ends loops of links

template <class Use>  // false from use() ends the walk
void for_each_file(const fs::path& folder, const Use& use) {
  std::error_code error;
  const auto options = fs::directory_options::follow_directory_symlink | fs::directory_options::skip_permission_denied;
  for (auto it = fs::recursive_directory_iterator(folder, options, error); !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    const bool hidden = it->path().filename().string().front() == '.';
    if (it->is_directory()) {
      if (hidden || it.depth() >= kDeepest) it.disable_recursion_pending();
    } else if (!hidden && it->is_regular_file() && !use(it->path())) {
      return;
    }
  }
}

// "" where there is none.
std::string choice_of(const fs::path& path) {
  const fs::path folder = dicom_folder(path);
  return folder == path ? "" : path.string().substr(folder.string().size() + 1);
}

struct Contents {
  std::vector<DicomSeries> series;
  std::map<std::string, std::pair<DicomHeader, DicomRefusal>> refused;  // by series UID, the first object of each
};

Contents contents_of(const fs::path& folder) {
  std::map<std::string, DicomSeries> table;
  Contents out;
  for_each_file(folder, [&](const fs::path& file) {
    if (!is_dicom_file(file)) return true;
    const auto header = read_dicom_header(file);
    if (!header) return true;
    if (header->series_uid.empty())
      throw InputError(file.string(), "has no SeriesInstanceUID", "a complete DICOM file of a series");
    if (const auto refusal = refusal_of(*header)) {
      out.refused.emplace(header->series_uid, std::pair{*header, *refusal});
    } else {
      DicomSeries& series = table[header->series_uid];
      series.uid = header->series_uid;
      series.slices.push_back(*header);
    }
    return true;
  });
  for (auto& [uid, series] : table) {
    sort_along_normal(series.slices);
    out.series.push_back(std::move(series));
  }
  std::stable_sort(out.series.begin(), out.series.end(), [](const DicomSeries& a, const DicomSeries& b) {
    return a.slices.front().series_number < b.slices.front().series_number;
  });
  return out;
}

// What a scanner's operator typed, without what would break a line.
std::string printable(std::string text) {
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  return text;
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

InputError refused(const std::pair<DicomHeader, DicomRefusal>& object) {
  return {object.first.path.string(), object.second.found, object.second.advice};
}

DicomSeries chosen(const fs::path& folder, const std::string& choice, Contents& contents) {
  const bool number =
      choice.size() < 5 && std::all_of(choice.begin(), choice.end(), [](unsigned char c) { return std::isdigit(c); });
  if (number) {
    const long index = choice.empty() ? 0 : std::stol(choice);
    if (index >= 1 && index <= static_cast<long>(contents.series.size()))
      return std::move(contents.series[static_cast<size_t>(index - 1)]);
  } else {
    std::vector<DicomSeries*> found;
    for (DicomSeries& series : contents.series)
      if (starts_with(series.uid, choice)) found.push_back(&series);
    const auto exact = std::find_if(found.begin(), found.end(), [&](const DicomSeries* s) { return s->uid == choice; });
    if (exact != found.end()) return std::move(**exact);
    if (found.size() == 1) return std::move(*found.front());
    for (const auto& [uid, object] : contents.refused)
      if (found.empty() && starts_with(uid, choice)) throw refused(object);
  }
  throw InputError(folder.string(), "'#" + choice + "' names no single series of it", "one of " + list_of(contents.series));
}

DicomSeries find_in(Contents& contents, const fs::path& path) {
  const fs::path folder = dicom_folder(path);
  if (contents.series.empty()) {
    if (!contents.refused.empty()) throw refused(contents.refused.begin()->second);
    throw InputError(folder.string(), "holds no DICOM images", "a folder with the slices of a series");
  }
  if (folder != path) return chosen(folder, choice_of(path), contents);
  // Scouts of a single slice lie beside many a scan.
  std::vector<DicomSeries*> volumes;
  for (DicomSeries& series : contents.series)
    if (series.slices.size() > 1) volumes.push_back(&series);
  if (volumes.size() > 1)
    throw InputError(folder.string(), concat("holds ", contents.series.size(), " DICOM series: ", list_of(contents.series)),
                     "a choice, as " + folder.string() + "#2 or #UID");
  if (volumes.empty()) {
    if (contents.series.size() == 1) return std::move(contents.series.front());  // whose geometry is refused
    throw InputError(folder.string(), "holds only single slices: " + list_of(contents.series), "a series of slices");
  }
  const size_t others = contents.series.size() - 1 + contents.refused.size();
  if (others > 0)
    log_info(concat(folder.string(), ": reads ", describe(*volumes.front()), "; ", others,
                    " other series (scouts, reports, segmentations, ...) left out"));
  return std::move(*volumes.front());
}

}  // namespace

fs::path dicom_folder(const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return path;
  const std::string name = path.string();
  const size_t mark = name.rfind('#');
  if (mark == std::string::npos || mark == 0) return path;
  const fs::path folder = name.substr(0, mark);
  return fs::is_directory(folder, ignored) ? folder : path;
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for_each_file(folder, [&](const fs::path& file) {
    files.push_back(file);
    return true;
  });
  std::sort(files.begin(), files.end());
  return files;
}

bool holds_dicom(const fs::path& path) {
  const fs::path folder = dicom_folder(path);
  if (!fs::is_directory(folder)) return false;
  bool found = false;
  for_each_file(folder, [&](const fs::path& file) {
    found = is_dicom_file(file);
    return !found;
  });
  return found;
}

std::vector<DicomSeries> list_dicom_series(const fs::path& folder) { return contents_of(folder).series; }

DicomSeries find_dicom_series(const fs::path& path) {
  Contents contents = contents_of(dicom_folder(path));
  DicomSeries series = find_in(contents, path);
  // A damaged slice, say: without it the series would look complete.
  const auto among = contents.refused.find(series.uid);
  if (among != contents.refused.end()) throw refused(among->second);
  return series;
}

Image read_dicom_series(const fs::path& path) {
  const DicomSeries series = find_dicom_series(path);
  Image out;
  out.geometry = dicom_geometry(series, path);
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
  return out;
}

}  // namespace tss
