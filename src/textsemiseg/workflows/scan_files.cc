#include "textsemiseg/workflows/scan_files.h"

#include <algorithm>
#include <map>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dicom/folder.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

void require_exists(const fs::path& path) {
  if (!scan_exists(path)) throw InputError(path.string(), "does not exist", "a scan or a folder of scans");
}

// Label maps of a folder itself, not below it.
std::map<std::string, fs::path> label_maps_of(const fs::path& folder) {
  const std::vector<fs::path> files = scan_files_of(folder);
  if (files.empty()) throw InputError(folder.string(), "holds no scan", "files ending in " + join(scan_extensions(), ", "));
  return by_stem(files);
}

bool holds_slices(const fs::path& folder) {
  const auto entries = visible_entries(folder);
  return std::any_of(entries.begin(), entries.end(),
                     [](const fs::path& e) { return !fs::is_directory(e) && e.filename() != "DICOMDIR" && is_dicom_slice(e); });
}

// Series with several slices in a scan's folder and below it; a scout is a single image.
size_t count_volumes(const Scan& scan) {
  const std::vector<DicomSeries>& series = scan.all_series();
  return static_cast<size_t>(
      std::count_if(series.begin(), series.end(), [](const DicomSeries& one) { return one.slices.size() > 1; }));
}

// Folders with DICOM files; those with nothing but scouts only where no other has more. whole: the folder itself where it has been opened.
std::vector<ScanPtr> dicom_folders_of(const fs::path& folder, const ScanPtr& whole) {
  std::vector<ScanPtr> folders, scouts;
  for (const fs::path& path : visible_entries(folder)) {
    if (!fs::is_directory(path) || !is_scan(path)) continue;
    const ScanPtr scan = whole ? whole->open_below(path) : Scan::open(path);
    (!scan->all_series().empty() && count_volumes(*scan) == 0 ? scouts : folders).push_back(scan);
  }
  if (folders.empty()) return scouts;
  for (const ScanPtr& scan : scouts) log_warning(scan->path().string() + ": holds single images only, left out");
  return folders;
}

void warn_left_out(const fs::path& folder, const std::vector<fs::path>& files, const std::string& why) {
  if (!files.empty())
    log_warning(concat(folder.string(), ": ", files.size(), files.size() == 1 ? " file is" : " files are", " left out, ", why,
                       ": ", files.front().filename().string(), files.size() == 1 ? "" : ", ..."));
}

// Takes away the files that are named as labels of other scans of the folder: "p1_seg" beside "p1", "label" beside anything.
void leave_out_labels(const fs::path& folder, std::map<std::string, fs::path>& files, const std::vector<ScanPtr>& folders) {
  std::set<std::string> names;
  for (const auto& [stem, path] : files) names.insert(stem);
  for (const ScanPtr& scan : folders) names.insert(scan_stem(scan->path()));
  std::vector<fs::path> labels;
  for (auto it = files.begin(); it != files.end();) {
    const auto scan = scan_of_label(it->first);
    const bool is_label = scan && (scan->empty() ? names.size() > 1 : names.count(*scan) || names.count(*scan + "_0000"));
    if (is_label) labels.push_back(it->second);
    it = is_label ? files.erase(it) : std::next(it);
  }
  warn_left_out(folder, labels, "named as labels of scans");
}

// Files <case>_0000, <case>_0001, ...: all of them, from 0 on.
void require_all_channels(const fs::path& input, const InputScan& scan) {
  for (size_t c = 0; c < scan.channels.size(); ++c) {
    const int64_t number = channel_suffix(scan_stem(scan.channels[c]->path()))->second;
    if (number != static_cast<int64_t>(c))
      throw InputError(input.string() + ": " + scan.id, concat("has a channel ", number, " and no channel ", c),
                       "files <case>_0000, <case>_0001, ... of each case");
  }
}

// A file may hold several channels.
int64_t channels_of(const std::vector<ScanPtr>& scans, int64_t expected) {
  if (static_cast<int64_t>(scans.size()) == expected) return expected;
  int64_t channels = 0;
  for (const ScanPtr& scan : scans) channels += scan->channel_count();
  return channels;
}

