// Scans and labels as NumPy saves them: one array in an .npy file, or "image" and "label" (or a single array) in an .npz archive.
// Any number type, C or Fortran order; no geometry. Errors name the file and the array: truncated, a wrong checksum, no such array, not
// numbers, not 3D (4D: channels first or last).
#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "textsemiseg/archive/npy_bytes.h"
#include "textsemiseg/archive/zip_file.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/array_layout.h"
#include "textsemiseg/io/scan_format.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr char kImageEntry[] = "image", kLabelEntry[] = "label";

bool is_archive(const fs::path& path) { return to_lower_ascii(path.extension().string()) == ".npz"; }

struct Array {
  std::string subject;  // what to call it in messages
  std::string bytes;
  NpyHeader header;
};

const ZipRecord* find_array(const ZipFile& zip, const std::string& name) {
  const ZipRecord* record = zip.find(name + ".npy");
  return record ? record : zip.find(name);
}

std::vector<std::string> array_names_of(const ZipFile& zip) {
  std::vector<std::string> names;
  for (const ZipRecord& record : zip.records())
    names.push_back(ends_with(record.name, ".npy") ? record.name.substr(0, record.name.size() - 4) : record.name);
  return names;
}

// The array of that name; the only one of the archive whatever its name.
const ZipRecord& array_of(const ZipFile& zip, const std::string& name) {
  if (const ZipRecord* record = find_array(zip, name)) return *record;
  if (zip.records().size() == 1) return zip.records().front();
  const std::vector<std::string> names = array_names_of(zip);
  throw InputError(zip.path().string(), "holds " + (names.empty() ? "nothing" : join(names, ", ")),
                   "an array '" + name + "', or a single array");
}

Array read_array(const fs::path& path, const std::string& name, NpyPart part = NpyPart::kAll) {
  Array out;
  out.subject = path.string();
  NpyBytes read;
  if (is_archive(path)) {
    const ZipFile zip(path);
    const ZipRecord& record = array_of(zip, name);
    out.subject += ": array '" + fs::path(record.name).stem().string() + "'";
    read = read_npy_bytes(zip, record, out.subject, NpyContent::kNumbers, part);
  } else {
    read = read_npy_bytes(path, out.subject, part);
  }
  out.header = std::move(read.header);
  out.bytes = std::move(read.bytes);
  return out;
}

// IEEE half precision.
float half_value(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const auto fraction = static_cast<float>(bits & 1023);
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return fraction != 0 ? std::nanf("") : sign * HUGE_VALF;
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}

template <class T, class Use>
void use_as(const Array& array, const Use& use) {
  const char* from = array.bytes.data() + array.header.data;
  if (reinterpret_cast<uintptr_t>(from) % alignof(T) == 0) return use(reinterpret_cast<const T*>(from));
  std::vector<T> aligned((array.bytes.size() - array.header.data) / sizeof(T));
  std::memcpy(aligned.data(), from, aligned.size() * sizeof(T));
  use(aligned.data());
}

// Calls use with a pointer to the elements in their own type; float16 comes as its bits.
template <class Use>
void with_elements(const Array& array, const Use& use) {
  switch (require_npy_type(array.header, array.subject)) {
    case NpyType::kFloat32:
      return use_as<float>(array, use);
    case NpyType::kFloat64:
      return use_as<double>(array, use);
    case NpyType::kFloat16: {
      const auto convert = [&](const uint16_t* bits) {
        std::vector<float> values((array.bytes.size() - array.header.data) / 2);
        std::transform(bits, bits + values.size(), values.begin(), half_value);
        use(static_cast<const float*>(values.data()));
      };
      return use_as<uint16_t>(array, convert);
    }
    case NpyType::kBool:
    case NpyType::kUint8:
      return use_as<uint8_t>(array, use);
    case NpyType::kInt8:
      return use_as<int8_t>(array, use);
    case NpyType::kInt16:
      return use_as<int16_t>(array, use);
    case NpyType::kUint16:
      return use_as<uint16_t>(array, use);
    case NpyType::kInt32:
      return use_as<int32_t>(array, use);
    case NpyType::kUint32:
      return use_as<uint32_t>(array, use);
    case NpyType::kInt64:
      return use_as<int64_t>(array, use);
    case NpyType::kUint64:
      return use_as<uint64_t>(array, use);
  }
}

ArrayLayout layout_of(const Array& array) { return array_layout(array.header.shape, array.header.fortran, array.subject); }

class NpyScan : public ArrayScan {
 public:
  using ArrayScan::ArrayScan;

  Geometry geometry() const final { return layout_of(read_array(path(), kImageEntry, NpyPart::kHeader)).geometry(); }
  int64_t channel_count() const final { return layout_of(read_array(path(), kImageEntry, NpyPart::kHeader)).channels; }

  std::vector<Image> read_channels() const final {
    const Array array = read_array(path(), kImageEntry);
    const ArrayLayout layout = layout_of(array);
    std::vector<Image> out;
    with_elements(array,
                  [&](const auto* values) { out = layout.channels_of(values, [](auto v) { return static_cast<float>(v); }); });
    return out;
  }

  StoredLabel read_stored_label() const final {
    const Array array = read_array(path(), kLabelEntry);
    const ArrayLayout layout = layout_of(array);
    if (layout.channels != 1) throw InputError(array.subject, concat("has ", layout.channels, " channels"), "one label map");
    Volume<int32_t> out(layout.geometry());
    with_elements(array, [&](const auto* values) {
      copy_strided(values, layout.stride, layout.size, out.voxels.data(),
                   [&](auto v) { return whole_number(static_cast<double>(v), array.subject); });
    });
    return single_layer(std::move(out));
  }

  // An .npz archive with both.
  bool holds_label() const final {
    if (!is_archive(path())) return false;
    const ZipFile zip(path());
    return find_array(zip, kImageEntry) != nullptr && find_array(zip, kLabelEntry) != nullptr;
  }

  std::vector<std::string> array_names() const final {
    return is_archive(path()) ? array_names_of(ZipFile(path())) : std::vector<std::string>{};
  }
};

}  // namespace

ScanFormat npy_format() {
  return {.name = "NPY, NPZ", .endings = {".npy", ".npz"}, .open = [](const fs::path& path) -> ScanPtr {
            return std::make_shared<NpyScan>(path);
          }};
}

}  // namespace tss
