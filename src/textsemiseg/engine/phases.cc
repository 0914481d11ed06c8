#include "textsemiseg/engine/phases.h"

#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

std::vector<PhaseSpan> phase_spans(const std::vector<Phase>& phases, int64_t iterations) {
  double share = 0;
  for (const Phase& phase : phases) share += phase.share;
  if (phases.empty() || std::abs(share - 1) > 1e-6) throw Error(concat("the shares of a method's phases sum to ", share));
  std::vector<PhaseSpan> spans;
  double until = 0;
  int64_t begin = 0;
  for (const Phase& phase : phases) {
    until += phase.share;
    const int64_t end = &phase == &phases.back() ? iterations : std::llround(until * static_cast<double>(iterations));
    if (end > begin) spans.push_back({phase, spans.size(), begin, end});
    begin = std::max(begin, end);
  }
  return spans;
}

const PhaseSpan& span_at(const std::vector<PhaseSpan>& spans, int64_t iteration) {
  for (const PhaseSpan& span : spans)
    if (iteration < span.end) return span;
  return spans.back();
}

}  // namespace tss
