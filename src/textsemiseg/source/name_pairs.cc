#include "textsemiseg/source/name_pairs.h"

#include <fnmatch.h>

#include <algorithm>
#include <functional>
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

std::vector<std::string> names_of_scan(const NamedScan& scan) {
  std::vector<std::string> names{scan.id};
  for (const fs::path& image : scan.images) names.push_back(scan_stem(image));
  return names;
}

bool any_name(const NamedScan& scan, const std::function<bool(const std::string&)>& fits) {
  const auto names = names_of_scan(scan);
  return std::any_of(names.begin(), names.end(), fits);
}

// How a label's name may go with a scan's, the closest first.
using Rule = std::function<bool(const NamedScan&)>;
std::vector<Rule> rules_for(const std::string& stem, const std::set<std::string>& ignored) {
  const std::string core = scan_of_label(stem, ignored).value_or(stem);
  const auto is_one_of = [](std::vector<std::string> wanted) -> Rule {
    return [wanted = std::move(wanted)](const NamedScan& scan) {
      return any_name(scan, [&](const std::string& name) {
        return !name.empty() && std::find(wanted.begin(), wanted.end(), name) != wanted.end();
      });
    };
  };
  return {
      is_one_of({stem}),
      is_one_of({core}),
      is_one_of({without_channel(stem), without_channel(core)}),
      [core](const NamedScan& scan) {
        return !core.empty() && any_name(scan, [&](const std::string& name) { return scan_of_image(name) == core; });
      },
      [core](const NamedScan& scan) {
        const std::string small = to_lower_ascii(core);
        return !small.empty() && any_name(scan, [&](const std::string& name) {
          return to_lower_ascii(name) == small || to_lower_ascii(scan_of_image(name)) == small;
        });
      },
      [core](const NamedScan& scan) { return ends_word(scan.id, core.size()) && starts_with(scan.id, core); },
  };
}

// The longest name of a scan that the label's begins with.
std::optional<size_t> longest_beginning(const std::vector<NamedScan>& scans, const std::string& stem) {
  std::optional<size_t> best;
  size_t length = 0;
  for (size_t i = 0; i < scans.size(); ++i) {
    for (const std::string& id : {scans[i].id, scan_of_image(scans[i].id)}) {
      if (id.size() > length && starts_with(stem, id) && ends_word(stem, id.size())) {
        best = i;
        length = id.size();
      }
    }
  }
  return best;
}

struct Match {
  size_t scan = 0;
  size_t rule = 0;
};

std::optional<Match> match_of(const std::vector<NamedScan>& scans, const std::string& stem,
                              const std::set<std::string>& ignored) {
  const auto rules = rules_for(stem, ignored);
  for (size_t r = 0; r + 1 < rules.size(); ++r) {
    std::vector<size_t> found;
    for (size_t i = 0; i < scans.size(); ++i)
      if (rules[r](scans[i])) found.push_back(i);
    if (found.size() == 1) return Match{found.front(), r};
    if (!found.empty()) return std::nullopt;
  }
  if (const auto longest = longest_beginning(scans, stem)) return Match{*longest, rules.size() - 1};
  std::vector<size_t> found;
  for (size_t i = 0; i < scans.size(); ++i)
    if (rules.back()(scans[i])) found.push_back(i);
  if (found.size() == 1) return Match{found.front(), rules.size()};
  // "label" beside the only scan.
  if (scans.size() == 1 && scan_of_label(stem, ignored) == "") return Match{0, rules.size() + 1};
  return std::nullopt;
}

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
  std::vector<std::vector<std::pair<size_t, fs::path>>> found(scans.size());
  NamePairs out;
  for (const fs::path& label : labels) {
    if (const auto match = match_of(scans, scan_stem(label), ignored))
      found[match->scan].emplace_back(match->rule, label);
    else
      out.left.push_back(label);
  }
  out.labels.resize(scans.size());
  for (size_t i = 0; i < scans.size(); ++i) {
    // The very name of the scan goes before names that only contain it.
    const bool exact = std::any_of(found[i].begin(), found[i].end(), [](const auto& one) { return one.first == 0; });
    for (const auto& [rule, label] : found[i]) (exact && rule > 0 ? out.left : out.labels[i]).push_back(label);
  }
  return out;
}

bool fits_pattern(const fs::path& file, const fs::path& source, const std::string& pattern) {
  for (const std::string& name : {file.filename().string(), scan_stem(file), file.lexically_relative(source).generic_string()}) {
    if (fnmatch(pattern.c_str(), name.c_str(), 0) == 0) return true;
  }
  return false;
}

FileKind kind_of_file(const fs::path& file, const std::string& name, const std::set<std::string>& ignored, const fs::path& source,
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
