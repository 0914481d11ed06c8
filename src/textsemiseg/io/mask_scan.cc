// A folder that holds a mask per structure, as the path FOLDER/*: one label whose structures are called as the files are.
#include <algorithm>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan_format.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> mask_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator(); it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.front() != '.' && name != kAllMasks && !it->is_directory(error) && is_scan(it->path())) files.push_back(it->path());
  }
  if (error) throw InputError(folder.string(), "cannot be read (" + error.message() + ")", "a readable folder of masks");
  std::sort(files.begin(), files.end());
  return files;
}

// "p1_liver_mask" in p1/masks -> "liver".
std::string structure_name(const fs::path& file) {
  std::string name = scan_stem(file);
  const fs::path folder = file.parent_path();
  for (const std::string& part : {folder.filename().string(), folder.parent_path().filename().string()}) {
    for (const char* separator : {"_", "-", "."})
      if (!part.empty() && starts_with(name, part + separator)) name = name.substr(part.size() + 1);
  }
  for (const std::string ending : {"_mask", "_seg", "_label"})
    if (name.size() > ending.size() && ends_with(to_lower_ascii(name), ending)) name.resize(name.size() - ending.size());
  return name;
}

// Where the mask is; one value besides 0.
std::vector<size_t> inside_of(const Volume<int32_t>& mask, const fs::path& file) {
  std::vector<size_t> inside;
  std::set<int32_t> values;
  for (size_t i = 0; i < mask.voxels.size(); ++i) {
    if (mask.voxels[i] == 0) continue;
    inside.push_back(i);
    if (inside.size() == 1 || mask.voxels[i] != mask.voxels[inside.front()]) values.insert(mask.voxels[i]);
    if (values.size() > 1)
      throw InputError(file.string(), "holds the values " + join(values, " and "),
                       "the mask of one structure: 0 and one other value, as in a folder with a file per structure");
  }
  return inside;
}

class MaskScan : public Scan {
 public:
  using Scan::Scan;

  std::vector<fs::path> files() const final { return mask_files(path().parent_path()); }
  Geometry geometry() const final { return Scan::open(first())->geometry(); }
  int64_t channel_count() const final { return 1; }
  bool has_geometry() const final { return Scan::open(first())->has_geometry(); }
  std::vector<Image> read_channels() const final {
    const StoredLabel label = read_stored_label();
    for (const LabelName& one : label.names)
      if (one.layer > 0)
        throw InputError(path().string(), "the mask '" + one.name + "' overlaps others", "structures that exclude each other");
    const Volume<int32_t>& labels = label.layers.front();
    Image image(labels.geometry);
    std::copy(labels.voxels.begin(), labels.voxels.end(), image.voxels.begin());
    return {std::move(image)};
  }

  // Mask k has the value k + 1; masks that overlap lie in different layers.
  StoredLabel read_stored_label() const final {
    StoredLabel out;
    int32_t value = 0;
    for (const fs::path& file : files()) {
      const StoredLabel one = Scan::open(file)->read_stored_label();
      if (one.layers.size() != 1) throw InputError(file.string(), "has several layers of segments", "the mask of one structure");
      const Volume<int32_t>& mask = one.layers.front();
      if (!out.layers.empty()) {
        const std::string difference = grid_difference(out.geometry(), mask.geometry);
        if (!difference.empty())
          throw InputError(file.string(), "lies on another grid than " + first().string() + ": " + difference, "the same grid");
      }
      const std::vector<size_t> inside = inside_of(mask, file);
      size_t layer = 0;
      const auto is_taken = [&](size_t i) { return out.layers[layer].voxels[i] != 0; };
      while (layer < out.layers.size() && std::any_of(inside.begin(), inside.end(), is_taken)) ++layer;
      if (layer == out.layers.size()) out.layers.emplace_back(mask.geometry);
      ++value;
      for (const size_t i : inside) out.layers[layer].voxels[i] = value;
      out.names.push_back({structure_name(file), value, layer});
    }
    return out;
  }

  std::vector<LabelName> label_names() const final {
    std::vector<LabelName> names;
    for (const fs::path& file : files()) names.push_back({structure_name(file), static_cast<int32_t>(names.size()) + 1, 0});
    return names;
  }

 private:
  fs::path first() const { return files().front(); }
};

}  // namespace

ScanFormat mask_format() {
  return {.name = "masks",
          .endings = {},
          .holds = [](const fs::path& path) { return is_mask_folder(path) && !mask_files(path.parent_path()).empty(); },
          .open = [](const fs::path& path) -> ScanPtr { return std::make_shared<MaskScan>(path); }};
}

}  // namespace tss
