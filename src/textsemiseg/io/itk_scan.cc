#include "textsemiseg/base/at_hand.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/label_names.h"
#include "textsemiseg/io/meta_header.h"
#include "textsemiseg/io/nifti_fields.h"
#include "textsemiseg/io/nrrd_header.h"
#include "textsemiseg/io/scan_format.h"

namespace tss {
namespace {

class ItkScan : public Scan {
 public:
  using Scan::Scan;

  std::vector<std::filesystem::path> files() const final {
    const std::string name = to_lower_ascii(path().filename().string());
    std::vector<std::filesystem::path> out{path()}, data;
    if (ends_with(name, ".nhdr") || ends_with(name, ".nrrd")) data = read_nrrd_header(path()).data_files;
    if (ends_with(name, ".mhd") || ends_with(name, ".mha")) data = {read_meta_header(path()).data_file};
    if (ends_with(name, ".hdr")) data = {read_nifti_fields(path()).data_file};
    if (data != out) out.insert(out.end(), data.begin(), data.end());  // else they are in the file itself
    return out;
  }
  Geometry geometry() const final { return read_geometry(path()); }
  std::optional<Geometry> other_geometry() const final { return read_other_geometry(path()); }
  int64_t channel_count() const final { return count_image_channels(path()); }
  std::vector<Image> read_channels() const final {
    const AtHand reading("reading " + path().string());
    return read_image_channels(path());
  }
  Image read() const final {
    const AtHand reading("reading " + path().string());
    return read_image(path());  // refuses several channels by the header alone
  }
  StoredLabel read_stored_label() const final {
    const AtHand reading("reading " + path().string());
    return read_named_label(path());
  }
  std::vector<LabelName> label_names() const final { return read_label_names(path()); }
};

}  // namespace

ScanFormat itk_format() {
  return {.name = "NIfTI, NRRD, MetaImage",
          .endings = image_extensions(),
          .open = [](const std::filesystem::path& path) -> ScanPtr { return std::make_shared<ItkScan>(path); }};
}

}  // namespace tss
