#include "textsemiseg/metrics/components.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "textsemiseg/base/error.h"

namespace tss {
namespace {

// A stretch of equal, non-zero voxels along z.
struct Run {
  int32_t begin, end;  // z, end exclusive
  int32_t parent;      // union-find over run indices; the root is the component's first run, so roots are in raster order
  uint8_t value;
};

struct Runs {
  std::vector<Run> runs;
  std::vector<int32_t> line_begin;  // first run of line (x, y); one entry more than lines
};

int64_t skip_zeros(const uint8_t* line, int64_t z, int64_t length) {
  for (uint64_t word; z + 8 <= length; z += 8) {
    std::memcpy(&word, line + z, 8);
    if (word != 0) break;
  }
  while (z < length && line[z] == 0) ++z;
  return z;
}

// binary: all non-zero values count as one.
Runs find_runs(const uint8_t* data, const Size3& size, bool binary) {
  Runs out;
  const int64_t lines = size[0] * size[1], length = size[2];
  out.line_begin.reserve(static_cast<size_t>(lines) + 1);
  for (int64_t i = 0; i < lines; ++i) {
    out.line_begin.push_back(static_cast<int32_t>(out.runs.size()));
    const uint8_t* line = data + i * length;
    for (int64_t z = skip_zeros(line, 0, length); z < length; z = skip_zeros(line, z, length)) {
      const int64_t begin = z;
      const uint8_t value = line[z];
      while (z < length && (binary ? line[z] != 0 : line[z] == value)) ++z;
      out.runs.push_back({static_cast<int32_t>(begin), static_cast<int32_t>(z), static_cast<int32_t>(out.runs.size()),
                          binary ? uint8_t{1} : value});
    }
  }
  out.line_begin.push_back(static_cast<int32_t>(out.runs.size()));
  return out;
}

int32_t root_of(std::vector<Run>& runs, int32_t i) {
  auto parent = [&](int32_t j) -> int32_t& { return runs[static_cast<size_t>(j)].parent; };
  while (parent(i) != i) {
    parent(i) = parent(parent(i));
    i = parent(i);
  }
  return i;
}

void unite(std::vector<Run>& runs, int32_t a, int32_t b) {
  a = root_of(runs, a);
  b = root_of(runs, b);
  if (a < b) runs[static_cast<size_t>(b)].parent = a;
  if (b < a) runs[static_cast<size_t>(a)].parent = b;
}

// Unites the runs of two lines that touch; reach 1 lets them touch across a corner of the (line, z) plane.
void unite_lines(Runs& all, int64_t first_line, int64_t second_line, int32_t reach) {
  auto& runs = all.runs;
  int32_t a = all.line_begin[static_cast<size_t>(first_line)], b = all.line_begin[static_cast<size_t>(second_line)];
  const int32_t a_end = all.line_begin[static_cast<size_t>(first_line) + 1];
  const int32_t b_end = all.line_begin[static_cast<size_t>(second_line) + 1];
  const auto unite_if_touching = [&](int32_t i, int32_t j) {
    if (i >= a_end || j >= b_end) return;
    const Run& p = runs[static_cast<size_t>(i)];
    const Run& q = runs[static_cast<size_t>(j)];
    if (p.value == q.value && p.begin < q.end + reach && q.begin < p.end + reach) unite(runs, i, j);
  };
  while (a < a_end && b < b_end) {
    unite_if_touching(a, b);
    const int32_t ends_a = runs[static_cast<size_t>(a)].end, ends_b = runs[static_cast<size_t>(b)].end;
    if (ends_a == ends_b) {
      // Only here can a run still reach one that follows the other's: across the corner, when classes lie side by side.
      unite_if_touching(a, b + 1);
      unite_if_touching(a + 1, b);
    }
    if (ends_a <= ends_b) ++a;
    if (ends_b <= ends_a) ++b;
  }
}

struct Neighbour {
  int64_t dx, dy;
  int32_t reach;
};

std::vector<Neighbour> earlier_lines(int connectivity) {
  switch (connectivity) {
    case 6:
      return {{0, -1, 0}, {-1, 0, 0}};
    case 18:
      return {{0, -1, 1}, {-1, 0, 1}, {-1, -1, 0}, {-1, 1, 0}};
    case 26:
      return {{0, -1, 1}, {-1, 0, 1}, {-1, -1, 1}, {-1, 1, 1}};
    default:
      throw InputError("connectivity", "found " + std::to_string(connectivity), "6, 18 or 26");
  }
}

Runs connected_runs(const uint8_t* data, const Size3& size, int connectivity, bool binary) {
  const std::vector<Neighbour> neighbours = earlier_lines(connectivity);
  Runs all = find_runs(data, size, binary);
  for (int64_t x = 0; x < size[0]; ++x) {
    for (int64_t y = 0; y < size[1]; ++y) {
      for (const Neighbour& n : neighbours) {
        if (x + n.dx < 0 || y + n.dy < 0 || y + n.dy >= size[1]) continue;
        unite_lines(all, x * size[1] + y, (x + n.dx) * size[1] + y + n.dy, n.reach);
      }
    }
  }
  // A root comes before every other run of its component: one pass in order flattens the forest.
  for (Run& run : all.runs) run.parent = all.runs[static_cast<size_t>(run.parent)].parent;
  return all;
}

// Voxels per root run; 0 at the other runs.
std::vector<int64_t> component_voxels(const Runs& all) {
  std::vector<int64_t> voxels(all.runs.size(), 0);
  for (const Run& run : all.runs) voxels[static_cast<size_t>(run.parent)] += run.end - run.begin;
  return voxels;
}

// Calls visit(run, offset of its first voxel).
template <class Visit>
void for_each_run(const Runs& all, int64_t length, Visit visit) {
  for (size_t line = 0; line + 1 < all.line_begin.size(); ++line) {
    for (int32_t i = all.line_begin[line]; i < all.line_begin[line + 1]; ++i) {
      const Run& run = all.runs[static_cast<size_t>(i)];
      visit(run, static_cast<int64_t>(line) * length + run.begin);
    }
  }
}

template <class Keep>
void clear_runs(const Runs& all, uint8_t* data, int64_t length, Keep keep) {
  for_each_run(all, length, [&](const Run& run, int64_t offset) {
    if (!keep(run)) std::memset(data + offset, 0, static_cast<size_t>(run.end - run.begin));
  });
}

void keep_largest(uint8_t* data, const Size3& size, int connectivity, bool binary) {
  const Runs all = connected_runs(data, size, connectivity, binary);
  const std::vector<int64_t> voxels = component_voxels(all);
  std::array<int32_t, 256> best;
  best.fill(-1);
  for (size_t i = 0; i < voxels.size(); ++i) {
    int32_t& b = best[all.runs[i].value];
    if (voxels[i] > 0 && (b < 0 || voxels[i] > voxels[static_cast<size_t>(b)])) b = static_cast<int32_t>(i);
  }
  clear_runs(all, data, size[2], [&](const Run& run) { return run.parent == best[run.value]; });
}

}  // namespace

Components label_components(const uint8_t* mask, const Size3& size, int connectivity) {
  const Runs all = connected_runs(mask, size, connectivity, true);
  const std::vector<int64_t> voxels = component_voxels(all);
  Components out;
  std::vector<int32_t> label_of_root(voxels.size(), 0);
  for (size_t i = 0; i < voxels.size(); ++i) {
    if (voxels[i] == 0) continue;
    out.voxels.push_back(voxels[i]);
    label_of_root[i] = static_cast<int32_t>(out.voxels.size());
  }
  out.labels.assign(static_cast<size_t>(size[0] * size[1] * size[2]), 0);
  for_each_run(all, size[2], [&](const Run& run, int64_t offset) {
    std::fill_n(out.labels.begin() + offset, run.end - run.begin, label_of_root[static_cast<size_t>(run.parent)]);
  });
  return out;
}

void keep_largest_component(uint8_t* mask, const Size3& size, int connectivity) { keep_largest(mask, size, connectivity, true); }

void keep_largest_component_per_class(uint8_t* labels, const Size3& size, int connectivity) {
  keep_largest(labels, size, connectivity, false);
}

void remove_small_components(uint8_t* labels, const Size3& size, int connectivity, int64_t min_voxels) {
  const Runs all = connected_runs(labels, size, connectivity, false);
  const std::vector<int64_t> voxels = component_voxels(all);
  clear_runs(all, labels, size[2], [&](const Run& run) { return voxels[static_cast<size_t>(run.parent)] >= min_voxels; });
}

}  // namespace tss
