// What the runs came to, in one sentence for the top of the page.
#pragma once

#include <string>

#include "textsemiseg/comparison/comparison.h"

namespace tss {

// "text_semiseg segments liver and spleen with a mean Dice of 0.834 [0.803, 0.861] on 20 test cases; supervised reaches 0.841; the difference
// is −0.007 [−0.020, 0.005] and may be chance (p = 0.31)." Of several rows the best one besides the row that the tests are against. Says in
// place of the difference why there is none: rows that cannot be compared, or none that has learned.
std::string result_sentence(const Comparison& all);

}  // namespace tss
