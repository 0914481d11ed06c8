// The sliding window's own cost: gathering windows, weighted sums, resampling with argmax. The network is one cheap operation.
#include <benchmark/benchmark.h>

#include "textsemiseg/inference/mirror.h"
#include "textsemiseg/inference/plane_argmax.h"
#include "textsemiseg/inference/plane_mean.h"
#include "textsemiseg/inference/sliding_window.h"

namespace {

tss::WindowOptions options(int64_t batch) {
  tss::WindowOptions out;
  out.patch = {96, 96, 96};
  out.batch = batch;
  return out;
}

torch::Tensor constant_network(const torch::Tensor& windows, int64_t classes) {
  static torch::Tensor held;
  const std::vector<int64_t> shape = {windows.size(0), classes, windows.size(2), windows.size(3), windows.size(4)};
  if (!held.defined() || held.sizes() != shape) held = torch::full(shape, 1.0 / static_cast<double>(classes));
  return held;
}

void windows(benchmark::State& state) {
  const int64_t classes = state.range(1);
  const torch::Tensor image = torch::rand({1, 192, 192, 160});
  int64_t count = 0;
  for (auto _ : state) {
    count = tss::sliding_window_slabs(
        image, options(state.range(0)), [&](const torch::Tensor& w) { return constant_network(w, classes); }, torch::kCPU,
        [](int64_t, const torch::Tensor& p) { benchmark::DoNotOptimize(p.data_ptr()); });
  }
  state.counters["windows"] = static_cast<double>(count);
  state.counters["windows_per_second"] =
      benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(windows)
    ->ArgNames({"batch", "classes"})
    ->Args({1, 2})
    ->Args({4, 2})
    ->Args({8, 2})
    ->Args({4, 14})
    ->Unit(benchmark::kMillisecond);

// Planes of a prepared grid to the classes of a scan of 320 x 320 x 160 voxels.
void argmax(benchmark::State& state) {
  const int64_t classes = state.range(0);
  tss::Geometry scan, prepared;
  scan.size = {320, 320, 160};
  scan.spacing = {0.75, 0.75, 1.5};
  prepared = scan;
  if (state.range(1)) {
    prepared.size = {160, 160, 160};
    prepared.spacing = {1.5, 1.5, 1.5};
  }
  const torch::Tensor plane = torch::rand({classes, 1, prepared.size[1], prepared.size[2]});
  for (auto _ : state) {
    tss::PlaneResampler onto_scan(prepared, scan);
    tss::PlaneArgmax result(scan, false);
    for (int64_t x = 0; x < prepared.size[0]; ++x)
      onto_scan.take(x, plane, [&](int64_t at, const torch::Tensor& p) { result.take(at, p); });
    benchmark::DoNotOptimize(std::move(result).labels().voxels.data());
  }
}
BENCHMARK(argmax)->ArgNames({"classes", "resampled"})->Args({2, 0})->Args({2, 1})->Args({14, 1})->Unit(benchmark::kMillisecond);

// Several networks' planes on the grid of a scan, averaged before the classes are taken.
void averaged(benchmark::State& state) {
  tss::Geometry scan, prepared;
  scan.size = {320, 320, 160};
  scan.spacing = {0.75, 0.75, 1.5};
  prepared = scan;
  prepared.size = {160, 160, 160};
  prepared.spacing = {1.5, 1.5, 1.5};
  const torch::Tensor plane = torch::rand({2, 1, prepared.size[1], prepared.size[2]});
  for (auto _ : state) {
    tss::PlaneArgmax result(scan, false);
    tss::PlaneMean mean(state.range(0), [&](int64_t x, const torch::Tensor& p) { result.take(x, p); });
    std::vector<tss::PlaneResampler> members(static_cast<size_t>(state.range(0)), tss::PlaneResampler(prepared, scan));
    for (int64_t x = 0; x < prepared.size[0]; ++x) {
      for (tss::PlaneResampler& member : members)
        member.take(x, plane, [&](int64_t at, const torch::Tensor& p) { mean.take(at, p); });
    }
    benchmark::DoNotOptimize(std::move(result).labels().voxels.data());
  }
}
BENCHMARK(averaged)->ArgName("networks")->Arg(1)->Arg(2)->Arg(3)->Unit(benchmark::kMillisecond);

// What mirroring adds to the network's own time: turning windows and summing.
void mirroring(benchmark::State& state) {
  std::vector<int64_t> axes;
  for (int64_t a = 0; a < state.range(0); ++a) axes.push_back(a);
  const tss::WindowFunction function = tss::mirrored([](const torch::Tensor& w) { return constant_network(w, 2); }, axes);
  const torch::Tensor windows = torch::rand({4, 1, 96, 96, 96});
  for (auto _ : state) benchmark::DoNotOptimize(function(windows).data_ptr());
}
BENCHMARK(mirroring)->ArgName("axes")->Arg(0)->Arg(1)->Arg(3)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
