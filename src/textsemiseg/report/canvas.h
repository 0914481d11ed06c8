// What figures are drawn on: an SVG, or pixels.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "textsemiseg/report/contour.h"
#include "textsemiseg/report/png.h"

namespace tss {

enum class Anchor { kStart, kMiddle, kEnd };

// Coordinates in units (1/96 inch) from the top left corner.
class Canvas {
 public:
  virtual ~Canvas() = default;
  // y: of the baseline.
  virtual void text(double x, double y, double size, Rgb colour, Anchor anchor, const std::string& text) = 0;
  virtual void picture(double x, double y, double width, double height, const RgbImage& picture) = 0;
  virtual void line(const Line2& closed, Rgb colour, double width, bool dashed) = 0;
  virtual double pixels_per_unit() const = 0;  // of pictures that are worth drawing
  virtual std::string file() const = 0;        // the bytes of the finished file

  static double width_of(std::string_view text, double size);
};

std::unique_ptr<Canvas> svg_canvas(double width, double height);
std::unique_ptr<Canvas> png_canvas(double width, double height);  // three pixels a unit

}  // namespace tss
