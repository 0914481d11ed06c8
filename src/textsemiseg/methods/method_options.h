// Checks and ramps that the options of several methods share.
#pragma once

#include <cstdint>
#include <string>

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/methods/method.h"

namespace tss {

// Throws InputError unless variant is "paper" or "reference".
void check_variant(const std::string& method, const std::string& variant);
// Throws InputError unless value is finite and 0 or more. field: full name, "mc_net.consistency_weight".
void check_weight(const std::string& field, double value);
// Throws InputError unless 0 <= value <= 1.
void check_share(const std::string& field, double value);

// Throws InputError unless it is "complement" or "formula".
void check_absent_class(const std::string& method, const std::string& absent_class);
// Of a method's options: the released programs have the formula alone.
AbsentClass absent_class_of(const std::string& variant, const std::string& absent_class);

// A term's weight as it grows over the run.
struct Ramp {
  double weight = 0;             // at its full height
  double share = 1;              // paper: of the phase until it is reached
  double published_epochs = 0;   // reference: the same in virtual epochs of 150 iterations
  bool counts_from_one = false;  // reference: the released program's counter is 1 in the first step
};
// Throws InputError unless it is "run" or "released": whose ramp the variant `paper` has.
void check_ramp(const std::string& method, const std::string& ramp);
// The variant whose ramp a method has: ramped_weight takes it.
inline std::string ramp_variant(const std::string& variant, const std::string& ramp) {
  return ramp == "released" ? "reference" : variant;
}

// paper: weight G(t + 1, share t_max); reference: weight G(floor(t / 150), published_epochs), t from 0 or 1.
double ramped_weight(const Ramp& ramp, const std::string& variant, int64_t iteration, int64_t iterations);

}  // namespace tss
