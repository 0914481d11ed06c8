// Scans that are there twice, by their voxels: as they are, stored otherwise, or one a crop of the other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "textsemiseg/checks/landmarks.h"

namespace tss {

// Voxel q of scan b lies at p of scan a: p[i] = axes.sign[i] * q[axes.source[i]] + shift[i].
struct Alignment {
  SignedAxes axes;
  std::array<int64_t, 3> shift{};
};

// Two scans that probably share voxels.
struct DuplicateCandidate {
  size_t first = 0, second = 0;  // first < second
  Alignment alignment;
  int64_t votes = 0;          // landmarks of both that agree on the alignment
  bool same_content = false;  // equal hashes of everything: no alignment was needed
};

// By rising (first, second); one per pair. Pairs that fewer than six landmarks speak for are left out: by chance not even two agree on
// one of the many possible alignments.
std::vector<DuplicateCandidate> duplicate_candidates(const std::vector<Sketch>& sketches);

// What looking at the voxels of both says.
struct DuplicateMatch {
  DuplicateCandidate candidate;
  double of_first = 0, of_second = 0;  // share of each scan's voxels that the other one holds too
  double correlation = 0;              // over the voxels of both, without those at the ends of the range (clipped, background)
  double slope = 1, offset = 0;        // second = slope * first + offset
  bool equal = false;                  // every voxel they share is the same number
  bool reordered() const { return candidate.alignment.axes != SignedAxes{}; }
};

// Empty unless the voxels of both agree (correlation of at least 0.9 where they overlap).
std::optional<DuplicateMatch> verify_duplicate(const DuplicateCandidate& candidate, const Image& first, const Image& second);

}  // namespace tss
