// Where in a run its phases lie.
#pragma once

#include <cstdint>
#include <vector>

#include "textsemiseg/methods/method.h"

namespace tss {

struct PhaseSpan {
  Phase phase;
  size_t index = 0;
  int64_t begin = 0, end = 0;  // steps of the run, end exclusive

  int64_t length() const { return end - begin; }
};

// One span per phase that has at least one step, numbered from 0. Throws Error when the shares do not sum to 1.
std::vector<PhaseSpan> phase_spans(const std::vector<Phase>& phases, int64_t iterations);
// The span of a step; the last one for steps past the end.
const PhaseSpan& span_at(const std::vector<PhaseSpan>& spans, int64_t iteration);

}  // namespace tss
