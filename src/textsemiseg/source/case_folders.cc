#include "textsemiseg/source/case_folders.h"

#include <algorithm>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/label_words.h"
#include "textsemiseg/source/name_pairs.h"
#include "textsemiseg/source/plain_folder.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Slices in the folder, or one folder with them (an export's study and series folders); empty where there is neither.
fs::path series_in(const fs::path& folder) {
  std::vector<fs::path> series;
  bool slices = false;
  for (const fs::path& path : visible_entries(folder)) {
    if (fs::is_directory(path)) {
      if (is_scan(path)) series.push_back(path);
    } else {
      slices = slices || is_dicom_slice(path);
    }
  }
  return slices ? folder : series.size() == 1 ? series.front() : fs::path{};
}

void add_channel(CaseFolder& item, const fs::path& path) {
  if (!item.channels.emplace(name_within_case(scan_stem(path), item.id), path).second)
    throw InputError(path.string(), "is a second file of one channel", "one file per channel");
}

// A folder of labels within a case: its only file, or a mask per structure.
void add_label_folders(CaseFolder& item) {
  for (const fs::path& folder : label_folders_of(item.folder)) {
    const auto files = scan_files_of(folder);
    if (files.size() == 1) item.labels.push_back(files.front());
    if (files.size() > 1) item.labels.push_back(folder / "*");
  }
}

// Where a folder holds nothing but a label, the scans lie in a folder of it: the WMH challenge has orig/ and pre/, and the label fits pre/.
void add_channels_below(CaseFolder& item) {
  std::vector<fs::path> folders;
  for (const fs::path& path : visible_entries(item.folder)) {
    if (fs::is_directory(path) && !scan_files_of(path).empty() && label_words_of(path.filename().string()).empty())
      folders.push_back(path);
  }
  const auto preprocessed = std::find_if(folders.begin(), folders.end(), [](const fs::path& path) {
    const std::string name = to_lower_ascii(path.filename().string());
    return name == "pre" || name == "preprocessed";
  });
  if (folders.empty()) return;
  if (folders.size() > 1 && preprocessed == folders.end())
    throw InputError(item.folder.string(), concat("holds a label and ", folders.size(), " folders of scans"),
                     "one, or a recipe whose [dataset] says which files are the images");
  for (const fs::path& path : scan_files_of(preprocessed == folders.end() ? folders.front() : *preprocessed))
    if (label_words_of(scan_stem(path)).empty()) add_channel(item, path);
}

class Collector {
 public:
  Collector(Source& source, const SourceOptions& options) : source_(source), options_(options) {}

  void collect(const fs::path& folder, int levels) {
    for (const fs::path& path : visible_entries(folder)) {
      if (!fs::is_directory(path)) continue;
      if (auto found = case_in(path))
        cases_.push_back(std::move(*found));
      else if (levels > 1)
        collect(path, levels - 1);
    }
  }

  // Where one folder holds several scans with labels of their own, every scan with a label is a case.
  std::vector<CaseFolder> cases() {
    const auto several = [](const CaseFolder& item) { return scans_with_labels(item) > 1; };
    if (std::none_of(cases_.begin(), cases_.end(), several)) return cases_;
    std::vector<CaseFolder> out;
    std::vector<std::string> left_out;
    for (const CaseFolder& item : cases_) {
      for (const auto& [name, path] : item.channels) {
        CaseFolder one{scan_stem(path), item.folder, {{"image", path}}, {}};
        if (!starts_with(one.id, item.id)) one.id = item.id + "_" + one.id;
        for (const fs::path& label : item.labels)
          if (scan_of_label(scan_stem(label)) == scan_stem(path)) one.labels.push_back(label);
        if (one.labels.empty())
          left_out.push_back(path.filename().string());
        else
          out.push_back(std::move(one));
      }
    }
    if (!left_out.empty())
      log_warning(concat(source_.folder.string(), ": each scan with a label of its own is a case; ", left_out.size(),
                         left_out.size() == 1 ? " other file is" : " other files are", " left out: ", left_out.front(),
                         left_out.size() > 1 ? ", ..." : ""));
    return out;
  }

 private:
  static int64_t scans_with_labels(const CaseFolder& item) {
    return std::count_if(item.channels.begin(), item.channels.end(), [&](const auto& channel) {
      const std::string stem = scan_stem(channel.second);
      return std::any_of(item.labels.begin(), item.labels.end(),
                         [&](const fs::path& label) { return scan_of_label(scan_stem(label)) == stem; });
    });
  }

