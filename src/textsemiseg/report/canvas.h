// What figures and pictures with words are drawn on: an SVG, or pixels.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "textsemiseg/report/contour.h"
#include "textsemiseg/report/png.h"

struct _cairo;

namespace tss {

enum class Anchor { kStart, kMiddle, kEnd };

// Coordinates in units from the top left corner: 1/96 inch of a figure.
class Canvas {
 public:
  virtual ~Canvas() = default;
  // y: of the baseline. What is no UTF-8 is shown as U+FFFD.
  virtual void text(double x, double y, double size, Rgb colour, Anchor anchor, const std::string& text) = 0;
  virtual void picture(double x, double y, double width, double height, const RgbImage& picture) = 0;
  virtual void line(const Line2& closed, Rgb colour, double width, bool dashed) = 0;
  virtual double pixels_per_unit() const = 0;  // of pictures that are worth drawing
  virtual std::string file() const = 0;        // the bytes of the finished file

  static double width_of(std::string_view text, double size);
};

// Words stay text, to be found and edited; cairo's own SVG would make outlines of them.
std::unique_ptr<Canvas> svg_canvas(double width, double height);

// A PNG, drawn by cairo with the font that is part of the program. What lies beyond it is cut off.
class PixelCanvas : public Canvas {
 public:
  // Throws Error on more than 32767 pixels a side.
  PixelCanvas(double width, double height, double pixels_per_unit = 1, Rgb ground = {255, 255, 255});
  void text(double x, double y, double size, Rgb colour, Anchor anchor, const std::string& text) override;
  void picture(double x, double y, double width, double height, const RgbImage& picture) override;
  void line(const Line2& closed, Rgb colour, double width, bool dashed) override;
  void box(double x, double y, double width, double height, Rgb colour);
  double pixels_per_unit() const override { return scale_; }
  std::string file() const override { return encode_png(image()); }
  RgbImage image() const;

 private:
  double scale_;
  std::shared_ptr<_cairo> cairo_;
};

}  // namespace tss
