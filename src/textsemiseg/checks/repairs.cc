#include "textsemiseg/checks/repairs.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/new_folder.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/checks/case_findings.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/other_affine.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/metrics/components.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

LabelMap rounded(const Image& label) {
  LabelMap out(label.geometry);
  std::transform(label.voxels.begin(), label.voxels.end(), out.voxels.begin(),
                 [](float value) { return static_cast<uint8_t>(std::lround(value)); });
  return out;
}

// The file as seen from the source folder; throws where it does not lie in it, since a copy of the folder then cannot stand for it, and
// what is written must never climb out of the copy.
fs::path place_in(const Source& source, const fs::path& file) {
  const fs::path place = file.lexically_normal().lexically_relative(source.folder);
  if (place.empty() || *place.begin() == "..")
    throw InputError("--fix", file.string() + " lies outside the source folder " + source.folder.string(),
                     "a source that holds all of its files");
  return place;
}

// One case and the codes of what was found in it.
class CaseRepair {
 public:
  // Written below `written`, reported as below `folder`.
  CaseRepair(const SourceCase& item, std::set<std::string> codes, const Source& source, const fs::path& written,
             const fs::path& folder, std::vector<Repair>& out)
      : item_(item), codes_(std::move(codes)), source_(source), written_(written), folder_(folder), out_(out) {}

  void run() {
    const ScanPtr first = Scan::open(item_.images.front());
    const bool moves = codes_.contains("grid_rounding") || codes_.contains("grid_other_affine");
    if (codes_.contains("non_finite") || moves)
      for (const fs::path& file : item_.images) repair_image(file, *first);
    if (!item_.label.empty() && (codes_.contains("label_rounding") || moves)) repair_label(*first);
  }

 private:
  void refuse(const fs::path& file, const std::string& reason) { out_.push_back({item_.id, {}, file.string() + ": " + reason}); }
  fs::path target(const fs::path& file) const { return written_ / place_in(source_, file); }
  void report(const fs::path& file, const std::vector<std::string>& done) {
    out_.push_back({item_.id, folder_ / place_in(source_, file), join(done, "; ")});
  }

  // A new place for a file, and what it is called: the first channel's header where only rounding keeps the file from it, or its own voxels
  // laid by the affine of that channel that is used.
  struct NewPlace {
    Geometry geometry;
    std::string what;
  };
  std::optional<NewPlace> new_place(const fs::path& file, const Geometry& own, const Scan& first,
                                    const std::string& owner) const {
    const Geometry grid = first.geometry();
    if (same_grid(own, grid)) return {};
    if (differs_by_rounding(own, grid)) return NewPlace{grid, "header of the " + owner};
    if (!codes_.contains("grid_other_affine")) return {};
    const std::optional<Geometry> placed = placed_by_other_affine(first, *Scan::open(file));
    return placed ? std::optional(NewPlace{*placed, "placed by the affine of the " + owner + " that is used"}) : std::nullopt;
  }

  void repair_image(const fs::path& file, const Scan& first) {
    std::vector<Image> channels = Scan::open(file)->read_channels();
    Image& image = channels.front();
    std::vector<std::string> done;
    const bool broken = std::any_of(channels.begin(), channels.end(), [](const Image& one) {
      return std::any_of(one.voxels.begin(), one.voxels.end(), [](float v) { return !std::isfinite(v); });
    });
    const std::optional<NewPlace> moved = new_place(file, image.geometry, first, "first channel");
    if (!broken && !moved) return;
    if (channels.size() > 1 || !is_writable_image(file))
      return refuse(file, "only files of one channel in NIfTI, NRRD or MetaImage are rewritten");
    if (broken) {
      const std::optional<Image> label = item_.label.empty() ? std::nullopt : std::optional(read_raw_label(item_));
      if (!is_padding(image, label ? &*label : nullptr))
        return refuse(file,
                      "not all of its NaN and infinite voxels are padding at the border, so that nothing is known about them");
      float least = INFINITY;
      for (const float v : image.voxels)
        if (std::isfinite(v)) least = std::min(least, v);
      int64_t count = 0;
      for (float& v : image.voxels)
        if (!std::isfinite(v)) v = least, ++count;
      done.push_back(concat(count, " NaN or infinite voxels of the padding set to ", least));
    }
    if (moved) {
      image.geometry = moved->geometry;
      done.push_back(moved->what);
    }
    write_image(target(file), image);
    report(file, done);
  }

