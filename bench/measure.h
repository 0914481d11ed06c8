// What the benchmarks of training steps share: options, stopwatch statistics, memory, a batch.
#pragma once

#include <torch/torch.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/memory.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/methods/method.h"

namespace bench {

struct Options {
  int64_t side = 96, repeats = 5, threads = 2;
  bool bf16 = false;
  std::string only = {};  // part of the benchmark; empty: all
};

constexpr int64_t kRun = 30'000;  // iterations of the run that the steps stand in
constexpr uint64_t kSeed = 0;

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

inline double least(const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); }

inline double timed(const std::function<void()>& action) {
  const tss::Stopwatch watch;
  action();
  return watch.seconds();
}

// A line of the process's status, GiB: "VmRSS:" memory held now, "VmHWM:" the most since the last reset; 0 where the system does not say.
inline double memory_gib(const std::string& which) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (tss::starts_with(line, which)) return std::stod(line.substr(which.size())) / (1 << 20);
  return 0;
}

// Gives freed memory back to the system; the peak starts anew from what is held.
inline void reset_peak_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  std::ofstream("/proc/self/clear_refs") << "5";
}

inline double peak_memory() { return memory_gib("VmHWM:"); }

// Noise; class 1 is a cube of half the side.
inline tss::Batch batch_of(int64_t side, int64_t labelled, int64_t unlabelled) {
  tss::Batch batch;
  batch.image = torch::randn({labelled + unlabelled, 1, side, side, side});
  batch.label = torch::zeros({labelled, side, side, side}, torch::kInt64);
  const int64_t edge = side / 4;
  batch.label.narrow(1, edge, 2 * edge).narrow(2, edge, 2 * edge).narrow(3, edge, 2 * edge).fill_(1);
  return batch;
}

inline Options parse(const std::vector<std::string>& arguments, Options options) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const auto value = [&]() -> const std::string& {
      if (i + 1 >= arguments.size()) throw tss::UsageError(name + " needs a value");
      return arguments[++i];
    };
    const auto count = [&] {
      const long n = tss::parse_integer(name, value());
      if (n < 1) throw tss::UsageError(tss::concat(name, ": found ", n, "; expected at least 1"));
      return static_cast<int64_t>(n);
    };
    if (name == "--side")
      options.side = count();
    else if (name == "--repeats")
      options.repeats = count();
    else if (name == "--threads")
      options.threads = count();
    else if (name == "--bf16")
      options.bf16 = true;
    else if (name == "--only")
      options.only = value();
    else
      throw tss::UsageError("unknown option " + name + "; known: --side N, --repeats N, --threads N, --bf16, --only PART");
  }
  return options;
}

inline int main_of(int argc, char** argv, const Options& defaults, const std::function<void(const Options&)>& run) {
  tss::keep_freed_memory();
  try {
    const Options options = parse({argv + 1, argv + argc}, defaults);
    torch::set_num_threads(static_cast<int>(options.threads));
    std::cout << options.threads << " threads, " << (options.bf16 ? "bf16" : "fp32") << ", " << options.repeats << " repeats; "
              << tss::allocator_settings() << "\n";
    run(options);
  } catch (const tss::Error& error) {
    std::cerr << error.what() << "\n";
    return static_cast<int>(error.code());
  }
  return 0;
}

}  // namespace bench
