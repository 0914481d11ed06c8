#include "textsemiseg/dicom/folder.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "textsemiseg/base/folder_walk.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dicom/grid.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

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
void add_vanished(const std::vector<fs::path>& others, const std::map<std::string, DicomSeries>& table, DicomFolder& out) {
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

DicomFolder read_dicom_folder(const fs::path& folder, const DicomHeaders& known) {
  std::map<std::string, DicomSeries> table;
  DicomFolder out;
  std::vector<fs::path> others;
  walk_folder(folder, [&](const fs::path& file, EntryKind kind) {
    if (kind == EntryKind::kClosed) throw InputError(file.string(), "cannot be read", "a readable folder");
    if (kind == EntryKind::kFolder) return true;
    if (kind == EntryKind::kNowhere || !is_dicom_file(file)) {
      others.push_back(file);
      return true;
    }
    try {
      const auto before = known.find(file);
      const auto header = before == known.end() ? read_dicom_header(file) : std::optional(*before->second);
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

DicomHeaders headers_of(const DicomFolder& folder) {
  DicomHeaders out;
  for (const DicomSeries& series : folder.series)
    for (const DicomHeader& slice : series.slices) out.emplace(slice.path, &slice);
  for (const auto& [uid, object] : folder.refused) out.emplace(object.first.path, &object.first);
  return out;
}

}  // namespace tss
