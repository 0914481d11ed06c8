#include "textsemiseg/page/chart.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/html.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/report/colours.h"

namespace tss {
namespace {

constexpr double kWidth = 480;
constexpr size_t kDrawnPoints = 400;

std::string number(double value) {
  std::string text = fixed(value, 6);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string text_at(double x, double y, const std::string& anchor, const std::string& text) {
  return concat("<text x=\"", fixed(x, 1), "\" y=\"", fixed(y, 1), "\" text-anchor=\"", anchor, "\">", html_escape(text),
                "</text>\n");
}

std::string line_at(double x1, double y1, double x2, double y2, const std::string& attributes) {
  return concat("<line x1=\"", fixed(x1, 1), "\" y1=\"", fixed(y1, 1), "\" x2=\"", fixed(x2, 1), "\" y2=\"", fixed(y2, 1), "\" ",
                attributes, "/>\n");
}

std::string open_svg(double height, const std::string& title) {
  return concat("<svg class=\"chart\" viewBox=\"0 0 ", number(kWidth), " ", number(height), "\" role=\"img\" aria-label=\"",
                html_escape(title), "\">\n");
}

std::string legend(const std::vector<std::pair<std::string, int>>& entries) {
  std::string result = "<p class=\"legend\">";
  for (const auto& [name, colour] : entries) {
    result += concat("<span><i style=\"background:", css_colour(series_colour(colour)), "\"></i>", html_escape(name), "</span> ");
  }
  return result + "</p>\n";
}

}  // namespace

std::vector<std::pair<double, double>> drawn_points(const std::vector<std::pair<double, double>>& points) {
  if (points.size() <= kDrawnPoints) return points;
  std::vector<std::pair<double, double>> result;
  for (size_t bin = 0; bin < kDrawnPoints; ++bin) {
    const size_t first = bin * points.size() / kDrawnPoints, last = (bin + 1) * points.size() / kDrawnPoints;
    double x = 0, y = 0;
    for (size_t i = first; i < last; ++i) {
      x += points[i].first;
      y += points[i].second;
    }
    const auto count = static_cast<double>(last - first);
    result.emplace_back(x / count, y / count);
  }
  return result;
}

std::vector<double> ticks(double low, double high, int count) {
  const double rough = (high - low) / std::max(1, count);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {2.0, 5.0, 10.0}) {
    if (step < rough * 0.999) step = factor * power;
  }
  std::vector<double> result;
  const double slack = step * 1e-6;
  for (double at = std::ceil((low - slack) / step); at * step <= high + slack; ++at) result.push_back(at * step);
  return result;
}

std::string interval_chart(const IntervalChart& chart) {
  constexpr double kLeft = 130, kRight = kWidth - 16, kTop = 10, kRow = 18, kGap = 10;
  double height = kTop;
  std::string group, body;
  std::vector<std::pair<std::string, int>> names;
  const auto to_x = [&](double value) {
    return kLeft + (std::clamp(value, chart.low, chart.high) - chart.low) / (chart.high - chart.low) * (kRight - kLeft);
  };
  for (const IntervalChart::Entry& entry : chart.entries) {
    if (entry.group != group) {
      height += kGap;
      group = entry.group;
      body += text_at(kLeft - 10, height + kRow - 4, "end", group);
    }
    height += kRow;
    if (std::none_of(names.begin(), names.end(), [&](const auto& known) { return known.first == entry.name; })) {
      names.emplace_back(entry.name, entry.colour);
    }
    if (!std::isfinite(entry.value)) continue;
    const std::string colour = css_colour(series_colour(entry.colour));
    const double y = height - kRow / 2 + 1;
    if (std::isfinite(entry.low) && std::isfinite(entry.high)) {
      body += line_at(to_x(entry.low), y, to_x(entry.high), y,
                      "stroke=\"" + colour + "\" stroke-width=\"3\" stroke-linecap=\"round\" opacity=\"0.55\"");
    }
    body +=
        concat("<circle cx=\"", fixed(to_x(entry.value), 1), "\" cy=\"", fixed(y, 1), "\" r=\"4.5\" fill=\"", colour, "\"/>\n");
  }
  const double bottom = height + 8;
  std::string grid;
  for (const double tick : ticks(chart.low, chart.high)) {
    grid += line_at(to_x(tick), kTop, to_x(tick), bottom, "class=\"grid\"");
    grid += text_at(to_x(tick), bottom + 15, "middle", number(tick));
  }
  return "<figure>\n<figcaption>" + html_escape(chart.title) + "</figcaption>\n" + open_svg(bottom + 36, chart.title) + grid +
         body + text_at((kLeft + kRight) / 2, bottom + 31, "middle", chart.x_label) + "</svg>\n" + legend(names) + "</figure>\n";
}

}  // namespace tss
