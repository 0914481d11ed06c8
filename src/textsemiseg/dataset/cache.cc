#include "textsemiseg/dataset/cache.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>
#include <tuple>

#include "textsemiseg/archive/checksum.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/new_folder.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/temporary_name.h"
#include "textsemiseg/io/scan.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kVersion = 1;  // raise when the arrays that a recipe gives change

Json geometry_to_json(const Geometry& geometry) {
  return {{"size", geometry.size}, {"spacing", geometry.spacing}, {"origin", geometry.origin}, {"direction", geometry.direction}};
}

Geometry geometry_from_json(const Json& json, const std::string& subject) {
  Geometry geometry;
  try {
    json.at("size").get_to(geometry.size);
    json.at("spacing").get_to(geometry.spacing);
    json.at("origin").get_to(geometry.origin);
    json.at("direction").get_to(geometry.direction);
  } catch (const std::exception&) {
    throw InputError(subject + ": geometry", "found " + json.dump(), "size, spacing, origin and direction");
  }
  return geometry;
}

uint32_t checksum_of(const MappedNpy& array) {
  return crc32_of(array.data<void>(), static_cast<size_t>(array.elements()) * npy_item_bytes(array.type()));
}

Json checksums_of(const fs::path& folder) {
  Json out;
  for (const char* name : {"image", "label"}) {
    const fs::path file = folder / concat(name, ".npy");
    if (fs::exists(file)) out[name] = checksum_of(MappedNpy(file));
  }
  return out;
}

std::vector<int64_t> count_classes_of(const uint8_t* labels, int64_t voxels) {
  std::vector<int64_t> counts(256, 0);
  for (int64_t i = 0; i < voxels; ++i) ++counts[labels[i]];
  while (!counts.empty() && counts.back() == 0) counts.pop_back();
  return counts;
}

// Files that were found sound, with size and time: the same file is not read twice.
class SoundFiles {
 public:
  // Calls check unless this file passed before.
  template <class Check>
  void once(const fs::path& file, const Check& check) {
    std::error_code ignored;
    const Key key{file.string(), fs::file_size(file, ignored), fs::last_write_time(file, ignored).time_since_epoch().count()};
    {
      const std::lock_guard lock(mutex_);
      if (known_.contains(key)) return;
    }
    check();
    const std::lock_guard lock(mutex_);
    known_.insert(key);
  }

 private:
  using Key = std::tuple<std::string, uintmax_t, int64_t>;
  std::mutex mutex_;
  std::set<Key> known_;
};

SoundFiles& sound_files() {
  static SoundFiles files;
  return files;
}

// What a table adds to the key; null where every value is its own class.
Json rules_of(const LabelTable& table) { return table.is_identity() ? Json() : label_rules_to_json(table.rules); }

Json rules_of_each(const std::vector<LabelTable>& tables) {
  Json out = Json::array();
  for (const LabelTable& table : tables) out.push_back(rules_of(table));
  return out;
}

}  // namespace

Cache::Cache(fs::path dataset_folder, const Recipe& recipe, int64_t classes, const LabelTable& labels)
    : Cache(std::move(dataset_folder), recipe, classes, rules_of(labels)) {}

Cache::Cache(fs::path dataset_folder, const Recipe& recipe, int64_t classes, const std::vector<LabelTable>& labels)
    : Cache(std::move(dataset_folder), recipe, classes, rules_of_each(labels)) {}

Cache::Cache(fs::path dataset_folder, const Recipe& recipe, int64_t classes, const Json& label_values) : classes_(classes) {
  // Arrays of earlier versions stay in use where the recipe is one that those versions knew.
  Json json = earlier_form(recipe);
  if (json.is_null()) json = write_options(recipe);
  json.erase("name");  // two names of one preparation share its arrays
  if (!label_values.is_null()) json["label_values"] = label_values;
  json["classes"] = classes;
  json["version"] = kVersion;
  folder_ = std::move(dataset_folder) / "cache" / hex(hash_bytes(json.dump()));
}

Cache::State Cache::state(const SourceCase& item, std::string* reason, bool whole, LabelUse label) const {
  const auto because = [&](const std::string& text) {
    if (reason != nullptr) *reason = text;
  };
  const fs::path record = folder_of(item.id) / "case.json";
  if (!fs::exists(record)) {
    because("not prepared yet");
    return State::kMissing;
  }
  const Json json = read_json(record);
  std::vector<Fingerprint> stored;
  for (const Json& part : json.value("source", Json::array())) {
    Fingerprint file;
    read_options(part, record.string(), file);
    stored.push_back(file);
  }
  const auto files = source_files(item);
  if (stored.size() != files.size()) {
    because(concat("prepared from ", stored.size(), " files, now ", files.size()));
    return State::kStale;
  }
  bool gone = false;
  for (size_t i = 0; i < files.size(); ++i) {
    if (stored[i].path != files[i].string()) {
      because("prepared from " + stored[i].path);
      return State::kStale;
    }
    if (label == LabelUse::kLeftAlone && i >= item.images.size()) break;  // images come first
    if (!scan_exists(files[i])) {
      gone = true;
      because(files[i].string() + " is gone");
      continue;
    }
    if (!same_content(fingerprint_of(files[i]), stored[i]) || (whole && content_of(files[i]) != stored[i].content)) {
      because(files[i].string() + " has changed since");
      return State::kStale;
    }
  }
  return gone ? State::kSourceGone : State::kCurrent;
}

