// One table of qualitative colours for classes and curves: mid tones that stand out on white, on black and on grey scans.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

namespace tss {

struct Rgb {
  uint8_t red = 0, green = 0, blue = 0;
  bool operator==(const Rgb&) const = default;
};

inline constexpr std::array<Rgb, 10> kColours = {{{0xe4, 0x57, 0x2e},
                                                  {0x2e, 0x86, 0xde},
                                                  {0x17, 0xa6, 0x73},
                                                  {0xb5, 0x66, 0xd8},
                                                  {0xe0, 0xa1, 0x00},
                                                  {0x1a, 0xa6, 0xb7},
                                                  {0xe0, 0x5c, 0x9b},
                                                  {0x8a, 0x9a, 0x1b},
                                                  {0xa9, 0x71, 0x3d},
                                                  {0x7c, 0x8a, 0xa0}}};

// Ground and words of pictures of scans, which are mostly black.
inline constexpr Rgb kPictureGround{24, 26, 30}, kPictureText{232, 234, 238}, kPictureFaint{150, 155, 165};

// Colours of series 0, 1, ...; the table repeats.
inline Rgb series_colour(int64_t index) { return kColours[static_cast<size_t>(index) % kColours.size()]; }
// Colours of classes 1, 2, ...; class 0, the background, is grey.
inline Rgb class_colour(int64_t index) { return index == 0 ? Rgb{0x88, 0x88, 0x88} : series_colour(index - 1); }
// The same hue nearer to white: for what is compared against.
inline Rgb lighter(Rgb colour) {
  const auto mix = [](uint8_t value) { return static_cast<uint8_t>(value + (255 - value) * 4 / 10); };
  return {mix(colour.red), mix(colour.green), mix(colour.blue)};
}

inline std::string css_colour(Rgb colour) {
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", colour.red, colour.green, colour.blue);
  return text;
}

}  // namespace tss
