#include "textsemiseg/page/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "textsemiseg/base/html.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/report/colours.h"

namespace tss {
namespace {

constexpr double kWidth = 480, kHeight = 260;
constexpr size_t kDrawnPoints = 400;

std::string number(double value) {
  std::string text = fixed(value, 6);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string text_at(double x, double y, const std::string& anchor, const std::string& text, const std::string& extra = "") {
  return concat("<text x=\"", fixed(x, 1), "\" y=\"", fixed(y, 1), "\" text-anchor=\"", anchor, "\"", extra, ">",
                html_escape(text), "</text>\n");
}

std::string line_at(double x1, double y1, double x2, double y2, const std::string& attributes) {
  return concat("<line x1=\"", fixed(x1, 1), "\" y1=\"", fixed(y1, 1), "\" x2=\"", fixed(x2, 1), "\" y2=\"", fixed(y2, 1), "\" ",
                attributes, "/>\n");
}

std::string open_svg(double height, const std::string& title) {
  return concat("<svg class=\"chart\" viewBox=\"0 0 ", number(kWidth), " ", number(height), "\" role=\"img\" aria-label=\"",
                html_escape(title), "\">\n");
}

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  bool empty() const { return low > high; }
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  void widen() {
    if (high - low < 1e-12 * std::max(1.0, std::abs(high))) {
      low -= 0.5;
      high += 0.5;
    }
  }
};

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

std::string line_chart(const LineChart& chart) {
  Range x, y;
  std::vector<std::vector<std::pair<double, double>>> lines;
  for (const Series& series : chart.series) {
    lines.push_back(drawn_points(series.points));
    for (const auto& [px, py] : lines.back()) {
      if (!std::isfinite(px) || !std::isfinite(py)) continue;
      x.include(px);
      y.include(py);
    }
  }
  std::string result = "<figure>\n<figcaption>" + html_escape(chart.title) + "</figcaption>\n";
  if (x.empty()) return result + "<p>No values were recorded.</p>\n</figure>\n";
  if (chart.y_low) y.low = *chart.y_low;
  if (chart.y_high) y.high = *chart.y_high;
  x.widen();
  y.widen();

  constexpr double kLeft = 52, kRight = kWidth - 12, kTop = 22, kBottom = kHeight - 38;
  const auto to_x = [&](double value) { return kLeft + (value - x.low) / (x.high - x.low) * (kRight - kLeft); };
  const auto to_y = [&](double value) {
    return kBottom - (std::clamp(value, y.low, y.high) - y.low) / (y.high - y.low) * (kBottom - kTop);
  };
  result += open_svg(kHeight, chart.title);
  for (const double tick : ticks(y.low, y.high)) {
    result += line_at(kLeft, to_y(tick), kRight, to_y(tick), "class=\"grid\"");
    result += text_at(kLeft - 6, to_y(tick) + 4, "end", number(tick));
  }
  for (const double tick : ticks(x.low, x.high)) {
    result += line_at(to_x(tick), kBottom, to_x(tick), kBottom + 4, "class=\"axis\"");
    result += text_at(to_x(tick), kBottom + 17, "middle", number(tick));
  }
  result += line_at(kLeft, kBottom, kRight, kBottom, "class=\"axis\"");
  result += text_at((kLeft + kRight) / 2, kHeight - 5, "middle", chart.x_label);
  result += text_at(4, 13, "start", chart.y_label);

  std::vector<std::pair<std::string, int>> names;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string colour = css_colour(series_colour(chart.series[i].colour));
    std::string path;
    bool pen_down = false;
    size_t drawn = 0;
    std::pair<double, double> last;
    for (const auto& [px, py] : lines[i]) {
      if (!std::isfinite(px) || !std::isfinite(py)) {
        pen_down = false;
        continue;
      }
      last = {to_x(px), to_y(py)};
      path += concat(pen_down ? "L" : "M", fixed(last.first, 1), " ", fixed(last.second, 1));
      pen_down = true;
      ++drawn;
    }
    if (drawn == 0) continue;
    result +=
        concat("<path d=\"", path, "\" fill=\"none\" stroke=\"", colour, "\" stroke-width=\"1.8\" stroke-linejoin=\"round\"/>\n");
    result += concat("<circle cx=\"", fixed(last.first, 1), "\" cy=\"", fixed(last.second, 1), "\" r=\"2.6\" fill=\"", colour,
                     "\"/>\n");
    names.emplace_back(chart.series[i].name, chart.series[i].colour);
  }
  return result + "</svg>\n" + legend(names) + "</figure>\n";
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
