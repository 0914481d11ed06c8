// Components and scores on volumes of the sizes that training and scoring meet.
#include <benchmark/benchmark.h>

#include <cmath>

#include "textsemiseg/base/random.h"
#include "textsemiseg/metrics/components.h"
#include "textsemiseg/metrics/overlap.h"
#include "textsemiseg/metrics/scores.h"

namespace {

// An ellipsoid with islands around it, the shape of an early prediction.
tss::LabelMap blob(const tss::Size3& size, double shift, double islands, int classes = 1) {
  tss::Geometry grid;
  grid.size = size;
  tss::LabelMap map(grid);
  tss::Random random(1, tss::Stream::kPhantom);
  for (int64_t x = 0; x < size[0]; ++x)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t z = 0; z < size[2]; ++z) {
        const tss::Vector3 i{double(x), double(y), double(z)};
        double r = 0;
        for (size_t a = 0; a < 3; ++a) {
          r += std::pow((i[a] + shift - 0.5 * double(size[a])) / (0.2 * double(size[a])), 2);
        }
        if (r < 1) map(x, y, z) = static_cast<uint8_t>(1 + int(r * classes));
        if (islands > 0 && random.chance(islands)) map(x, y, z) = 1;
      }
  return map;
}

void largest_component(benchmark::State& state) {
  const tss::LabelMap mask = blob({96, 96, 96}, 0, double(state.range(0)) / 1000);
  auto copy = mask.voxels;
  for (auto _ : state) {
    copy = mask.voxels;
    tss::keep_largest_component(copy.data(), mask.size(), 26);
    benchmark::DoNotOptimize(copy.data());
  }
}
BENCHMARK(largest_component)->ArgName("islands_per_mille")->Arg(0)->Arg(10)->Arg(300)->Unit(benchmark::kMillisecond);

void label_all(benchmark::State& state) {
  const tss::LabelMap mask = blob({96, 96, 96}, 0, double(state.range(0)) / 1000);
  for (auto _ : state) benchmark::DoNotOptimize(tss::label_components(mask.voxels.data(), mask.size(), 26).labels.data());
}
BENCHMARK(label_all)->ArgName("islands_per_mille")->Arg(10)->Arg(300)->Unit(benchmark::kMillisecond);

void count(benchmark::State& state) {
  const tss::LabelMap p = blob({240, 240, 155}, 2, 0, 4), r = blob({240, 240, 155}, 0, 0, 4);
  for (auto _ : state) {
    benchmark::DoNotOptimize(tss::count_classes(p.voxels.data(), r.voxels.data(), p.size()).data());
  }
}
BENCHMARK(count)->Unit(benchmark::kMillisecond);

void score(benchmark::State& state) {
  const int classes = static_cast<int>(state.range(0));
  const double shift = double(state.range(1));
  const tss::LabelMap p = blob({240, 240, 155}, shift, 0, classes), r = blob({240, 240, 155}, 0, 0, classes);
  for (auto _ : state) benchmark::DoNotOptimize(tss::score_present_classes(p, r).data());
}
BENCHMARK(score)->ArgNames({"classes", "shift"})->Args({1, 2})->Args({1, 40})->Args({4, 2})->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
