// Counter-based random numbers: a value depends on its key alone, never on how many were drawn before, so that thread
// timing and resuming cannot change it. Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace tss {

// What the numbers are for; distinct purposes never share a sequence.
enum class Stream : uint32_t {
  kSplit = 1,
  kLabelledOrder,
  kUnlabelledOrder,
  kCrop,
  kAugmentation,
  kInitialisation,
  kStep,
  kBootstrap,
  kPhantom,
  kText,
};

// An endless sequence for one key.
class Random {
 public:
  Random(uint64_t seed, Stream stream, uint64_t iteration = 0, uint32_t index = 0);

  uint32_t next();
  uint64_t next64();
  double uniform();                         // [0, 1)
  double uniform(double low, double high);  // [low, high)
  int64_t below(int64_t n);                 // {0, ..., n-1}, without modulo bias; n >= 1
  double normal();                          // mean 0, standard deviation 1 (Box-Muller)
  bool chance(double probability) { return uniform() < probability; }
  std::vector<int64_t> permutation(int64_t n);  // of 0..n-1 (Fisher-Yates)

  using result_type = uint32_t;
  static constexpr uint32_t min() { return 0; }
  static constexpr uint32_t max() { return UINT32_MAX; }
  uint32_t operator()() { return next(); }

 private:
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> block_{};
  int used_ = 4;
};

// One 64-bit number for a key, e.g. to seed another generator.
uint64_t random_key(uint64_t seed, Stream stream, uint64_t iteration = 0, uint32_t index = 0);

}  // namespace tss
