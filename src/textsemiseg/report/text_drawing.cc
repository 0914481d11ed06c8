#include "textsemiseg/report/text_drawing.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <cmath>
#include <memory>

#include "textsemiseg/base/error.h"
#include "textsemiseg/report/font_data.h"

namespace tss {
namespace {

constexpr char32_t kUnknown = 0xfffd;

// The next character; bytes that are no UTF-8 give the replacement character.
char32_t take_character(std::string_view& text) {
  const auto first = static_cast<uint8_t>(text.front());
  const size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
  if (length == 0 || length > text.size()) {
    text.remove_prefix(1);
    return kUnknown;
  }
  char32_t out = length == 1 ? first : first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) out = out << 6 | (static_cast<uint8_t>(text[i]) & 0x3f);
  text.remove_prefix(length);
  return out;
}

class Font {
 public:
  Font() {
    const std::string_view bytes = font_data();
    if (FT_Init_FreeType(&library_) != 0 || FT_New_Memory_Face(library_, reinterpret_cast<const FT_Byte*>(bytes.data()),
                                                               static_cast<FT_Long>(bytes.size()), 0, &face_) != 0)
      throw Error("FreeType cannot read its font");
  }
  ~Font() {
    FT_Done_Face(face_);
    FT_Done_FreeType(library_);
  }
  Font(const Font&) = delete;
  Font& operator=(const Font&) = delete;

  // visit(glyph slot, x of its origin) for every character, rendered; returns the width.
  template <class Visit>
  double each_glyph(std::string_view text, double size, const Visit& visit) {
    FT_Set_Char_Size(face_, 0, std::lround(size * 64), 72, 72);
    double at = 0;
    while (!text.empty()) {
      if (FT_Load_Char(face_, take_character(text), FT_LOAD_RENDER) != 0) continue;
      visit(*face_->glyph, at);
      at += static_cast<double>(face_->glyph->advance.x) / 64;
    }
    return at;
  }

 private:
  FT_Library library_ = nullptr;
  FT_Face face_ = nullptr;
};

Font& font() {
  thread_local Font one;
  return one;
}

uint8_t blend_byte(uint8_t below, uint8_t above, int alpha) {
  return static_cast<uint8_t>(below + (above - below) * alpha / 255);
}

}  // namespace

double text_width(std::string_view text, double size) {
  return font().each_glyph(text, size, [](const FT_GlyphSlotRec&, double) {});
}

void draw_text(RgbImage& picture, double left, double baseline, double size, Rgb colour, std::string_view text) {
  font().each_glyph(text, size, [&](const FT_GlyphSlotRec& glyph, double at) {
    const FT_Bitmap& bitmap = glyph.bitmap;
    const int64_t x0 = std::llround(left + at) + glyph.bitmap_left, y0 = std::llround(baseline) - glyph.bitmap_top;
    for (int64_t y = 0; y < bitmap.rows; ++y) {
      for (int64_t x = 0; x < bitmap.width; ++x) {
        if (x0 + x < 0 || y0 + y < 0 || x0 + x >= picture.width || y0 + y >= picture.height) continue;
        const int alpha = bitmap.buffer[y * bitmap.pitch + x];
        Rgb& pixel = picture.at(x0 + x, y0 + y);
        pixel = {blend_byte(pixel.red, colour.red, alpha), blend_byte(pixel.green, colour.green, alpha),
                 blend_byte(pixel.blue, colour.blue, alpha)};
      }
    }
  });
}

}  // namespace tss
