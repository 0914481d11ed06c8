#include "textsemiseg/report/png.h"

#include <png.h>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"

namespace tss {

std::string encode_png(const RgbImage& picture) {
  static_assert(sizeof(Rgb) == 3, "rows of Rgb are handed to libpng as they are");
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(picture.width);
  header.height = static_cast<png_uint_32>(picture.height);
  header.format = PNG_FORMAT_RGB;
  png_alloc_size_t bytes = 0;
  const auto write = [&](void* memory) {
    return png_image_write_to_memory(&header, memory, &bytes, 0, picture.pixels.data(), 0, nullptr) != 0;
  };
  std::string result;
  bool done = write(nullptr);  // the size only
  if (done) {
    result.resize(bytes);
    done = write(result.data());
  }
  if (!done) throw Error(std::string("PNG: ") + header.message);
  result.resize(bytes);
  return result;
}

std::string png_library_version() { return png_get_libpng_ver(nullptr); }

void write_png(const std::filesystem::path& path, const RgbImage& picture) { write_text_file(path, encode_png(picture)); }

}  // namespace tss
