#include <algorithm>
#include <mutex>
#include <optional>

#include "textsemiseg/base/log.h"
#include "textsemiseg/dicom/series.h"
#include "textsemiseg/io/scan_format.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Made when it is first asked for.
template <class T>
class Lazy {
 public:
  template <class Make>
  const T& get(const Make& make) const {
    const std::lock_guard lock(mutex_);
    if (!value_) value_.emplace(make());
    return *value_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::optional<T> value_;
};

class DicomScan : public Scan {
 public:
  using Scan::Scan;

  std::vector<fs::path> files() const final {
    std::vector<fs::path> out;
    for (const DicomHeader& slice : series().slices) out.push_back(slice.path);
    std::sort(out.begin(), out.end());
    return out;
  }
  Geometry geometry() const final {
    return grid_.get([&] { return dicom_geometry(series(), path()); });
  }
  int64_t channel_count() const final { return 1; }
  std::vector<Image> read_channels() const final {
    for (const std::string& warning : found().left_out) log_warning(warning);
    std::vector<Image> one;
    one.push_back(read_dicom_series(series(), geometry()));
    return one;
  }
  StoredLabel read_stored_label() const final { return single_layer(whole_numbers(read(), path().string())); }

  bool is_series() const final { return true; }
  const DicomSeries& series() const final { return found().series; }
  const std::vector<DicomSeries>& all_series() const final { return contents().series; }
  std::string patient_key() const final { return series().slices.front().patient_key; }

 protected:
  ScanPtr below(const fs::path& path) const final {
    const DicomHeaders& known = headers_.get([&] { return headers_of(contents()); });
    if (!holds_dicom(path)) return nullptr;
    auto out = std::make_shared<DicomScan>(path);
    out->contents_.get([&] { return read_dicom_folder(dicom_folder(path), known); });
    return out;
  }

 private:
  const DicomFolder& contents() const {
    return contents_.get([&] { return read_dicom_folder(dicom_folder(path())); });
  }
  const FoundDicomSeries& found() const {
    return found_.get([&] { return find_dicom_series(contents(), path()); });
  }

  Lazy<DicomFolder> contents_;
  Lazy<FoundDicomSeries> found_;
  Lazy<Geometry> grid_;
  Lazy<DicomHeaders> headers_;
};

}  // namespace

ScanFormat dicom_format() {
  return {.name = "DICOM series", .endings = {}, .holds = holds_dicom, .open = [](const fs::path& path) -> ScanPtr {
            return std::make_shared<DicomScan>(path);
          }};
}

}  // namespace tss