  // The files of one case: those in the folder itself, a DICOM series there or below; nullopt where there is neither.
  std::optional<CaseFolder> case_in(const fs::path& folder) {
    CaseFolder out{folder.filename().string(), folder, {}, {}};
    const std::vector<fs::path> files = scan_files_of(folder);
    std::vector<std::string> names;
    for (const fs::path& path : files) names.push_back(name_within_case(scan_stem(path), out.id));
    const std::set<std::string> ignored = words_of_all(names);
    std::vector<fs::path> left_out;
    for (size_t i = 0; i < files.size(); ++i) {
      switch (kind_by_name(files[i], names[i], ignored, source_.folder, options_.label_file)) {
        case FileKind::kImage:
          add_channel(out, files[i]);
          break;
        case FileKind::kLabel:
          out.labels.push_back(files[i]);
          break;
        case FileKind::kLeftOut:
          left_out.push_back(files[i]);
          break;
      }
    }
    if (out.channels.empty()) {
      if (const fs::path series = series_in(folder); !series.empty()) out.channels.emplace("image", series);
    }
    if (out.channels.empty() && !out.labels.empty()) add_channels_below(out);
    if (out.channels.empty()) return std::nullopt;
    source_.unused_labels.insert(source_.unused_labels.end(), left_out.begin(), left_out.end());
    if (out.labels.empty()) add_label_folders(out);
    return out;
  }

  Source& source_;
  const SourceOptions& options_;
  std::vector<CaseFolder> cases_;
};

std::vector<std::string> names_of(const CaseFolder& item) {
  std::vector<std::string> names;
  for (const auto& [name, path] : item.channels) names.push_back(name);
  return names;
}

// The part of the data set that a folder's name says: "MICCAI_BraTS2020_ValidationData", "testing".
enum class Part { kTraining, kValidation, kTest };
Part part_of(const CaseFolder& item, const fs::path& source) {
  for (const fs::path& folder : item.folder.parent_path().lexically_relative(source)) {
    for (const std::string& word : words_in_name(folder.string())) {
      if (word == "test" || word == "testing" || word == "tests") return Part::kTest;
      if (word == "val" || word == "valid" || word == "validation") return Part::kValidation;
    }
  }
  return Part::kTraining;
}

}  // namespace

std::string name_within_case(const std::string& stem, const std::string& id) {
  if (!starts_with(stem, id) || stem.size() <= id.size() + 1) return stem;
  const char separator = stem[id.size()];
  return separator == '_' || separator == '-' ? stem.substr(id.size() + 1) : stem;
}

void add_case_folders(Source& source, const std::vector<CaseFolder>& cases, const SourceOptions& options) {
  if (cases.empty()) return;
  const std::vector<std::string>& wanted = options.channels;
  source.channel_names = wanted.empty() ? names_of(cases.front()) : wanted;
  const bool parts = std::any_of(cases.begin(), cases.end(),
                                 [&](const CaseFolder& item) { return part_of(item, source.folder) == Part::kTraining; });
  for (const CaseFolder& item : cases) {
    SourceCase found;
    found.id = item.id;
    if (!item.labels.empty()) found.label = one_label(item.labels, item.folder.string(), source.unused_labels);
    for (const std::string& name : source.channel_names) {
      const auto channel = item.channels.find(name);
      if (channel == item.channels.end())
        throw InputError(item.folder.string(), concat("has no channel '", name, "', only ", join(names_of(item), ", ")),
                         "the same channels in every case");
      found.images.push_back(channel->second);
    }
    if (wanted.empty() && names_of(item) != source.channel_names)
      throw InputError(item.folder.string(), "has the channels " + join(names_of(item), ", "),
                       join(source.channel_names, ", ") + " as in " + cases.front().folder.string());
    if (found.label.empty() && found.images.size() == 1 && Scan::open(found.images.front())->holds_label())
      found.label = found.images.front();
    found.test = parts && part_of(item, source.folder) == Part::kTest;
    found.validation = parts && part_of(item, source.folder) == Part::kValidation;
    source.cases.push_back(std::move(found));
  }
}

void list_case_folders(Source& source, const SourceOptions& options) {
  constexpr int kLevels = 3;
  Collector collector(source, options);
  collector.collect(source.folder, kLevels);
  const auto cases = collector.cases();
  if (cases.empty()) return;
  source.layout = "case folders";
  add_case_folders(source, cases, options);
}

}  // namespace tss
