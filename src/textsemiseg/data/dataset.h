// A prepared dataset folder: which cases there are, which role each plays, and the memory-mapped cache of their arrays.
//
//   D/dataset.json   classes, recipe, source folder, cases          written by prepare
//   D/split.json     {"labelled": [ids], "unlabelled": [...], "validation": [...], "test": [...]}, in order
//   D/cache/<key>/   image.npy, label.npy, case.json per case
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/data/recipe.h"
#include "textsemiseg/io/npy_file.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

enum class Role { kLabelled, kUnlabelled, kValidation, kTest };
const char* role_name(Role role);
Role role_from_name(const std::string& name);  // throws InputError

// One prepared case. Arrays are float32 [C, X, Y, Z] (or [X, Y, Z] for one channel) and uint8 [X, Y, Z] on the prepared grid.
struct CachedCase {
  std::string id;
  Geometry geometry;                 // of the prepared grid
  MappedNpy image;
  std::optional<MappedNpy> label;    // absent where the case has no label
  std::filesystem::path source_image;
  std::filesystem::path source_label;  // empty where the case has no label
};

class Dataset {
 public:
  // Throws InputError: no dataset.json or split.json, unknown ids, a case in two roles, a labelled case without label,
  // a cache entry that is missing or stale (says to run prepare again).
  static Dataset open(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  const std::vector<std::string>& class_names() const { return class_names_; }  // class 0 is the background
  int64_t classes() const { return static_cast<int64_t>(class_names_.size()); }
  int64_t channels() const { return channels_; }
  const Recipe& recipe() const { return recipe_; }
  const std::vector<std::string>& cases(Role role) const;  // in split order
  // Opens (maps) one case's cache; checks that it is current.
  CachedCase load(const std::string& id) const;

 private:
  std::filesystem::path folder_;
  std::vector<std::string> class_names_;
  int64_t channels_ = 1;
  Recipe recipe_;
  std::map<Role, std::vector<std::string>> roles_;
};

}  // namespace tss
