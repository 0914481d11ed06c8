#include "textsemiseg/checks/duplicates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace tss {
namespace {

constexpr int64_t kVotes = 6;
constexpr double kCorrelation = 0.9;
constexpr size_t kCommon = 64;                  // a hash at more places than this is no landmark
constexpr int64_t kComparedVoxels = 4'000'000;  // voxels compared at most

Alignment alignment_of(const Landmark& a, const Landmark& b) {
  Alignment out;
  for (size_t own = 0; own < 3; ++own) {
    const size_t to = a.frame.source[own];
    out.axes.source[to] = b.frame.source[own];
    out.axes.sign[to] = static_cast<int8_t>(a.frame.sign[own] * b.frame.sign[own]);
  }
  for (size_t i = 0; i < 3; ++i) out.shift[i] = a.at[i] - out.axes.sign[i] * b.at[out.axes.source[i]];
  return out;
}

struct Place {
  uint64_t hash = 0;
  uint32_t scan = 0, landmark = 0;
};

using Vote = std::tuple<size_t, size_t, SignedAxes, std::array<int64_t, 3>>;

}  // namespace

std::vector<DuplicateCandidate> duplicate_candidates(const std::vector<Sketch>& sketches) {
  std::vector<Place> places;
  for (uint32_t s = 0; s < sketches.size(); ++s)
    for (uint32_t l = 0; l < sketches[s].landmarks.size(); ++l) places.push_back({sketches[s].landmarks[l].hash, s, l});
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tie(a.hash, a.scan, a.landmark) < std::tie(b.hash, b.scan, b.landmark);
  });
  std::map<Vote, int64_t> votes;
  for (size_t begin = 0, end = 0; begin < places.size(); begin = end) {
    while (end < places.size() && places[end].hash == places[begin].hash) ++end;
    if (end - begin > kCommon) continue;
    for (size_t i = begin; i < end; ++i) {
      for (size_t j = i + 1; j < end; ++j) {
        if (places[i].scan == places[j].scan) continue;
        const Alignment one = alignment_of(sketches[places[i].scan].landmarks[places[i].landmark],
                                           sketches[places[j].scan].landmarks[places[j].landmark]);
        ++votes[{places[i].scan, places[j].scan, one.axes, one.shift}];
      }
    }
  }
  std::map<std::pair<size_t, size_t>, DuplicateCandidate> best;
  for (const auto& [vote, count] : votes) {
    const auto& [first, second, axes, shift] = vote;
    DuplicateCandidate& known = best[{first, second}];
    if (count >= kVotes && count > known.votes) known = {first, second, {axes, shift}, count, false};
  }
  std::map<uint64_t, std::vector<size_t>> by_content;
  for (size_t s = 0; s < sketches.size(); ++s) by_content[sketches[s].content].push_back(s);
  by_content.erase(0);
  for (const auto& [content, scans] : by_content)
    for (size_t i = 1; i < scans.size(); ++i) best[{scans[0], scans[i]}] = {scans[0], scans[i], {}, 0, true};
  std::vector<DuplicateCandidate> out;
  for (const auto& [pair, candidate] : best)
    if (candidate.votes > 0 || candidate.same_content) out.push_back(candidate);
  return out;
}

std::optional<DuplicateMatch> verify_duplicate(const DuplicateCandidate& candidate, const Image& first, const Image& second) {
  const SignedAxes& axes = candidate.alignment.axes;
  Size3 low{}, high{}, stride{};  // of the overlap in the first scan; steps in the second
  const Size3 own{second.size()[1] * second.size()[2], second.size()[2], 1};
  int64_t start = 0, overlap = 1;
  for (size_t i = 0; i < 3; ++i) {
    const int64_t side = second.size()[axes.source[i]], shift = candidate.alignment.shift[i];
    low[i] = std::max<int64_t>(0, axes.sign[i] > 0 ? shift : shift - side + 1);
    high[i] = std::min(first.size()[i], axes.sign[i] > 0 ? shift + side : shift + 1);
    if (low[i] >= high[i]) return std::nullopt;
    overlap *= high[i] - low[i];
    stride[i] = axes.sign[i] * own[axes.source[i]];
    start += stride[i] * -shift;  // q = sign * (p - shift)
  }
  // Every n-th voxel along the rows, n odd so that no pattern of the sides is met.
  const int64_t step = overlap / kComparedVoxels * 2 + 1;
  std::vector<std::pair<float, float>> pairs;
  for (int64_t x = low[0]; x < high[0]; ++x) {
    for (int64_t y = low[1]; y < high[1]; ++y) {
      const float* a = first.voxels.data() + (x * first.size()[1] + y) * first.size()[2];
      const float* b = second.voxels.data() + start + x * stride[0] + y * stride[1];
      for (int64_t z = low[2] + (x + y) % step; z < high[2]; z += step) pairs.emplace_back(a[z], b[z * stride[2]]);
    }
  }
  DuplicateMatch match;
  match.candidate = candidate;
  match.of_first = static_cast<double>(overlap) / static_cast<double>(first.voxels.size());
  match.of_second = static_cast<double>(overlap) / static_cast<double>(second.voxels.size());
  match.equal = std::all_of(pairs.begin(), pairs.end(), [](const auto& pair) { return pair.first == pair.second; });
  float a_low = INFINITY, a_high = -INFINITY, b_low = INFINITY, b_high = -INFINITY;
  for (const auto& [a, b] : pairs) {
    a_low = std::min(a_low, a), a_high = std::max(a_high, a);
    b_low = std::min(b_low, b), b_high = std::max(b_high, b);
  }
  double count = 0, sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (const auto& [a, b] : pairs) {
    if (a == a_low || a == a_high || b == b_low || b == b_high || !std::isfinite(a) || !std::isfinite(b)) continue;
    const double u = a - a_low, v = b - b_low;
    count += 1;
    sum_a += u, sum_b += v;
    aa += u * u, bb += v * v, ab += u * v;
  }
  const double var_a = count * aa - sum_a * sum_a, var_b = count * bb - sum_b * sum_b, both = count * ab - sum_a * sum_b;
  if (var_a > 0 && var_b > 0) {
    match.correlation = both / std::sqrt(var_a * var_b);
    match.slope = both / var_a;
    match.offset = (sum_b - match.slope * sum_a) / count + b_low - match.slope * a_low;
  }
  if (match.equal) match.correlation = match.slope = 1, match.offset = 0;
  if (!match.equal && !(match.correlation >= kCorrelation)) return std::nullopt;
  return match;
}

}  // namespace tss
