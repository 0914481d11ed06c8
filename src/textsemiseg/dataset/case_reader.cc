#include "textsemiseg/dataset/case_reader.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/prepare.h"
#include "textsemiseg/io/other_affine.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

void check_same_grid(const Geometry& image, const Geometry& other, const fs::path& image_file, const fs::path& other_file,
                     int64_t outside = 0) {
  const std::string difference = grid_difference(image, other);
  if (difference.empty()) return;
  const std::string told = told_other_affine(*Scan::open(image_file), *Scan::open(other_file));
  throw InputError(other_file.string(),
                   "lies on another grid than " + image_file.string() + ": " + difference + told +
                       (outside > 0 ? concat("; on the same lattice, but ", outside, " labelled voxels outside the image") : ""),
                   told.empty() ? "the same grid" : "the affine that is used: check --fix writes a copy with it");
}

}  // namespace

std::vector<Image> read_channels(const std::vector<ScanPtr>& scans) {
  std::vector<Image> channels;
  for (const ScanPtr& scan : scans) {
    for (Image& channel : scan->read_channels()) {
      check_finite(channel, scan->path());
      if (!channels.empty()) check_same_grid(channels.front().geometry, channel.geometry, scans.front()->path(), scan->path());
      channels.push_back(std::move(channel));
    }
  }
  return channels;
}

std::vector<ScanPtr> open_scans(const std::vector<fs::path>& files) {
  std::vector<ScanPtr> scans;
  for (const fs::path& file : files) scans.push_back(Scan::open(file));
  return scans;
}

std::vector<Image> read_channels(const std::vector<fs::path>& files) { return read_channels(open_scans(files)); }

LabelMap read_classes(const fs::path& label, const Geometry& image, const LabelTable& labels,
                      const std::vector<std::string>& class_names, LaidLabels* laid) {
  LabelMap out = labels.apply(Scan::open(label)->read_stored_label(), label.string(), class_names);
  const LaidLabels found = lay_labels(out, image);
  if (laid != nullptr) *laid = found;
  return out;
}

CaseArrays read_case(const SourceCase& item, const LabelTable& labels, const std::vector<std::string>& class_names,
                     bool* padded) {
  CaseArrays one;
  one.channels = read_channels(item.images);
  if (item.label.empty()) return one;
  LaidLabels laid;
  one.label = read_classes(item.label, one.geometry(), labels, class_names, &laid);
  if (laid.placed)
    log_warning(item.label.string() + ": has no origin of its own (0, 0, 0); it is laid on " + item.images.front().string());
  check_same_grid(one.geometry(), one.label->geometry, item.images.front(), item.label, laid.outside);
  if (padded != nullptr) *padded = laid.padded;
  return one;
}

}  // namespace tss
