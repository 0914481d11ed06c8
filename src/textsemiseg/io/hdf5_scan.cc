#include "textsemiseg/io/hdf5_file.h"
#include "textsemiseg/io/scan_format.h"

namespace tss {
namespace {

class Hdf5Scan : public ArrayScan {
 public:
  using ArrayScan::ArrayScan;
  Geometry geometry() const final { return read_hdf5_layout(path()).geometry(); }
  int64_t channel_count() const final { return read_hdf5_layout(path()).channels; }
  std::vector<Image> read_channels() const final { return read_hdf5_channels(path()); }
  StoredLabel read_stored_label() const final { return single_layer(read_hdf5_label(path())); }
  bool holds_label() const final { return hdf5_has_label(path()); }
  std::vector<std::string> array_names() const final { return hdf5_names(path()); }
};

}  // namespace

ScanFormat hdf5_format() {
  return {.name = "HDF5", .endings = {".h5", ".hdf5"}, .open = [](const std::filesystem::path& path) -> ScanPtr {
            return std::make_shared<Hdf5Scan>(path);
          }};
}

}  // namespace tss
