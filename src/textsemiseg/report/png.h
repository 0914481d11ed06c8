// RGB pictures and their PNG form.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/report/colours.h"

namespace tss {

struct RgbImage {
  int64_t width = 0, height = 0;
  std::vector<Rgb> pixels;  // row by row from the top

  RgbImage() = default;
  RgbImage(int64_t w, int64_t h) : width(w), height(h), pixels(static_cast<size_t>(w * h)) {}
  Rgb& at(int64_t column, int64_t row) { return pixels[static_cast<size_t>(row * width + column)]; }
  const Rgb& at(int64_t column, int64_t row) const { return pixels[static_cast<size_t>(row * width + column)]; }
};

// The bytes of a PNG file. Throws Error on an empty picture.
std::string encode_png(const RgbImage& picture);
// The version of libpng in use.
std::string png_library_version();

// Atomic.
void write_png(const std::filesystem::path& path, const RgbImage& picture);

}  // namespace tss
