#include "textsemiseg/report/canvas.h"

#include <cairo-ft.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/html.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/report/font_data.h"

namespace tss {
namespace {

constexpr double kDash = 3.2, kSpace = 2.2;  // units

class SvgCanvas : public Canvas {
 public:
  SvgCanvas(double width, double height)
      : out_(concat(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", fixed(width, 1), " ", fixed(height, 1), "\" width=\"",
            fixed(width, 1), "\" height=\"", fixed(height, 1),
            "\" font-family=\"DejaVu Sans, Verdana, sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n")) {}

  void text(double x, double y, double size, Rgb colour, Anchor anchor, const std::string& text) override {
    static constexpr const char* kNames[] = {"start", "middle", "end"};
    out_ += concat("<text x=\"", fixed(x, 1), "\" y=\"", fixed(y, 1), "\" font-size=\"", fixed(size, 1), "\" fill=\"",
                   css_colour(colour), "\" text-anchor=\"", kNames[static_cast<size_t>(anchor)], "\">", html_escape(text),
                   "</text>\n");
  }
  void picture(double x, double y, double width, double height, const RgbImage& picture) override {
    out_ += concat("<image x=\"", fixed(x, 2), "\" y=\"", fixed(y, 2), "\" width=\"", fixed(width, 2), "\" height=\"",
                   fixed(height, 2), "\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,", base64(encode_png(picture)),
                   "\"/>\n");
  }
  void line(const Line2& closed, Rgb colour, double width, bool dashed) override {
    if (closed.empty()) return;
    out_ += "<path d=\"";
    for (size_t i = 0; i < closed.size(); ++i)
      out_ += concat(i == 0 ? "M" : "L", fixed(closed[i].first, 2), " ", fixed(closed[i].second, 2));
    out_ += concat("Z\" fill=\"none\" stroke-linejoin=\"round\" stroke=\"", css_colour(colour), "\" stroke-width=\"",
                   fixed(width, 2), "\"", dashed ? concat(" stroke-dasharray=\"", kDash, " ", kSpace, "\"") : "", "/>\n");
  }
  double pixels_per_unit() const override { return 2; }
  std::string file() const override { return out_ + "</svg>\n"; }

 private:
  std::string out_;
};

using Surface = std::unique_ptr<cairo_surface_t, void (*)(cairo_surface_t*)>;

Surface new_surface(int64_t width, int64_t height) {
  Surface out(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height)),
              cairo_surface_destroy);
  if (const cairo_status_t status = cairo_surface_status(out.get()); status != CAIRO_STATUS_SUCCESS)
    throw Error(concat("a picture of ", width, " x ", height, " pixels: ", cairo_status_to_string(status)));
  return out;
}

// Pixels as cairo holds them: 0x00rrggbb.
uint32_t* row_of(cairo_surface_t* surface, int64_t row) {
  return reinterpret_cast<uint32_t*>(cairo_image_surface_get_data(surface) + row * cairo_image_surface_get_stride(surface));
}

Surface surface_of(const RgbImage& picture) {
  Surface out = new_surface(picture.width, picture.height);
  for (int64_t y = 0; y < picture.height; ++y) {
    uint32_t* row = row_of(out.get(), y);
    for (int64_t x = 0; x < picture.width; ++x) {
      const Rgb& pixel = picture.at(x, y);
      row[x] = static_cast<uint32_t>(pixel.red << 16 | pixel.green << 8 | pixel.blue);
    }
  }
  cairo_surface_mark_dirty(out.get());
  return out;
}

// Lives as long as the program; cairo locks it while it draws.
cairo_font_face_t* font() {
  static cairo_font_face_t* const one = [] {
    FT_Library library = nullptr;
    FT_Face face = nullptr;
    const std::string_view bytes = font_data();
    if (FT_Init_FreeType(&library) != 0 || FT_New_Memory_Face(library, reinterpret_cast<const FT_Byte*>(bytes.data()),
                                                              static_cast<FT_Long>(bytes.size()), 0, &face) != 0)
      throw Error("FreeType cannot read its font");
    return cairo_ft_font_face_create_for_ft_face(face, 0);
  }();
  return one;
}

