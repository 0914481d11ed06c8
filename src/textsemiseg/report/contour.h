// Outlines of classes in a slice, as closed lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tss {

using Point2 = std::pair<double, double>;
using Line2 = std::vector<Point2>;  // closed: the last point is joined to the first

// Lines half-way between voxels of the class and others (marching squares); what lies beyond the slice is another class. Points
// are in voxels, (column, row), with (0, 0) the centre of the first voxel. Diagonal neighbours are not joined.
std::vector<Line2> contours(const std::vector<uint8_t>& labels, int64_t columns, int64_t rows, uint8_t label);

}  // namespace tss
