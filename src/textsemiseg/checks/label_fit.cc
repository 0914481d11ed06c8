#include "textsemiseg/checks/label_fit.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/percentile.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/checks/population_findings.h"

namespace tss {
namespace {

constexpr size_t kFaces = 100'000;  // looked at, of those there are
constexpr size_t kFewest = 8;       // cases
constexpr double kBetter = 1.05, kClearlyBetter = 1.15, kFarOff = 5;

struct Face {
  Size3 at;  // and its neighbour at + 1 along `axis`
  size_t axis;
};

std::vector<Face> faces_of(const std::vector<uint8_t>& mask, const Size3& size) {
  std::vector<Face> faces;
  const Size3 step{size[1] * size[2], size[2], 1};
  size_t i = 0;
  for (int64_t x = 0; x < size[0]; ++x) {
    for (int64_t y = 0; y < size[1]; ++y) {
      for (int64_t z = 0; z < size[2]; ++z, ++i) {
        const Size3 at{x, y, z};
        const bool own = mask[i] != 0;
        for (size_t axis = 0; axis < 3; ++axis)
          if (at[axis] + 1 < size[axis] && own != (mask[i + static_cast<size_t>(step[axis])] != 0)) faces.push_back({at, axis});
      }
    }
  }
  return faces;
}

std::string axes_named(size_t mirror) {
  std::string out;
  for (size_t axis = 0; axis < 3; ++axis)
    if ((mirror >> axis & 1) != 0) out += (out.empty() ? "" : " and ") + std::string(1, "xyz"[axis]);
  return out;
}

size_t best_mirror(const LabelFit& fit) {
  return static_cast<size_t>(std::max_element(fit.begin() + 1, fit.end()) - fit.begin());
}

}  // namespace

LabelFit label_fit(const Image& image, const std::vector<uint8_t>& mask) {
  LabelFit fit;
  fit.fill(1);
  const Size3& size = image.size();
  const std::vector<Face> faces = faces_of(mask, size);
  const size_t every = faces.size() / kFaces + 1;
  std::array<double, 8> sums{};
  for (size_t mirror = 0; mirror < 8; ++mirror) {
    for (size_t i = 0; i < faces.size(); i += every) {
      Size3 a = faces[i].at, b = a;
      ++b[faces[i].axis];
      for (size_t axis = 0; axis < 3; ++axis) {
        if ((mirror >> axis & 1) == 0) continue;
        a[axis] = size[axis] - 1 - a[axis];
        b[axis] = size[axis] - 1 - b[axis];
      }
      const double difference = std::abs(double{image(a[0], a[1], a[2])} - image(b[0], b[1], b[2]));
      if (std::isfinite(difference)) sums[mirror] += difference;
    }
  }
  if (!(sums[0] > 0)) return fit;
  for (size_t mirror = 0; mirror < 8; ++mirror) fit[mirror] = sums[mirror] / sums[0];
  return fit;
}

void judge_label_fit(const std::vector<CaseFacts>& cases, std::vector<Finding>& findings) {
  std::vector<const CaseFacts*> fitted;
  for (const CaseFacts& one : cases)
    if (one.fit) fitted.push_back(&one);
  if (fitted.size() < kFewest) return;
  // Of several mirrors that fit better, the one that fits best.
  size_t best = 0;
  double best_median = kBetter;
  for (size_t mirror = 1; mirror < 8; ++mirror) {
    std::vector<double> fits;
    for (const CaseFacts* one : fitted) fits.push_back((*one->fit)[mirror]);
    if (const double median = percentile(fits, 50); percentile(fits, 25) > kBetter && median > best_median) {
      best = mirror;
      best_median = median;
    }
  }
  if (best > 0) {
    const auto better = std::count_if(fitted.begin(), fitted.end(), [&](const CaseFacts* one) { return (*one->fit)[best] > 1; });
    findings.push_back(
        {Severity::kError,
         "labels_mirrored",
         {},
         concat("in ", better, " of ", fitted.size(), " cases the label fits the image better when mirrored along ",
                axes_named(best), " (contrast across its border ", fixed(best_median, 2), " times as large)"),
         "look at a few in prepare --explain: the axes of images and labels were probably stored differently"});
    return;
  }
  std::vector<double> logs;
  for (const CaseFacts* one : fitted) logs.push_back(std::log((*one->fit)[best_mirror(*one->fit)] + 1e-9));
  const auto scores = robust_scores(logs, 0.1);
  for (size_t i = 0; i < fitted.size(); ++i) {
    const LabelFit& fit = *fitted[i]->fit;
    const size_t mirror = best_mirror(fit);
    if (fit[mirror] < kClearlyBetter || scores[i] < kFarOff) continue;
    findings.push_back(
        {Severity::kWarning,
         "label_mirrored",
         {fitted[i]->id},
         concat("its label fits the image better when mirrored along ", axes_named(mirror), " (contrast across its border ",
                fixed(fit[mirror], 2), " times as large), unlike those of the others"),
         "look at it in a viewer or in prepare --explain"});
  }
}

}  // namespace tss
