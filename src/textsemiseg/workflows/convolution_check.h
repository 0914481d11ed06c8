// Does 3D convolution compute what it should here, and how fast? Library updates have made it wrong, or many times slower, before.
#pragma once

#include <string>
#include <vector>

namespace tss {

struct SelfCheck {
  std::string name;
  double error = 0;  // largest difference, relative to the largest reference value
  double tolerance = 0;
  bool passed() const { return error <= tolerance; }  // false for NaN
};

struct Timing {
  std::string name;
  double milliseconds = 0;
  double gflops = 0;  // billions of multiplications and additions a second
};

struct SelfTest {
  std::vector<SelfCheck> checks;
  std::vector<Timing> timings;
};

// Forward and gradients of a 3 x 3 x 3 convolution: float32 against a plain loop in float64, bfloat16 against float32; on every
// CUDA device too, against the CPU. Timed on the layer 16 -> 16 of a batch of four 48^3 patches. About a second.
SelfTest convolution_self_test();

}  // namespace tss