void Cache::write(const SourceCase& item, const CaseArrays& prepared, const std::vector<Fingerprint>& fingerprints) const {
  const Geometry& geometry = prepared.channels.front().geometry;
  NewFolder made(folder_of(item.id));
  const fs::path& temporary = made.path();
  try {
    std::vector<int64_t> shape(geometry.size.begin(), geometry.size.end());
    if (prepared.label) write_npy(temporary / "label.npy", NpyType::kUint8, shape, prepared.label->voxels.data());
    if (prepared.channels.size() == 1) {
      write_npy(temporary / "image.npy", NpyType::kFloat32, shape, prepared.channels.front().voxels.data());
    } else {
      std::vector<float> voxels;
      for (const Image& channel : prepared.channels) voxels.insert(voxels.end(), channel.voxels.begin(), channel.voxels.end());
      shape.insert(shape.begin(), static_cast<int64_t>(prepared.channels.size()));
      write_npy(temporary / "image.npy", NpyType::kFloat32, shape, voxels.data());
    }
    Json record = {{"id", item.id}, {"geometry", geometry_to_json(geometry)}, {"source", Json::array()}};
    for (const Fingerprint& file : fingerprints) record["source"].push_back(write_options(file));
    record["crc32"] = checksums_of(temporary);
    if (prepared.label)
      record["class_voxels"] = count_classes_of(prepared.label->voxels.data(), std::ssize(prepared.label->voxels));
    write_json(temporary / "case.json", record);
    fs::remove_all(folder_of(item.id));
    made.finish();
  } catch (const fs::filesystem_error& error) {
    throw InputError(folder_of(item.id).string(), "cannot be written (" + error.code().message() + ")", "a writable place");
  }
}

CacheEntry Cache::map(const std::string& id, LabelUse label) const {
  const fs::path folder = folder_of(id);
  const std::string record = (folder / "case.json").string();
  CacheEntry entry;
  const Json json = read_json(record);
  entry.geometry = geometry_from_json(json.contains("geometry") ? json.at("geometry") : Json(), record);
  entry.image = MappedNpy(folder / "image.npy");
  const std::vector<int64_t> grid(entry.geometry.size.begin(), entry.geometry.size.end());
  const auto fits = [&](const MappedNpy& array, size_t most_dimensions) {
    const auto& shape = array.shape();
    return shape.size() >= 3 && shape.size() <= most_dimensions && std::equal(grid.rbegin(), grid.rend(), shape.rbegin());
  };
  if (!fits(entry.image, 4) || entry.image.type() != NpyType::kFloat32) {
    throw InputError((folder / "image.npy").string(), "is [" + join(entry.image.shape(), ", ") + "]",
                     "float32 of " + entry.geometry.describe());
  }
  if (label == LabelUse::kRead && fs::exists(folder / "label.npy")) {
    entry.label.emplace(folder / "label.npy");
    if (!fits(*entry.label, 3) || entry.label->type() != NpyType::kUint8) {
      throw InputError((folder / "label.npy").string(), "is [" + join(entry.label->shape(), ", ") + "]",
                       "uint8 of " + entry.geometry.describe());
    }
  }
  return entry;
}

void Cache::require_sound(const std::string& id, const CacheEntry& entry) const {
  const fs::path folder = folder_of(id);
  std::optional<Json> record;
  const auto check = [&](const std::string& name, const MappedNpy& array, const auto& is_sound, const std::string& otherwise) {
    const fs::path file = folder / (name + ".npy");
    sound_files().once(file, [&] {
      if (!record) record = read_json(folder / "case.json");
      const Json sums = record->value("crc32", Json());
      const bool summed = sums.is_object() && sums.contains(name) && sums.at(name).is_number_integer();
      if (summed ? sums.at(name).get<int64_t>() == checksum_of(array) : is_sound()) return;
      throw InputError(file.string(),
                       "case '" + id + "' is damaged: " + (summed ? "its checksum is not the one that prepare wrote" : otherwise),
                       "the array as prepared: remove " + folder.string() + " and run textsemiseg prepare again");
    });
  };
  check(
      "image", entry.image,
      [&] {
        const float* voxels = entry.image.data<float>();
        return std::all_of(voxels, voxels + entry.image.elements(), [](float v) { return std::isfinite(v); });
      },
      "it holds NaN or infinite voxels");
  if (!entry.label) return;
  check(
      "label", *entry.label,
      [&] {
        const uint8_t* voxels = entry.label->data<uint8_t>();
        return std::all_of(voxels, voxels + entry.label->elements(), [&](uint8_t v) { return v < classes_; });
      },
      concat("it holds labels above ", classes_ - 1));
}

std::vector<int64_t> Cache::class_voxels(const std::string& id) const {
  const Json json = read_json(folder_of(id) / "case.json");
  std::vector<int64_t> stored;
  if (json.contains("class_voxels") && config_detail::convert(json.at("class_voxels"), stored)) return stored;
  const CacheEntry entry = map(id);
  return entry.label ? count_classes_of(entry.label->data<uint8_t>(), entry.label->elements()) : stored;
}

// Whoever prepares holds the lock of the dataset, so nobody is filling one of these.
void Cache::remove_leftovers() const {
  if (!fs::is_directory(folder_)) return;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (is_temporary_name(entry.path())) found.push_back(entry.path());
  }
  std::error_code ignored;
  for (const fs::path& path : found) fs::remove_all(path, ignored);
}

}  // namespace tss
