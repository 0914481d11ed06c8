#include "textsemiseg/workflows/scored_maps.h"

#include <algorithm>
#include <map>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/source/class_names.h"
#include "textsemiseg/source/label_files.h"
#include "textsemiseg/volume/lattice.h"

namespace tss {
namespace {

std::vector<NamedFile> named_of(const std::vector<FilePair>& pairs, std::filesystem::path FilePair::* side) {
  std::vector<SourceCase> labels;
  for (const FilePair& files : pairs) labels.push_back({.id = files.id, .images = {}, .label = files.*side});
  std::vector<const SourceCase*> all;
  for (const SourceCase& one : labels) all.push_back(&one);
  return named_label_files(all);
}

std::set<std::string> keys_of(const std::vector<NamedFile>& files) {
  std::set<std::string> out;
  for (const NamedFile& file : files)
    for (const LabelName& one : file.names) out.insert(name_key(one.name));
  return out;
}

// A number for every name: its value where that is free, the first one's as they come.
std::vector<std::string> numbered(const std::vector<NamedFile>& files) {
  constexpr size_t kMost = 255;
  std::map<size_t, std::string> taken;
  std::set<std::string> known;
  std::vector<std::string> left;
  for (const NamedFile& file : files) {
    for (const LabelName& one : file.names) {
      if (!known.insert(name_key(one.name)).second) continue;
      const auto number = static_cast<size_t>(std::max(one.value, 0));
      if (one.layer > 0 || number == 0 || number > kMost || !taken.emplace(number, one.name).second) left.push_back(one.name);
    }
  }
  size_t next = 1;
  for (const std::string& name : left) {
    while (taken.contains(next)) ++next;
    taken[next] = name;
  }
  if (taken.empty() || taken.rbegin()->first > kMost) return {};
  std::vector<std::string> names(taken.rbegin()->first + 1);
  names.front() = "background";
  for (const auto& [number, name] : taken) names[number] = name;
  return names;
}

bool fits_bytes(const StoredLabel& label) {
  const auto& voxels = label.layers.front().voxels;
  return label.layers.size() == 1 && std::all_of(voxels.begin(), voxels.end(), [](int32_t v) { return v >= 0 && v <= 255; });
}

// Values of any size in one or the other map: numbered together, the background first.
std::vector<int32_t> values_of(const StoredLabel& a, const StoredLabel& b, const std::string& subject) {
  std::set<int32_t> found;
  for (const StoredLabel* label : {&a, &b}) {
    int32_t last = 0;
    for (const int32_t value : label->layers.front().voxels)
      if (value != last) found.insert(last = value);
  }
  found.erase(0);
  if (found.size() > 255)
    throw InputError(subject, concat("has ", found.size(), " different labels, with those of its reference"), "at most 255");
  std::vector<int32_t> out{0};
  out.insert(out.end(), found.begin(), found.end());
  return out;
}

LabelMap numbered_by(const StoredLabel& label, const std::vector<int32_t>& values) {
  const Volume<int32_t>& stored = label.layers.front();
  LabelMap out(stored.geometry);
  std::map<int32_t, uint8_t> number;
  for (size_t k = 0; k < values.size(); ++k) number[values[k]] = static_cast<uint8_t>(k);
  for (size_t i = 0; i < out.voxels.size(); ++i)
    out.voxels[i] = i > 0 && stored.voxels[i] == stored.voxels[i - 1] ? out.voxels[i - 1] : number.at(stored.voxels[i]);
  return out;
}

void lay(const FilePair& files, bool segmentations, double tolerance, ScoredMaps& maps) {
  const auto say = [&](const std::filesystem::path& file, const std::filesystem::path& other) {
    log_warning(file.string() + ": covers another part of the voxels of " + other.string() +
                "; what it leaves out is background");
  };
  const Geometry own = maps.prediction.geometry;
  const LaidLabels laid = lay_labels(maps.prediction, maps.reference.geometry, tolerance);
  if (laid.placed)
    log_warning(files.prediction.string() + ": has no place of its own, taken to lie where " + files.reference.string() +
                " does");
  if (laid.padded) say(files.prediction, files.reference);
  if (laid.difference.empty()) return;
  if (lay_labels(maps.reference, own, tolerance).padded) return say(files.reference, files.prediction);
  const auto common = segmentations ? common_grid(own, maps.reference.geometry, tolerance) : std::nullopt;
  if (!common) return;
  lay_labels(maps.prediction, *common, tolerance);
  lay_labels(maps.reference, *common, tolerance);
  say(files.prediction, files.reference);
}

}  // namespace

ScoredMapReader::ScoredMapReader(const std::vector<FilePair>& pairs, const std::vector<std::string>& class_names)
    : class_names_(class_names) {
  if (class_names_.empty()) take_names_of_files(pairs);
  table_ = LabelTable::identity(std::ssize(class_names_));
  if (class_names.empty()) return;
  auto files = named_of(pairs, &FilePair::reference);
  for (NamedFile& file : named_of(pairs, &FilePair::prediction)) files.push_back(std::move(file));
  if (const std::string line = judge_label_files(files, table_, class_names_); !line.empty()) log_warning(line);
}

void ScoredMapReader::take_names_of_files(const std::vector<FilePair>& pairs) {
  auto references = named_of(pairs, &FilePair::reference), predictions = named_of(pairs, &FilePair::prediction);
  if (references.empty()) return;
  const auto warn = [&](const std::string& why) { log_warning("labels are compared by value: " + why); };
  if (references.size() < pairs.size() || predictions.size() < pairs.size())
    return warn(references.front().file.string() + " names its values, and not every other file does (--classes gives names)");
  const auto a = keys_of(references), b = keys_of(predictions);
  if (std::none_of(a.begin(), a.end(), [&](const std::string& key) { return b.contains(key); }))
    return warn("no name of the references (" + join(a, ", ") + ") is one of the predictions (" + join(b, ", ") + ")");
  references.insert(references.end(), predictions.begin(), predictions.end());
  class_names_ = numbered(references);
  if (const std::string differing = differing_values(references); !differing.empty() && !class_names_.empty())
    log_warning("labels are compared by the names that their files have for them: " + differing);
}

ScoredMaps ScoredMapReader::read(const FilePair& files, double grid_tolerance) const {
  const StoredLabel prediction = Scan::open(files.prediction)->read_stored_label();
  const StoredLabel reference = Scan::open(files.reference)->read_stored_label();
  ScoredMaps out;
  if (!class_names_.empty()) {
    const auto classes = [&](const StoredLabel& label, const std::string& file) {
      return table_.classes_of_file(label.names, class_names_).by_name ? table_.apply(label, file, class_names_)
                                                                       : byte_labels(label, file);
    };
    out.prediction = classes(prediction, files.prediction.string());
    out.reference = classes(reference, files.reference.string());
  } else if ((fits_bytes(prediction) && fits_bytes(reference)) || prediction.layers.size() > 1 || reference.layers.size() > 1) {
    out.prediction = byte_labels(prediction, files.prediction.string());
    out.reference = byte_labels(reference, files.reference.string());
  } else {
    out.values = values_of(prediction, reference, files.prediction.string());
    out.prediction = numbered_by(prediction, out.values);
    out.reference = numbered_by(reference, out.values);
  }
  lay(files, !prediction.names.empty() && !reference.names.empty(), grid_tolerance, out);
  return out;
}

}  // namespace tss
