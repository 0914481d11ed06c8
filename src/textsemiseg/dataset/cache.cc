#include "textsemiseg/dataset/cache.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kVersion = 1;         // raise when the arrays that a recipe gives change
constexpr char kTemporary[] = ".tmp-";  // no id of a case begins so

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

}  // namespace

Cache::Cache(fs::path dataset_folder, const Recipe& recipe, int64_t classes, const LabelTable& labels) {
  // Arrays of earlier versions stay in use where the recipe is one that those versions knew.
  Json json = earlier_form(recipe);
  if (json.is_null()) json = write_options(recipe);
  json.erase("name");  // two names of one preparation share its arrays
  if (!labels.is_identity()) json["label_values"] = label_rules_to_json(labels.rules);
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
  const fs::path temporary = folder_ / concat(kTemporary, ::getpid(), "-", item.id);
  std::error_code ignored;
  try {
    fs::create_directories(temporary);
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
    write_json(temporary / "case.json", record);
    fs::remove_all(folder_of(item.id));
    fs::rename(temporary, folder_of(item.id));
  } catch (const fs::filesystem_error& error) {
    fs::remove_all(temporary, ignored);
    throw InputError(folder_of(item.id).string(), "cannot be written (" + error.code().message() + ")", "a writable place");
  } catch (...) {
    fs::remove_all(temporary, ignored);
    throw;
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

void Cache::remove_leftovers() const {
  if (!fs::is_directory(folder_)) return;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (!starts_with(name, kTemporary)) continue;
    const long process = std::strtol(name.c_str() + sizeof(kTemporary) - 1, nullptr, 10);
    const bool running = process > 0 && (::kill(static_cast<pid_t>(process), 0) == 0 || errno == EPERM);
    std::error_code ignored;
    if (!running || process == ::getpid()) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace tss
