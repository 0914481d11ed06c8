#include "textsemiseg/report/contour.h"

#include <map>

namespace tss {
namespace {

// Points lie on half voxels: twice their coordinates are integers and make a key.
using Key = std::pair<int64_t, int64_t>;

}  // namespace

std::vector<Line2> contours(const std::vector<uint8_t>& labels, int64_t columns, int64_t rows, uint8_t label) {
  const auto inside = [&](int64_t x, int64_t y) {
    return x >= 0 && y >= 0 && x < columns && y < rows && labels[static_cast<std::size_t>(y * columns + x)] == label;
  };
  // Of each square of four voxel centres: directed pieces with the class on their left.
  std::multimap<Key, Key> next;
  for (int64_t y = -1; y < rows; ++y) {
    for (int64_t x = -1; x < columns; ++x) {
      const Key top{2 * x + 1, 2 * y}, right{2 * x + 2, 2 * y + 1}, bottom{2 * x + 1, 2 * y + 2}, left{2 * x, 2 * y + 1};
      const int kind = inside(x, y) | inside(x + 1, y) << 1 | inside(x + 1, y + 1) << 2 | inside(x, y + 1) << 3;
      const auto piece = [&](const Key& from, const Key& to) { next.emplace(from, to); };
      switch (kind) {
        case 1:
          piece(left, top);
          break;
        case 2:
          piece(top, right);
          break;
        case 3:
          piece(left, right);
          break;
        case 4:
          piece(right, bottom);
          break;
        case 5:
          piece(left, top);
          piece(right, bottom);
          break;
        case 6:
          piece(top, bottom);
          break;
        case 7:
          piece(left, bottom);
          break;
        case 8:
          piece(bottom, left);
          break;
        case 9:
          piece(bottom, top);
          break;
        case 10:
          piece(top, right);
          piece(bottom, left);
          break;
        case 11:
          piece(bottom, right);
          break;
        case 12:
          piece(right, left);
          break;
        case 13:
          piece(right, top);
          break;
        case 14:
          piece(top, left);
          break;
        default:
          break;
      }
    }
  }
  std::vector<Line2> out;
  while (!next.empty()) {
    Line2 line;
    const Key start = next.begin()->first;
    Key at = start;
    do {
      line.emplace_back(static_cast<double>(at.first) / 2, static_cast<double>(at.second) / 2);
      const auto step = next.find(at);
      if (step == next.end()) break;
      at = step->second;
      next.erase(step);
    } while (at != start);
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace tss
