#include "textsemiseg/methods/method_options.h"

#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/losses/ramps.h"

namespace tss {

void check_variant(const std::string& method, const std::string& variant) {
  if (variant != "paper" && variant != "reference")
    throw InputError(method + ".variant", "found '" + variant + "'", "paper or reference");
}

void check_weight(const std::string& field, double value) {
  if (!(std::isfinite(value) && value >= 0)) throw InputError(field, concat("found ", value), "0 or more");
}

void check_share(const std::string& field, double value) {
  if (!(value >= 0 && value <= 1)) throw InputError(field, concat("found ", value), "0 to 1");
}

void check_absent_class(const std::string& method, const std::string& absent_class) {
  if (absent_class != "complement" && absent_class != "formula")
    throw InputError(method + ".absent_class", "found '" + absent_class + "'", "complement or formula");
}

AbsentClass absent_class_of(const std::string& variant, const std::string& absent_class) {
  return variant != "reference" && absent_class == "complement" ? AbsentClass::kComplement : AbsentClass::kFormula;
}

void check_ramp(const std::string& method, const std::string& ramp) {
  if (ramp != "run" && ramp != "released") throw InputError(method + ".ramp", "found '" + ramp + "'", "run or released");
}

double ramped_weight(const Ramp& ramp, const std::string& variant, int64_t iteration, int64_t iterations) {
  if (variant == "reference")
    return ramp.weight * published_ramp(iteration + (ramp.counts_from_one ? 1 : 0), ramp.published_epochs);
  return ramp.weight * gaussian_ramp(static_cast<double>(iteration + 1), ramp.share * static_cast<double>(iterations));
}

}  // namespace tss
