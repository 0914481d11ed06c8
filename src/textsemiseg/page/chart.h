// Charts of a page: curves as data for uPlot, intervals as inline SVG in the colours of its light and dark themes.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tss {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // (x, y); a y that is not finite leaves a gap
  int colour = 0;                                 // series_colour index
};

struct LineChart {
  std::string title;
  std::string x_label;
  std::optional<double> y_low, y_high;  // absent: from the data
  std::vector<Series> series;           // more than 400 points are averaged in bins for drawing
};

// What is drawn of a series: means over bins of neighbours where there are many points, so that a long run stays a small page.
std::vector<std::pair<double, double>> drawn_points(const std::vector<std::pair<double, double>>& points);

// A value with its interval, one line per method and group, e.g. the Dice of each class.
struct IntervalChart {
  std::string title;
  std::string x_label;
  double low = 0, high = 1;
  struct Entry {
    std::string group, name;
    double value = 0, low = 0, high = 0;  // not finite: left out
    int colour = 0;
  };
  std::vector<Entry> entries;  // entries of one group stand together
};
std::string interval_chart(const IntervalChart& chart);

// Round numbers that cover [low, high] in about `count` steps.
std::vector<double> ticks(double low, double high, int count = 5);

}  // namespace tss