  void repair_label(const Scan& first) {
    Image label = read_raw_label(item_);
    std::vector<std::string> done;
    const bool whole = std::all_of(label.voxels.begin(), label.voxels.end(), [](float v) { return v == std::floor(v); });
    const std::optional<NewPlace> moved = new_place(item_.label, label.geometry, first, "image");
    if (whole && !moved) return;
    if (!is_writable_image(item_.label)) return refuse(item_.label, "only NIfTI, NRRD and MetaImage are rewritten");
    // Values that no rounding explains stay with their finding.
    for (const float v : label.voxels)
      if (!(v > -0.5f && v < 255.5f && std::abs(v - std::round(v)) <= 1e-3f))
        return refuse(item_.label, "holds values that are not whole numbers");
    if (!whole) done.push_back("values rounded to whole numbers");
    if (moved) {
      label.geometry = moved->geometry;
      done.push_back(moved->what);
    }
    write_label_map(target(item_.label), rounded(label));
    report(item_.label, done);
  }

  const SourceCase& item_;
  std::set<std::string> codes_;
  const Source& source_;
  const fs::path &written_, &folder_;
  std::vector<Repair>& out_;
};

// Everything that was not written, as links; a link to a folder is one link, unless a file below it was corrected.
void link_others(const fs::path& from, const fs::path& to) {
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    const fs::path place = to / entry.path().filename();
    const bool link = entry.is_symlink();
    if (fs::is_directory(place) || (!link && entry.is_directory())) {
      fs::create_directories(place);
      link_others(entry.path(), place);
    } else if (!fs::exists(place)) {
      fs::create_symlink(entry.path(), place);
    }
  }
}

}  // namespace

bool is_padding(const Image& image, const Image* label) {
  const auto& [nx, ny, nz] = image.size();
  std::vector<uint8_t> mask(image.voxels.size());
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = !std::isfinite(image.voxels[i]);
  if (label != nullptr) {
    if (label->size() != image.size()) return false;
    for (size_t i = 0; i < mask.size(); ++i)
      if (mask[i] != 0 && label->voxels[i] != 0) return false;
  }
  const Components components = label_components(mask.data(), image.size(), 6);
  std::vector<bool> touches(components.voxels.size() + 1, false);
  for (int64_t x = 0; x < nx; ++x) {
    for (int64_t y = 0; y < ny; ++y) {
      const bool side = x == 0 || x == nx - 1 || y == 0 || y == ny - 1;
      for (int64_t z = 0; z < nz; z += side || nz == 1 ? 1 : nz - 1)
        touches[static_cast<size_t>(components.labels[image.offset(x, y, z)])] = true;
    }
  }
  return std::all_of(touches.begin() + 1, touches.end(), [](bool one) { return one; });
}

void require_repairable(const Source& source, const fs::path& folder) {
  const fs::path place = fs::weakly_canonical(folder);
  const fs::path inside = place.lexically_relative(source.folder);
  if (!inside.empty() && *inside.begin() != "..")
    throw InputError("--fix", folder.string() + " lies in the source folder",
                     "a folder elsewhere: files of the source are never touched");
  if (fs::exists(place) && !fs::is_directory(place)) throw InputError("--fix", folder.string() + " is a file", "a new folder");
  if (fs::exists(place) && !fs::is_empty(place)) throw InputError("--fix", folder.string() + " is not empty", "a new folder");
  for (const SourceCase& item : source.cases) {
    for (const fs::path& file : item.images) place_in(source, file);
    if (!item.label.empty()) place_in(source, item.label);
  }
}

std::vector<Repair> repair_source(const Source& source, const std::vector<Finding>& findings, const fs::path& folder) {
  require_repairable(source, folder);
  std::map<std::string, std::set<std::string>> codes;
  for (const Finding& one : findings) {
    static const std::set<std::string> kMended = {"grid_rounding", "grid_other_affine", "label_rounding", "non_finite"};
    if (!kMended.contains(one.code)) continue;
    for (const std::string& id : one.cases) codes[id].insert(one.code);
  }
  // With the trailing slash of "NEW/" gone, the last part of the path is the folder's name.
  const fs::path place = fs::weakly_canonical(folder / "x").parent_path();
  try {
    NewFolder made(place);
    std::vector<Repair> out;
    for (const auto& [id, found] : codes) {
      const SourceCase* item = source.find(id);
      if (item != nullptr) CaseRepair(*item, found, source, made.path(), place, out).run();
    }
    if (std::none_of(out.begin(), out.end(), [](const Repair& one) { return !one.file.empty(); })) return out;
    link_others(source.folder, made.path());
    made.finish();
    return out;
  } catch (const fs::filesystem_error& error) {
    throw InputError("--fix",
                     concat(folder.string(), " cannot be made (", error.code().message(), ": ", error.path1().string(), ")"),
                     "a writable place");
  }
}

}  // namespace tss