// Nothing of it is left to the settings of the machine.
const cairo_font_options_t* font_options() {
  static const cairo_font_options_t* const one = [] {
    cairo_font_options_t* out = cairo_font_options_create();
    cairo_font_options_set_antialias(out, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(out, CAIRO_HINT_STYLE_FULL);
    cairo_font_options_set_hint_metrics(out, CAIRO_HINT_METRICS_ON);
    return out;
  }();
  return one;
}

// cairo draws nothing at all of a text that is not UTF-8.
std::string valid_utf8(std::string_view text) {
  using Json = nlohmann::json;
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

void set_colour(cairo_t* cairo, Rgb colour) {
  cairo_set_source_rgb(cairo, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0);
}

}  // namespace

double Canvas::width_of(std::string_view text, double size) {
  cairo_matrix_t letters, page;
  cairo_matrix_init_scale(&letters, size, size);
  cairo_matrix_init_identity(&page);
  const std::unique_ptr<cairo_scaled_font_t, void (*)(cairo_scaled_font_t*)> scaled(
      cairo_scaled_font_create(font(), &letters, &page, font_options()), cairo_scaled_font_destroy);
  cairo_text_extents_t extents;
  cairo_scaled_font_text_extents(scaled.get(), valid_utf8(text).c_str(), &extents);
  return extents.x_advance;
}

std::unique_ptr<Canvas> svg_canvas(double width, double height) { return std::make_unique<SvgCanvas>(width, height); }

PixelCanvas::PixelCanvas(double width, double height, double pixels_per_unit, Rgb ground) : scale_(pixels_per_unit) {
  const Surface surface =
      new_surface(static_cast<int64_t>(std::ceil(width * scale_)), static_cast<int64_t>(std::ceil(height * scale_)));
  cairo_.reset(cairo_create(surface.get()), cairo_destroy);  // holds the surface
  cairo_set_font_face(cairo_.get(), font());
  cairo_set_font_options(cairo_.get(), font_options());
  cairo_set_line_join(cairo_.get(), CAIRO_LINE_JOIN_ROUND);
  set_colour(cairo_.get(), ground);
  cairo_paint(cairo_.get());
}

void PixelCanvas::text(double x, double y, double size, Rgb colour, Anchor anchor, const std::string& text) {
  const double share = anchor == Anchor::kStart ? 0 : anchor == Anchor::kMiddle ? 0.5 : 1;
  set_colour(cairo_.get(), colour);
  cairo_set_font_size(cairo_.get(), size * scale_);
  cairo_move_to(cairo_.get(), x * scale_ - share * width_of(text, size * scale_), y * scale_);
  cairo_show_text(cairo_.get(), valid_utf8(text).c_str());
  cairo_new_path(cairo_.get());  // the next line does not begin where the text ended
}

// At whole pixels, so that none is mixed with its neighbours.
void PixelCanvas::picture(double x, double y, double width, double height, const RgbImage& picture) {
  const Surface surface = surface_of(picture);
  cairo_save(cairo_.get());
  cairo_translate(cairo_.get(), std::round(x * scale_), std::round(y * scale_));
  cairo_scale(cairo_.get(), std::round(width * scale_) / static_cast<double>(picture.width),
              std::round(height * scale_) / static_cast<double>(picture.height));
  cairo_set_source_surface(cairo_.get(), surface.get(), 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cairo_.get()), CAIRO_FILTER_NEAREST);
  cairo_paint(cairo_.get());
  cairo_restore(cairo_.get());
}

void PixelCanvas::line(const Line2& closed, Rgb colour, double width, bool dashed) {
  for (const auto& [x, y] : closed) cairo_line_to(cairo_.get(), x * scale_, y * scale_);
  cairo_close_path(cairo_.get());
  const double dashes[] = {kDash * scale_, kSpace * scale_};
  cairo_set_dash(cairo_.get(), dashes, dashed ? 2 : 0, 0);
  cairo_set_line_width(cairo_.get(), width * scale_);
  set_colour(cairo_.get(), colour);
  cairo_stroke(cairo_.get());
}

void PixelCanvas::box(double x, double y, double width, double height, Rgb colour) {
  set_colour(cairo_.get(), colour);
  cairo_rectangle(cairo_.get(), x * scale_, y * scale_, width * scale_, height * scale_);
  cairo_fill(cairo_.get());
}

RgbImage PixelCanvas::image() const {
  cairo_surface_t* surface = cairo_get_target(cairo_.get());
  cairo_surface_flush(surface);
  RgbImage out(cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface));
  for (int64_t y = 0; y < out.height; ++y) {
    const uint32_t* row = row_of(surface, y);
    for (int64_t x = 0; x < out.width; ++x)
      out.at(x, y) = {static_cast<uint8_t>(row[x] >> 16), static_cast<uint8_t>(row[x] >> 8), static_cast<uint8_t>(row[x])};
  }
  return out;
}

}  // namespace tss
