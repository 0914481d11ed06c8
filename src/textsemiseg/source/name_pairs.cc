#include "textsemiseg/source/name_pairs.h"

#include <fnmatch.h>

#include <algorithm>
#include <map>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/label_words.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::string without_channel(const std::string& stem) {
  const auto suffix = channel_suffix(stem);
  return suffix ? suffix->first : stem;
}

// Scans by what they are called, so that thousands of labels find theirs.
class ScanNames {
 public:
  explicit ScanNames(const std::vector<NamedScan>& scans) {
    for (size_t i = 0; i < scans.size(); ++i) {
      std::vector<std::string> names{scans[i].id};
      for (const fs::path& image : scans[i].images) names.push_back(scan_stem(image));
      for (const std::string& name : names) {
        const std::string core = scan_of_image(name);
        names_[name].insert(i);
        cores_[core].insert(i);
        small_[to_lower_ascii(name)].insert(i);
        small_[to_lower_ascii(core)].insert(i);
      }
      ids_.emplace(scans[i].id, i);
      beginnings_.emplace(scans[i].id, i);
      beginnings_.emplace(scan_of_image(scans[i].id), i);
    }
  }

  // How a label's name may go with a scan's, the closest first: the scan and the number of the rule.
  struct Match {
    size_t scan = 0;
    size_t rule = 0;
  };
  std::optional<Match> match(const std::string& stem, const std::set<std::string>& ignored) const {
    const auto as_label = scan_of_label(stem, ignored);
    const std::string core = as_label.value_or(stem), small = to_lower_ascii(core);
    const std::set<size_t> rules[] = {with(names_, {stem}), with(names_, {core}),
                                      with(names_, {without_channel(stem), without_channel(core)}), with(cores_, {core}),
                                      with(small_, {small})};
    size_t rule = 0;
    for (const std::set<size_t>& found : rules) {
      if (found.size() == 1) return Match{*found.begin(), rule};
      if (!found.empty()) return std::nullopt;
      ++rule;
    }
    if (const auto longest = longest_beginning(stem)) return Match{*longest, rule};
    if (const auto only = only_id_from(core)) return Match{*only, rule + 1};
    // "label" beside the only scan.
    if (ids_.size() == 1 && as_label == "") return Match{0, rule + 2};
    return std::nullopt;
  }

 private:
  using Places = std::map<std::string, std::set<size_t>>;

  static std::set<size_t> with(const Places& places, const std::vector<std::string>& names) {
    std::set<size_t> out;
    for (const std::string& name : names) {
      const auto found = name.empty() ? places.end() : places.find(name);
      if (found != places.end()) out.insert(found->second.begin(), found->second.end());
    }
    return out;
  }
  // The longest name of a scan that the label's begins with.
  std::optional<size_t> longest_beginning(const std::string& stem) const {
    for (size_t length = stem.size(); length > 0; --length) {
      if (!ends_word(stem, length)) continue;
      if (const auto found = beginnings_.find(stem.substr(0, length)); found != beginnings_.end()) return found->second;
    }
    return std::nullopt;
  }
  // The only id that begins with these words.
  std::optional<size_t> only_id_from(const std::string& core) const {
    std::optional<size_t> out;
    for (auto it = ids_.lower_bound(core); it != ids_.end() && starts_with(it->first, core); ++it) {
      if (!ends_word(it->first, core.size())) continue;
      if (out) return std::nullopt;
      out = it->second;
    }
    return out;
  }

  Places names_, cores_, small_;                    // of ids and stems; without their image words; in small letters
  std::map<std::string, size_t> ids_, beginnings_;  // beginnings_: ids, with and without image words
};

// Voxels of a file read as a label; none where it is no label map.
std::optional<StoredLabel> voxels_of(const fs::path& file) {
  try {
    return Scan::open(file)->read_stored_label();
  } catch (const InputError&) {
    return std::nullopt;
  }
}

bool same_voxels(const fs::path& a, const fs::path& b) {
  const auto first = voxels_of(a), second = voxels_of(b);
  if (!first || !second || first->layers.size() != second->layers.size()) return false;
  for (size_t i = 0; i < first->layers.size(); ++i)
    if (first->layers[i].size() != second->layers[i].size() || first->layers[i].voxels != second->layers[i].voxels) return false;
  return true;
}

}  // namespace

