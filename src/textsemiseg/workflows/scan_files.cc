#include "textsemiseg/workflows/scan_files.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/text_encoding.h"
#include "textsemiseg/dicom/folder.h"
#include "textsemiseg/source/label_words.h"
#include "textsemiseg/source/name_pairs.h"
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
  // nnU-Net writes probabilities x.npz beside the label map x.nii.gz.
  const auto is_array = [](const fs::path& file) {
    const std::string ending = to_lower_ascii(file.extension().string());
    return ending == ".npz" || ending == ".npy";
  };
  std::set<std::string> maps;
  for (const fs::path& file : files)
    if (!is_array(file)) maps.insert(scan_stem(file));
  std::vector<fs::path> taken;
  for (const fs::path& file : files)
    if (!is_array(file) || !maps.contains(scan_stem(file))) taken.push_back(file);
  return by_stem(taken);
}

// Ids and paths go into records of scores and predictions.
void require_text(const std::string& id, const fs::path& path) {
  require_utf8(id, "case");
  require_utf8(path.string(), "file");
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

// Whether the scan is a scout. One whose headers cannot be read is none: reading it says why.
bool is_scout(const Scan& scan, bool keep_going) {
  try {
    return !scan.all_series().empty() && count_volumes(scan) == 0;
  } catch (const Error&) {
    if (!keep_going) throw;
    return false;
  }
}

// Folders with DICOM files; those with nothing but scouts only where no other has more. whole: the folder itself where it has been opened.
std::vector<ScanPtr> dicom_folders_of(const fs::path& folder, const ScanPtr& whole, bool keep_going) {
  std::vector<ScanPtr> folders, scouts;
  for (const fs::path& path : visible_entries(folder)) {
    if (!fs::is_directory(path) || !is_scan(path)) continue;
    const ScanPtr scan = whole ? whole->open_below(path) : Scan::open(path);
    (is_scout(*scan, keep_going) ? scouts : folders).push_back(scan);
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

// Takes away the files that are named as labels of other scans of the folder: "p1_seg" beside "p1", "segmentation-0" beside "volume-0",
// "label" beside anything.
void leave_out_labels(const fs::path& folder, std::map<std::string, fs::path>& files, const std::vector<ScanPtr>& folders) {
  std::vector<std::string> stems;
  for (const auto& [stem, path] : files) stems.push_back(stem);
  const std::set<std::string> ignored = words_of_all(stems);
  std::vector<fs::path> named, rest, labels, kept;
  for (const auto& [stem, path] : files) (scan_of_label(stem, ignored) ? named : rest).push_back(path);
  std::vector<NamedScan> scans = named_scans(rest, are_channels(rest, named, false));
  for (const ScanPtr& scan : folders) scans.push_back({scan_stem(scan->path()), {scan->path()}});
  const NamePairs pairs = pair_by_name(scans, named, ignored);
  for (const fs::path& file : named) {
    const std::string stem = scan_stem(file);
    const bool alone = std::find(pairs.alone.begin(), pairs.alone.end(), file) != pairs.alone.end();
    const bool of_any = scan_of_label(stem, ignored) == "" && files.size() + folders.size() > 1;
    (alone && !of_any ? kept : labels).push_back(file);
  }
  for (const fs::path& file : labels) files.erase(scan_stem(file));
  warn_left_out(folder, labels, "named as labels of scans");
  if (!kept.empty())
    log_warning(concat(folder.string(), ": ", kept.size(), kept.size() == 1 ? " file is" : " files are",
                       " named like a label and predicted all the same, since no scan goes with ",
                       kept.size() == 1 ? "it" : "them", ": ", kept.front().filename().string(), kept.size() > 1 ? ", ..." : ""));
}

// What is done to one scan: where the others are done without it, an error becomes its fault.
void guarded(InputScan& scan, bool keep_going, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    if (!keep_going) throw;
    if (scan.fault.empty()) scan.fault = error.what();
  }
}

// Channels of one case lie on one grid.
bool lie_apart(std::map<std::string, InputScan>& cases, bool keep_going) {
  bool apart = false;
  for (auto& [id, one] : cases) {
    guarded(one, keep_going, [&scans = one.channels, &apart] {
      for (const ScanPtr& scan : scans) apart = apart || !grid_difference(scans.front()->geometry(), scan->geometry()).empty();
    });
  }
  return apart;
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

void require_channels(const fs::path& input, const InputScan& scan, int64_t channels) {
  const int64_t found = channels_of(scan.channels, channels);
  if (found == channels) return;
  const std::string subject = fs::is_directory(input) ? input.string() + ": " + scan.id : input.string();
  throw InputError(
      subject, concat("has ", found, " channel(s)"),
      concat(channels, ", as in training: files <case>_0000, <case>_0001, ..., or one file with all",
             channels == 1 && scan.channels.size() > 1 ? "; --one-channel where each file is a scan of its own" : ""));
}

// Names that are not UTF-8 are always an error: no record can hold them.
std::vector<InputScan> checked(const fs::path& input, std::vector<InputScan> scans, int64_t channels, bool keep_going) {
  for (InputScan& scan : scans) {
    for (const ScanPtr& channel : scan.channels) require_text(scan.id, channel->path());
    if (scan.fault.empty()) guarded(scan, keep_going, [&] { require_channels(input, scan, channels); });
  }
  return scans;
}

}  // namespace

std::vector<InputScan> find_inputs(const fs::path& input, int64_t channels, bool one_channel, bool keep_going) {
  require_exists(input);
  if (one_channel && channels != 1)
    throw InputError("--one-channel", concat("the run has ", channels, " channels"), "a run of one channel");
  if (!fs::is_directory(input)) {
    const ScanPtr scan = Scan::open(input);
    const auto suffix = channel_suffix(scan_stem(input));
    return checked(input, {{suffix && suffix->second == 0 ? suffix->first : scan_stem(input), {scan}}}, channels, false);
  }
  if (holds_slices(input)) {
    warn_left_out(input, scan_files_of(input), "beside the slices of a DICOM series");
    return checked(input, {{scan_stem(input), {Scan::open(input)}}}, channels, false);
  }
  auto files = by_stem(scan_files_of(input));
  const ScanPtr whole = files.empty() && is_scan(input) ? Scan::open(input) : nullptr;
  if (whole && count_volumes(*whole) == 1) return checked(input, {{scan_stem(input), {whole}}}, channels, false);
  const std::vector<ScanPtr> folders = dicom_folders_of(input, whole, keep_going);
  leave_out_labels(input, files, folders);
  // The ending means channels only where every file has it: "scan_2019" alone is a name.
  const auto has_suffix = [](const auto& file) { return channel_suffix(file.first).has_value(); };
  const auto is_first = [](const auto& file) {
    return channel_suffix(file.first).value_or(std::pair{"", int64_t{1}}).second == 0;
  };
  bool numbered =
      !one_channel && std::all_of(files.begin(), files.end(), has_suffix) && std::any_of(files.begin(), files.end(), is_first);
  std::map<std::string, InputScan> cases;
  const auto add_cases = [&] {
    cases.clear();
    for (const auto& [stem, path] : files) {
      const std::string id = numbered ? channel_suffix(stem)->first : stem;
      InputScan& scan = cases[id];
      scan.id = id;
      guarded(scan, keep_going, [&, &file = path] { scan.channels.push_back(Scan::open(file)); });
    }
  };
  add_cases();
  if (numbered && channels == 1 && lie_apart(cases, keep_going)) {
    log_warning(input.string() + ": files numbered like channels lie on different grids; each is taken for a scan of its own");
    numbered = false;
    add_cases();
  }
  if (numbered) {
    for (auto& [id, scan] : cases) guarded(scan, keep_going, [&, &one = scan] { require_all_channels(input, one); });
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
  return checked(input, std::move(out), channels, keep_going);
}

std::vector<FilePair> pair_files(const fs::path& reference, const fs::path& prediction) {
  require_exists(reference);
  require_exists(prediction);
  if (fs::is_directory(reference) != fs::is_directory(prediction)) {
    throw InputError(prediction.string(), fs::is_directory(prediction) ? "is a folder" : "is a file",
                     "a " + std::string(fs::is_directory(reference) ? "folder" : "file") + ", like " + reference.string());
  }
  if (!fs::is_directory(reference)) {
    require_text(scan_stem(reference), reference);
    require_text(scan_stem(reference), prediction);
    return {{scan_stem(reference), reference, prediction}};
  }
  auto predictions = label_maps_of(prediction);
  std::vector<FilePair> out;
  for (const auto& [id, path] : label_maps_of(reference)) {
    require_utf8(id, "case");
    const auto found = predictions.find(id);
    if (found == predictions.end()) {
      throw InputError(prediction.string(), "holds no prediction for '" + id + "'", "one for each file of " + reference.string());
    }
    require_text(id, path);
    require_text(id, found->second);
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
