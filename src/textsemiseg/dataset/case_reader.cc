#include "textsemiseg/dataset/case_reader.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/prepare.h"
#include "textsemiseg/volume/align.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

void check_same_grid(const Geometry& image, const Geometry& other, const fs::path& image_file, const fs::path& other_file) {
  const std::string difference = grid_difference(image, other);
  if (!difference.empty()) {
    throw InputError(other_file.string(), "lies on another grid than " + image_file.string() + ": " + difference,
                     "the same grid");
  }
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

CaseArrays read_case(const SourceCase& item, const LabelTable& labels, const std::vector<std::string>& class_names) {
  CaseArrays one;
  one.channels = read_channels(item.images);
  if (item.label.empty()) return one;
  LabelMap label = Scan::open(item.label)->read_label();
  bool placed = false;
  align_labels(label, one.geometry(), &placed);
  if (placed)
    log_warning(item.label.string() + ": has no origin of its own (0, 0, 0); it is laid on " + item.images.front().string());
  check_same_grid(one.geometry(), label.geometry, item.images.front(), item.label);
  labels.apply(label, item.label.string(), class_names);
  one.label = std::move(label);
  return one;
}

}  // namespace tss
