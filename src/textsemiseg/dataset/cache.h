// The prepared arrays on disk, one folder per case, complete or absent:
//
//   D/cache/<key>/<id>/image.npy   float32 [X, Y, Z], or [C, X, Y, Z] for several channels
//   D/cache/<key>/<id>/label.npy   uint8 [X, Y, Z]; only where the case has a label
//   D/cache/<key>/<id>/case.json   geometry, source files and their fingerprints, checksums of the arrays, voxels of each class
//
// <key> is a hash of everything that decides the arrays besides the scan: recipe, number of classes, label map, version of this code.
// The fingerprints tell whether the scan is still the one that was prepared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/archive/npy_file.h"
#include "textsemiseg/dataset/fingerprint.h"
#include "textsemiseg/recipe/recipe.h"
#include "textsemiseg/source/label_table.h"
#include "textsemiseg/source/source.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// A case that plays unlabelled is loaded without its label: then no file of the label is opened, neither the prepared nor the source's.
enum class LabelUse { kRead, kLeftAlone };

struct CacheEntry {
  Geometry geometry;
  MappedNpy image;
  std::optional<MappedNpy> label;
};

class Cache {
 public:
  Cache(std::filesystem::path dataset_folder, const Recipe& recipe, int64_t classes, const LabelTable& labels);
  // Of several sources with a table each.
  Cache(std::filesystem::path dataset_folder, const Recipe& recipe, int64_t classes, const std::vector<LabelTable>& labels);

  const std::filesystem::path& folder() const { return folder_; }  // D/cache/<key>
  std::filesystem::path folder_of(const std::string& id) const { return folder_ / id; }

  enum class State { kCurrent, kMissing, kStale, kSourceGone };
  // reason: what differs, for messages. whole: all bytes of the files are compared, also where size, time and sample are as they were.
  State state(const SourceCase& item, std::string* reason = nullptr, bool whole = false, LabelUse label = LabelUse::kRead) const;
  // Replaces the entry as a whole. The fingerprints were taken before the files were read, so that a file that changes
  // meanwhile is found out later.
  void write(const SourceCase& item, const CaseArrays& prepared, const std::vector<Fingerprint>& fingerprints) const;
  // Maps the arrays; throws InputError when one is missing or its shape does not fit case.json.
  CacheEntry map(const std::string& id, LabelUse label = LabelUse::kRead) const;
  // Reads arrays as a whole and throws InputError naming case and file where one is not what prepare wrote: by its checksum or, in entries
  // of earlier versions, by a class that there is none of or a voxel that is not finite. Each file once per process.
  void require_sound(const std::string& id, const CacheEntry& entry) const;
  // Of each class in the prepared label; empty without label.
  std::vector<int64_t> class_voxels(const std::string& id) const;
  // Removes what stopped runs left behind.
  void remove_leftovers() const;

 private:
  Cache(std::filesystem::path dataset_folder, const Recipe& recipe, int64_t classes, const Json& label_values);

  std::filesystem::path folder_;
  int64_t classes_ = 0;
};

}  // namespace tss
