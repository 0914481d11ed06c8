#include "textsemiseg/archive/file_kind.h"

#include <algorithm>
#include <fstream>

#include "textsemiseg/archive/gzip.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr size_t kLongestMark = 1024;

std::string first_bytes(const fs::path& path) {
  std::string out(kLongestMark, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<size_t>(in.gcount()));
  return out;
}

std::string first_inflated_bytes(const fs::path& path) {
  std::string out(kLongestMark, '\0');
  try {
    GzipReader file(path);
    out.resize(file.read(out.data(), out.size()));
  } catch (const InputError&) {
    return "";
  }
  return out;
}

bool has(const std::string& bytes, size_t offset, std::string_view mark) {
  return bytes.size() >= offset + mark.size() && bytes.compare(offset, mark.size(), mark) == 0;
}

std::string kind_of(const std::string& bytes) {
  using namespace std::string_view_literals;
  const std::string text = to_lower_ascii(trim(bytes.substr(0, 200)));
  if (bytes.empty()) return "an empty file";
  if (has(bytes, 344, "n+1\0"sv)) return "a NIfTI-1 file";
  if (has(bytes, 344, "ni1\0"sv)) return "the header of a NIfTI pair (.hdr and .img)";
  if (has(bytes, 4, "n+2\0"sv)) return "a NIfTI-2 file";
  if (has(bytes, 4, "ni2\0"sv)) return "the header of a NIfTI-2 pair (.hdr and .img)";
  if (has(bytes, 0, "\x5c\x01\0\0"sv) || has(bytes, 0, "\0\0\x01\x5c"sv))
    return "an Analyze 7.5 header, which does not say where left is";
  if (has(bytes, 0, "\0\0\0\x01\0\0"sv)) return "a FreeSurfer volume (mri_convert makes NIfTI of it)";
  if (has(bytes, 128, "DICM")) return "a DICOM file";
  if (has(bytes, 0, "NRRD000")) return "an NRRD file";
  if (starts_with(text, "objecttype") || starts_with(text, "ndims")) return "a MetaImage file";
  if (has(bytes, 0, "\x89HDF")) return "an HDF5 file";
  if (has(bytes, 0, "CDF")) return "a MINC 1 file (mnc2nii makes NIfTI of it)";
  if (has(bytes, 0, "\x93NUMPY")) return "a NumPy array";
  if (has(bytes, 0, "PK\x03\x04")) return "a zip archive (.npz, .pth or packed files)";
  if (has(bytes, 0, "BZh")) return "a bzip2 file: unpack it first";
  if (has(bytes, 0,
          "\xFD"
          "7zXZ"))
    return "an xz file: unpack it first";
  if (has(bytes, 0, "\x28\xB5\x2F\xFD")) return "a zstd file: unpack it first";
  if (has(bytes, 257, "ustar")) return "a tar archive: unpack it first";
  if (has(bytes, 0, "\x89PNG")) return "a PNG picture";
  if (has(bytes, 0, "\xFF\xD8\xFF")) return "a JPEG picture";
  if (has(bytes, 0, "II*\0"sv) || has(bytes, 0, "MM\0*"sv)) return "a TIFF picture";
  if (starts_with(text, "version https://git-lfs")) return "a pointer of Git LFS (git lfs pull fetches the file)";
  if (text.find("/annex/objects/") != std::string::npos && bytes.size() < 512)
    return "a pointer of git-annex (git annex get, or datalad get, fetches the file)";
  if (starts_with(text, "<!doctype html") || starts_with(text, "<html"))
    return "an HTML page, perhaps the server's answer instead of the file";
  if (starts_with(text, "<?xml")) return "an XML text";
  if (starts_with(text, "{") || starts_with(text, "[")) return "a JSON text";
  return "";
}

}  // namespace

std::string kind_of_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return "";
  const std::string bytes = first_bytes(path);
  if (!starts_with(bytes, "\x1f\x8b")) return kind_of(bytes);
  const std::string inner = kind_of(first_inflated_bytes(path));
  return inner.empty() || inner == "an empty file" ? "a gzip file" : inner + ", gzipped";
}

}  // namespace tss
