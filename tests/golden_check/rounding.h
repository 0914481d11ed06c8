// What rounding to float32 can do to a golden quantity, found without a float32 run: no kernel, processor or thread count enters.
//
// A float32 kernel is backward stable: what it computes is the exact result of weights and inputs that were moved by a few units of
// float32 rounding (2^-24 of their size). So the whole file is run in float64 with every formula value moved by up to kUnits such
// units, with kDraws draws of signs and sizes, and the largest deviation of each kind of quantity from its golden value, over all cases
// and draws of the file, is kept: its spread (rounding.json). A rectifier input that is zero to rounding, a voxel at a threshold and a
// badly conditioned norm show in it as they do in a float32 run. A float32 result passes within kSafety spreads, and never has to be
// better than tests/golden/README.md section 5 says.
//
// kUnits: a sum of n products, made one after another, is off by about sqrt(n / 2) units of its size, since the partial sums grow like
// sqrt(k) and every addition rounds. The networks' sums have n = 27 * 16 to 27 * 256 products; kernels make them in 8 or 16 lanes, and
// so in 27 to 864 steps a lane, with half of the layers below 110: sqrt(110 / 2) = 7.4, rounded up to 8.
// kSafety: rectifiers that change sides are few and large, so that the largest of a few draws is no bound. The float32 runs of another
// machine that the golden files state (float32_deviation) lie within 0.38 of the tolerance, as do those of AVX2 kernels.
// `golden_check DIR --measure-rounding rounding.json` writes the spreads.
#pragma once

#include <cstdint>
#include <string>

namespace golden {

constexpr double kUnits = 8;
constexpr int kDraws = 3;
constexpr double kSafety = 12;

// Which draw moves the formula values from now on; 0 leaves them as they are.
void set_rounding_draw(int draw);
// The next formula value, as this draw moves it.
double moved(double value);

}  // namespace golden
