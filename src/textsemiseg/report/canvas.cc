#include "textsemiseg/report/canvas.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/html.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/report/text_drawing.h"

namespace tss {
namespace {

constexpr double kPixels = 3;
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

uint8_t blend(uint8_t below, uint8_t above, double share) {
  return static_cast<uint8_t>(std::lround(below + (above - below) * share));
}

class PngCanvas : public Canvas {
 public:
  PngCanvas(double width, double height)
      : picture_(static_cast<int64_t>(std::ceil(width * kPixels)), static_cast<int64_t>(std::ceil(height * kPixels))) {
    std::fill(picture_.pixels.begin(), picture_.pixels.end(), Rgb{255, 255, 255});
  }

  void text(double x, double y, double size, Rgb colour, Anchor anchor, const std::string& text) override {
    const double width = text_width(text, size * kPixels);
    const double share = anchor == Anchor::kStart ? 0 : anchor == Anchor::kMiddle ? 0.5 : 1;
    draw_text(picture_, x * kPixels - share * width, y * kPixels, size * kPixels, colour, text);
  }

  void picture(double x, double y, double width, double height, const RgbImage& picture) override {
    const int64_t x0 = std::llround(x * kPixels), y0 = std::llround(y * kPixels);
    const int64_t columns = std::llround(width * kPixels), rows = std::llround(height * kPixels);
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t column = 0; column < columns; ++column) {
        if (x0 + column >= picture_.width || y0 + row >= picture_.height) continue;
        picture_.at(x0 + column, y0 + row) = picture.at(column * picture.width / columns, row * picture.height / rows);
      }
    }
  }

  // Coverage by distance from the line's middle, a pixel of transition.
  void line(const Line2& closed, Rgb colour, double width, bool dashed) override {
    double along = 0;
    for (size_t i = 0; i < closed.size(); ++i) {
      const Point2 &a = closed[i], &b = closed[(i + 1) % closed.size()];
      const double length = std::hypot(b.first - a.first, b.second - a.second);
      if (length <= 0) continue;
      if (!dashed) {
        stroke(a, b, colour, width);
      } else {
        // Pieces of the segment that lie in dashes of the whole line.
        for (double at = 0; at < length;) {
          const double phase = std::fmod(along + at, kDash + kSpace);
          const double rest = std::min(length - at, (phase < kDash ? kDash : kDash + kSpace) - phase);
          if (phase < kDash) {
            const auto point = [&](double t) {
              return Point2{a.first + (b.first - a.first) * t / length, a.second + (b.second - a.second) * t / length};
            };
            stroke(point(at), point(at + rest), colour, width);
          }
          at += std::max(rest, 1e-6);
        }
      }
      along += length;
    }
  }
  double pixels_per_unit() const override { return kPixels; }
  std::string file() const override { return encode_png(picture_); }

 private:
  void stroke(const Point2& from, const Point2& to, Rgb colour, double width) {
    const double ax = from.first * kPixels, ay = from.second * kPixels, dx = to.first * kPixels - ax,
                 dy = to.second * kPixels - ay;
    const double half = width * kPixels / 2, reach = half + 1, square = dx * dx + dy * dy;
    const auto low = [&](double a, double d) {
      return std::max<int64_t>(0, static_cast<int64_t>(std::floor(std::min(a, a + d) - reach)));
    };
    const auto high = [&](double a, double d, int64_t size) {
      return std::min(size - 1, static_cast<int64_t>(std::ceil(std::max(a, a + d) + reach)));
    };
    for (int64_t y = low(ay, dy); y <= high(ay, dy, picture_.height); ++y) {
      for (int64_t x = low(ax, dx); x <= high(ax, dx, picture_.width); ++x) {
        const double px = static_cast<double>(x) + 0.5 - ax, py = static_cast<double>(y) + 0.5 - ay;
        const double t = square > 0 ? std::clamp((px * dx + py * dy) / square, 0.0, 1.0) : 0;
        const double share = std::clamp(half + 0.5 - std::hypot(px - t * dx, py - t * dy), 0.0, 1.0);
        if (share <= 0) continue;
        Rgb& pixel = picture_.at(x, y);
        pixel = {blend(pixel.red, colour.red, share), blend(pixel.green, colour.green, share),
                 blend(pixel.blue, colour.blue, share)};
      }
    }
  }

  RgbImage picture_;
};

}  // namespace

double Canvas::width_of(std::string_view text, double size) { return text_width(text, size); }

std::unique_ptr<Canvas> svg_canvas(double width, double height) { return std::make_unique<SvgCanvas>(width, height); }
std::unique_ptr<Canvas> png_canvas(double width, double height) { return std::make_unique<PngCanvas>(width, height); }

}  // namespace tss
