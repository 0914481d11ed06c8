#include "textsemiseg/page/result_sentence.h"

#include <cmath>
#include <optional>

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

std::string signed_number(double value, bool sign = false) {
  const std::string text = fixed(std::abs(value), 3);
  if (text == "0.000") return text;
  return (value < 0 ? "−" : sign ? "+" : "") + text;
}

std::string with_interval(const Estimate& estimate, bool sign = false) {
  std::string out = signed_number(*estimate.mean, sign);
  if (estimate.low && estimate.high)
    out += concat(" [", signed_number(*estimate.low, sign), ", ", signed_number(*estimate.high, sign), "]");
  return out;
}

// "liver", "liver and spleen", "8 classes"
std::string organs(const std::vector<std::string>& class_names) {
  constexpr size_t kMostNamed = 4;
  const std::vector<std::string> names(class_names.begin() + 1, class_names.end());
  if (names.size() > kMostNamed) return concat(names.size(), " classes");
  if (names.size() < 2) return join(names, "");
  return join(std::vector<std::string>(names.begin(), names.end() - 1), ", ") + " and " + names.back();
}

std::optional<size_t> reference_of(const Comparison& all, const Column& dice) {
  if (dice.against.reference) return dice.against.reference;
  for (size_t r = 0; r < all.rows.size(); ++r) {
    if (all.rows[r].name == all.against) return r;
  }
  return std::nullopt;
}

// The best row besides the reference; the reference where no other row has a Dice.
std::optional<size_t> row_in_question(const Column& dice, const std::optional<size_t>& reference) {
  std::optional<size_t> best;
  for (size_t r = 0; r < dice.cells.size(); ++r) {
    const auto& mean = dice.cells[r].estimate.mean;
    if (!mean || (r == reference && dice.cells.size() > 1)) continue;
    if (!best || *mean > *dice.cells[*best].estimate.mean) best = r;
  }
  if (!best && reference && dice.cells[*reference].estimate.mean) return reference;
  return best;
}

std::string difference(const PairedTest& test, double level) {
  std::string out = "the difference is " + with_interval(test.bootstrap.difference, true);
  const auto& p = test.signed_rank_holm ? test.signed_rank_holm : test.signed_rank.p;
  if (!p) return out;
  const std::string value = *p < 0.0001 ? "p < 0.0001" : "p = " + fixed(*p, *p < 0.01 ? 4 : 2);
  return concat(out, *p < level ? ", more than chance gives (" : " and may be chance (", value, ")");
}

}  // namespace

std::string result_sentence(const Comparison& all) {
  const Column& dice = all.metric("dice").mean();
  const std::optional<size_t> reference = reference_of(all, dice), row = row_in_question(dice, reference);
  if (!row) return concat("No Dice is defined on these ", all.role, " cases.");
  std::string out = concat(all.rows[*row].title, " segments ", organs(all.class_names), " with a ",
                           all.class_names.size() > 2 ? "mean Dice" : "Dice", " of ", with_interval(dice.cells[*row].estimate),
                           " on ", all.cases.size(), " ", all.role, all.cases.size() == 1 ? " case" : " cases");
  if (reference && *reference != *row && dice.cells[*reference].estimate.mean) {
    out += concat("; ", all.rows[*reference].title, " reaches ", signed_number(*dice.cells[*reference].estimate.mean));
    const auto& tests = dice.against.rows;
    if (!all.obstacles.empty())
      out += "; the two are not comparable as they stand";
    else if (all.learned && *row < tests.size() && tests[*row])
      out += "; " + difference(*tests[*row], all.level);
  }
  out += ".";
  if (!all.learned)
    out += concat(all.rows.size() == 1 ? " It has" : " No row has", all.rows.size() == 1 ? " not learned" : " learned",
                  " anything yet: ", "no mean Dice reaches ", fixed(kLearned, 1), ", so nothing is tested.");
  return out;
}

}  // namespace tss