std::vector<InputScan> checked(const fs::path& input, std::vector<InputScan> scans, int64_t channels) {
  for (const InputScan& scan : scans) {
    const int64_t found = channels_of(scan.channels, channels);
    if (found == channels) continue;
    const std::string subject = fs::is_directory(input) ? input.string() + ": " + scan.id : input.string();
    throw InputError(subject, concat("has ", found, " channel(s)"),
                     concat(channels, ", as in training: files <case>_0000, <case>_0001, ..., or one file with all"));
  }
  return scans;
}

}  // namespace

std::vector<InputScan> find_inputs(const fs::path& input, int64_t channels) {
  require_exists(input);
  if (!fs::is_directory(input)) {
    const ScanPtr scan = Scan::open(input);
    const auto suffix = channel_suffix(scan_stem(input));
    return checked(input, {{suffix && suffix->second == 0 ? suffix->first : scan_stem(input), {scan}}}, channels);
  }
  if (holds_slices(input)) {
    warn_left_out(input, scan_files_of(input), "beside the slices of a DICOM series");
    return checked(input, {{scan_stem(input), {Scan::open(input)}}}, channels);
  }
  auto files = by_stem(scan_files_of(input));
  const ScanPtr whole = files.empty() && is_scan(input) ? Scan::open(input) : nullptr;
  if (whole && count_volumes(*whole) == 1) return checked(input, {{scan_stem(input), {whole}}}, channels);
  const std::vector<ScanPtr> folders = dicom_folders_of(input, whole);
  leave_out_labels(input, files, folders);
  // The ending means channels only where every file has it: "scan_2019" alone is a name.
  const auto has_suffix = [](const auto& file) { return channel_suffix(file.first).has_value(); };
  const auto is_first = [](const auto& file) {
    return channel_suffix(file.first).value_or(std::pair{"", int64_t{1}}).second == 0;
  };
  const bool numbered = std::all_of(files.begin(), files.end(), has_suffix) && std::any_of(files.begin(), files.end(), is_first);
  std::map<std::string, InputScan> cases;
  for (const auto& [stem, path] : files) {
    const std::string id = numbered ? channel_suffix(stem)->first : stem;
    InputScan& scan = cases[id];
    scan.id = id;
    scan.channels.push_back(Scan::open(path));
  }
  if (numbered) {
    for (const auto& [id, scan] : cases) require_all_channels(input, scan);
  }
  for (const ScanPtr& scan : folders) {
    const std::string stem = scan_stem(scan->path());
    const auto [place, added] = cases.emplace(stem, InputScan{stem, {scan}});
    if (!added) throw InputError(input.string(), "holds a folder and a file of the name " + place->first, "one scan of a name");
  }
  if (cases.empty())
    throw InputError(input.string(), "holds no scan", "files ending in " + join(scan_extensions(), ", ") + ", or DICOM slices");
  std::vector<InputScan> out;
  for (auto& [id, scan] : cases) out.push_back(std::move(scan));
  return checked(input, std::move(out), channels);
}

std::vector<FilePair> pair_files(const fs::path& reference, const fs::path& prediction) {
  require_exists(reference);
  require_exists(prediction);
  if (fs::is_directory(reference) != fs::is_directory(prediction)) {
    throw InputError(prediction.string(), fs::is_directory(prediction) ? "is a folder" : "is a file",
                     "a " + std::string(fs::is_directory(reference) ? "folder" : "file") + ", like " + reference.string());
  }
  if (!fs::is_directory(reference)) return {{scan_stem(reference), reference, prediction}};
  auto predictions = label_maps_of(prediction);
  std::vector<FilePair> out;
  for (const auto& [id, path] : label_maps_of(reference)) {
    const auto found = predictions.find(id);
    if (found == predictions.end()) {
      throw InputError(prediction.string(), "holds no prediction for '" + id + "'", "one for each file of " + reference.string());
    }
    out.push_back({id, path, found->second});
    predictions.erase(found);
  }
  if (!predictions.empty()) {
    log_warning(concat(prediction.string(), ": ", predictions.size(),
                       " prediction(s) without a reference are left out, the first is ",
                       predictions.begin()->second.filename().string()));
  }
  return out;
}

}  // namespace tss
