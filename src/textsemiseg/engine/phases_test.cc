#include "textsemiseg/engine/phases.h"

#include <gtest/gtest.h>

#include "textsemiseg/base/error.h"

namespace tss::phases_test {

Phase phase(const char* name, double share) {
  Phase out;
  out.name = name;
  out.share = share;
  return out;
}

TEST(PhaseSpans, CoverTheRunWithoutGaps) {
  for (const int64_t iterations : {1, 2, 7, 1000, 17000}) {
    const auto spans = phase_spans({phase("a", 2.0 / 17), phase("b", 5.0 / 17), phase("c", 10.0 / 17)}, iterations);
    int64_t at = 0;
    for (size_t i = 0; i < spans.size(); ++i) {
      EXPECT_EQ(spans[i].index, i);
      EXPECT_EQ(spans[i].begin, at);
      EXPECT_GT(spans[i].length(), 0);
      at = spans[i].end;
    }
    EXPECT_EQ(at, iterations);
  }
  EXPECT_EQ(phase_spans({phase("a", 2.0 / 17), phase("b", 15.0 / 17)}, 17000)[0].end, 2000);
}

TEST(PhaseSpans, LeaveOutPhasesWithoutAStep) {
  const auto spans = phase_spans({phase("a", 0), phase("b", 1)}, 10);
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].phase.name, "b");
  EXPECT_EQ(spans[0].index, 0u);
}

TEST(PhaseSpans, FindTheSpanOfAStep) {
  const auto spans = phase_spans({phase("a", 0.5), phase("b", 0.5)}, 10);
  EXPECT_EQ(span_at(spans, 4).phase.name, "a");
  EXPECT_EQ(span_at(spans, 5).phase.name, "b");
  EXPECT_EQ(span_at(spans, 12).phase.name, "b");
}

TEST(PhaseSpans, RefuseSharesThatDoNotMakeUpARun) { EXPECT_THROW(phase_spans({phase("a", 0.5)}, 10), Error); }

}  // namespace tss::phases_test
