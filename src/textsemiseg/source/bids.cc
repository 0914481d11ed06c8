#include "textsemiseg/source/bids.h"

#include <algorithm>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/folder_walk.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/case_folders.h"
#include "textsemiseg/source/name_pairs.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr char kDerivatives[] = "derivatives";

std::vector<fs::path> folders_called(const fs::path& folder, const std::string& prefix) {
  std::vector<fs::path> found;
  for (const fs::path& path : visible_entries(folder))
    if (fs::is_directory(path) && starts_with(path.filename().string(), prefix)) found.push_back(path);
  return found;
}

// "sub-01" or "sub-01_ses-1" of a file's name.
std::string subject_of(const std::string& stem) {
  const auto parts = split(stem, '_');
  if (!starts_with(parts.front(), "sub-")) return "";
  return parts.size() > 1 && starts_with(parts[1], "ses-") ? parts[0] + "_" + parts[1] : parts[0];
}

class BidsLister {
 public:
  BidsLister(Source& source, const SourceOptions& options) : source_(source), options_(options) {}

  void list() {
    for (const fs::path& subject : folders_called(source_.folder, "sub-")) {
      const auto sessions = folders_called(subject, "ses-");
      const std::string name = subject.filename().string();
      if (sessions.empty()) add_case(subject, name);
      for (const fs::path& session : sessions) add_case(session, name + "_" + session.filename().string());
    }
    if (cases_.empty()) return;
    add_derivatives();
    keep_common_channels();
    source_.layout = "BIDS";
    add_case_folders(source_, cases_, options_);
  }

 private:
  void add_case(const fs::path& folder, const std::string& id) {
    CaseFolder item{id, folder, {}, {}};
    for (const fs::path& path : scan_files_of(folder / "anat")) {
      const std::string name = name_within_case(scan_stem(path), id);
      const FileKind kind = kind_by_name(path, name, {}, source_.folder, options_.label_file);
      if (kind == FileKind::kLabel)
        item.labels.push_back(path);
      else if (kind == FileKind::kLeftOut)
        source_.unused_labels.push_back(path);
      else
        item.channels.emplace(name, path);
    }
    if (!item.channels.empty()) cases_.push_back(std::move(item));
  }

  void add_derivatives() {
    const fs::path folder = source_.folder / kDerivatives;
    if (!fs::is_directory(folder)) return;
    const auto take = [&](const fs::path& path, EntryKind kind) {
      if (kind != EntryKind::kFile || !is_scan(path)) return true;
      const std::string stem = scan_stem(path), id = subject_of(stem);
      const auto item = std::find_if(cases_.begin(), cases_.end(), [&](const CaseFolder& one) { return one.id == id; });
      if (item == cases_.end()) return true;
      const FileKind kind_of = kind_by_name(path, name_within_case(stem, id), {}, source_.folder, options_.label_file);
      if (kind_of == FileKind::kLabel) item->labels.push_back(path);
      if (kind_of == FileKind::kLeftOut) source_.unused_labels.push_back(path);
      return true;
    };
    walk_folder(folder, take);
  }

  // Subjects differ in what was scanned of them.
  void keep_common_channels() {
    if (!options_.channels.empty()) return;
    std::set<std::string> common, all;
    for (const auto& [name, path] : cases_.front().channels) common.insert(name);
    for (const CaseFolder& item : cases_) {
      std::erase_if(common, [&](const std::string& name) { return !item.channels.contains(name); });
      for (const auto& [name, path] : item.channels) all.insert(name);
    }
    if (common.empty())
      throw InputError(source_.folder.string(), "no image in anat/ has the same name in every subject: " + join(all, ", "),
                       "one that all have, such as T1w");
    if (common.size() == all.size()) return;
    std::vector<std::string> left;
    std::set_difference(all.begin(), all.end(), common.begin(), common.end(), std::back_inserter(left));
    log_warning(concat(source_.folder.string(), ": not every subject has ", join(left, ", "), "; left out, the channels are ",
                       join(common, ", ")));
    for (CaseFolder& item : cases_)
      std::erase_if(item.channels, [&](const auto& channel) { return !common.contains(channel.first); });
  }

  Source& source_;
  const SourceOptions& options_;
  std::vector<CaseFolder> cases_;
};

}  // namespace

bool is_bids(const fs::path& folder) {
  for (const fs::path& subject : folders_called(folder, "sub-")) {
    if (fs::is_directory(subject / "anat")) return true;
    for (const fs::path& session : folders_called(subject, "ses-"))
      if (fs::is_directory(session / "anat")) return true;
  }
  return false;
}

void list_bids(Source& source, const SourceOptions& options) { BidsLister(source, options).list(); }

}  // namespace tss