std::vector<NamedScan> named_scans(const std::vector<fs::path>& files, bool numbered) {
  std::map<std::string, NamedScan> scans;
  for (const auto& [stem, path] : by_stem(files)) {
    const auto suffix = numbered ? channel_suffix(stem) : std::nullopt;
    NamedScan& scan = scans[suffix ? suffix->first : stem];
    scan.id = suffix ? suffix->first : stem;
    if (suffix && suffix->second != std::ssize(scan.images))
      throw InputError(path.string(), concat("is channel ", suffix->second, " of case '", suffix->first, "'"),
                       concat("channel ", scan.images.size(), " before it"));
    scan.images.push_back(path);
  }
  std::vector<NamedScan> out;
  for (auto& [id, scan] : scans) out.push_back(std::move(scan));
  return out;
}

bool are_channels(const std::vector<fs::path>& files, const std::vector<fs::path>& labels, bool without_labels) {
  std::set<std::string> stems, cases;
  bool first = false;
  for (const fs::path& file : files) {
    const auto suffix = channel_suffix(scan_stem(file));
    if (!suffix) return false;
    first = first || suffix->second == 0;
    stems.insert(scan_stem(file));
    cases.insert(suffix->first);
  }
  if (!first) return false;
  if (labels.empty()) return without_labels;
  bool fits = false;
  for (const fs::path& label : labels) {
    const std::string stem = scan_stem(label), core = scan_of_label(stem).value_or(stem);
    if (stems.contains(stem) || stems.contains(core)) return false;
    fits = fits || cases.contains(stem) || cases.contains(core);
  }
  return fits;
}

void cut_image_words(std::vector<NamedScan>& scans) {
  std::set<std::string> rest;
  for (const NamedScan& scan : scans) {
    const std::string core = scan_of_image(scan.id);
    // At the end only: "img0001" is a name.
    if (core == scan.id || !starts_with(scan.id, core) || !rest.insert(core).second) return;
  }
  for (NamedScan& scan : scans) scan.id = scan_of_image(scan.id);
}

NamePairs pair_by_name(const std::vector<NamedScan>& scans, const std::vector<fs::path>& labels,
                       const std::set<std::string>& ignored) {
  const ScanNames names(scans);
  std::vector<std::vector<std::pair<size_t, fs::path>>> found(scans.size());
  NamePairs out;
  for (const fs::path& label : labels) {
    if (const auto match = names.match(scan_stem(label), ignored))
      found[match->scan].emplace_back(match->rule, label);
    else
      out.alone.push_back(label);
  }
  out.labels.resize(scans.size());
  for (size_t i = 0; i < scans.size(); ++i) {
    // The very name of the scan goes before names that only contain it.
    const bool exact = std::any_of(found[i].begin(), found[i].end(), [](const auto& one) { return one.first == 0; });
    for (const auto& [rule, label] : found[i]) (exact && rule > 0 ? out.second_best : out.labels[i]).push_back(label);
  }
  return out;
}

bool fits_pattern(const fs::path& file, const fs::path& source, const std::string& pattern) {
  for (const std::string& name : {file.filename().string(), scan_stem(file), file.lexically_relative(source).generic_string()}) {
    if (fnmatch(pattern.c_str(), name.c_str(), 0) == 0) return true;
  }
  return false;
}

FileKind kind_by_name(const fs::path& file, const std::string& name, const std::set<std::string>& ignored, const fs::path& source,
                      const std::string& label_file) {
  const bool named = scan_of_label(name, ignored).has_value();
  if (label_file.empty()) return named ? FileKind::kLabel : FileKind::kImage;
  if (fits_pattern(file, source, label_file)) return FileKind::kLabel;
  return named ? FileKind::kLeftOut : FileKind::kImage;
}

fs::path one_label(const std::vector<fs::path>& candidates, const std::string& subject, std::vector<fs::path>& left) {
  const fs::path& first = candidates.front();
  for (size_t i = 1; i < candidates.size(); ++i) {
    if (same_voxels(first, candidates[i])) continue;
    std::vector<std::string> names;
    for (const fs::path& file : candidates) names.push_back(file.filename().string());
    throw InputError(
        subject, concat(names.size(), " files are named like its label: ", join(names, ", ")),
        "one: --label-file says which, for example --label-file \"" + names.front() + "\", with * for any part of a name");
  }
  left.insert(left.end(), candidates.begin() + 1, candidates.end());
  return first;
}

}  // namespace tss
