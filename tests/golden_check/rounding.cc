#include "golden_check/rounding.h"

#include "golden_check/golden.h"

namespace golden {
namespace {

// Streams of weights, inputs and check positions end far below.
constexpr uint64_t kFirstStream = uint64_t{1} << 30;

int current_draw = 0;
uint64_t drawn = 0;

}  // namespace

void set_rounding_draw(int draw) {
  current_draw = draw;
  drawn = 0;
}

double moved(double value) {
  if (current_draw == 0) return value;
  return value * (1 + kUnits * 0x1.0p-24 * u(kFirstStream + static_cast<uint64_t>(current_draw), drawn++));
}

}  // namespace golden
