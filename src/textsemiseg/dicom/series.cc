#include "textsemiseg/dicom/series.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/folder_walk.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dicom/grid.h"
#include "textsemiseg/dicom/pixels.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// "" where there is none.
std::string choice_of(const fs::path& path) {
  const fs::path folder = dicom_folder(path);
  return folder == path ? "" : path.string().substr(folder.string().size() + 1);
}

// A file without which a series may look complete.
struct DamagedFile {
  fs::path path;
  std::string series_uid;  // "": unknown
  InputError error;
};

struct Contents {
  std::vector<DicomSeries> series;
  std::map<std::string, std::pair<DicomHeader, DicomRefusal>> refused;  // by series UID, the first object of each
  std::vector<DamagedFile> damaged;
};

// "IM0007" and "IM0008" -> "IM#"
std::string without_numbers(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!digit || out.empty() || out.back() != '#') out += digit ? '#' : c;
  }
  return out;
}

// What the names of a series' files have in common: an ending of letters, else everything but the numbers. README, LICENSE and the like,
// which lie beside many a series, have neither.
std::string kind_of_name(const fs::path& path) {
  const std::string ending = to_lower_ascii(path.extension().string());
  const bool letters = std::any_of(ending.begin(), ending.end(), [](unsigned char c) { return std::isalpha(c); });
  return letters ? ending : without_numbers(path.filename().string());
}

// Files without DICOM's mark that were slices by their names: ending in .dcm, or called like the slices in their folder.
void add_vanished(const std::vector<fs::path>& others, const std::map<std::string, DicomSeries>& table, Contents& out) {
  std::set<std::pair<fs::path, std::string>> kinds;
  for (const auto& [uid, series] : table)
    for (const DicomHeader& slice : series.slices) kinds.emplace(slice.path.parent_path(), kind_of_name(slice.path));
  for (const fs::path& path : others) {
    const std::string kind = kind_of_name(path);
    if (kind != ".dcm" && !kinds.contains({path.parent_path(), kind})) continue;
    std::error_code none;
    const auto bytes = fs::file_size(path, none);
    out.damaged.push_back(
        {path, "",
         InputError(path.string(),
                    none ? "is a link without a file" : concat("is called like a slice but is no DICOM file (", bytes, " bytes)"),
                    "a complete DICOM file")});
  }
}

Contents contents_of(const fs::path& folder) {
  std::map<std::string, DicomSeries> table;
  Contents out;
  std::vector<fs::path> others;
  walk_folder(folder, [&](const fs::path& file, EntryKind kind) {
    if (kind == EntryKind::kClosed) throw InputError(file.string(), "cannot be read", "a readable folder");
    if (kind == EntryKind::kFolder) return true;
    if (kind == EntryKind::kNowhere || !is_dicom_file(file)) {
      others.push_back(file);
      return true;
    }
    try {
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
    } catch (const InputError& error) {
      out.damaged.push_back({file, series_uid_of(file), error});
    }
    return true;
  });
  add_vanished(others, table, out);
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
    for (const DamagedFile& file : contents.damaged)
      if (found.empty() && starts_with(file.series_uid, choice)) throw file.error;
  }
  throw InputError(folder.string(), "'#" + choice + "' names no single series of it", "one of " + list_of(contents.series));
}

DicomSeries find_in(Contents& contents, const fs::path& path) {
  const fs::path folder = dicom_folder(path);
  if (contents.series.empty()) {
    if (!contents.damaged.empty()) throw contents.damaged.front().error;
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

// The series, with no file of it damaged. tell: of other damaged files.
DicomSeries find_sound(const fs::path& path, bool tell) {
  Contents contents = contents_of(dicom_folder(path));
  DicomSeries series = find_in(contents, path);
  // Without such a file the series would look complete.
  const auto among = contents.refused.find(series.uid);
  if (among != contents.refused.end()) throw refused(among->second);
  for (const DamagedFile& file : contents.damaged) {
    const auto beside = [&](const DicomHeader& slice) { return slice.path.parent_path() == file.path.parent_path(); };
    if (file.series_uid == series.uid ||
        (file.series_uid.empty() && std::any_of(series.slices.begin(), series.slices.end(), beside)))
      throw file.error;
    if (tell) log_warning(concat(file.error.what(), " (left out: it is no slice of ", path.string(), ")"));
  }
  return series;
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

bool holds_dicom(const fs::path& path) {
  const fs::path folder = dicom_folder(path);
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return false;
  bool found = false;
  walk_folder(folder, [&](const fs::path& file, EntryKind kind) {
    found = kind == EntryKind::kFile && is_dicom_file(file);
    return !found;
  });
  return found;
}

std::vector<DicomSeries> list_dicom_series(const fs::path& folder) { return contents_of(folder).series; }

DicomSeries find_dicom_series(const fs::path& path) { return find_sound(path, false); }

Image read_dicom_series(const fs::path& path) {
  const DicomSeries series = find_sound(path, true);
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
