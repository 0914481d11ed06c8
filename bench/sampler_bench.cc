// Drawing batches of 2 + 2 patches of 96^3 from the cache, pages warm. Target: at least 100 a second.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <memory>

#include "textsemiseg/base/log.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/temporary_folder.h"
#include "textsemiseg/dataset/prepare.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/sampling/sampler.h"

namespace {

namespace fs = std::filesystem;

// Eight cases of 160 x 160 x 128 voxels, written once into a temporary folder.
class PreparedCases {
 public:
  PreparedCases() {
    tss::set_log_level(tss::LogLevel::kQuiet);
    tss::Geometry geometry;
    geometry.size = {160, 160, 128};
    for (int i = 0; i < 8; ++i) {
      tss::Image image(geometry);
      tss::LabelMap label(geometry);
      tss::Random random(1, tss::Stream::kPhantom, 0, static_cast<uint32_t>(i));
      for (float& value : image.voxels) value = static_cast<float>(random.uniform());
      for (size_t v = 0; v < label.voxels.size(); v += 7) label.voxels[v] = 1;
      // Uncompressed files: only the cache matters here.
      tss::write_image(folder_ / tss::concat("S/case", i, ".nii"), image);
      if (i < 4) tss::write_label_map(folder_ / tss::concat("S/case", i, "_label.nii"), label);
    }
    tss::PrepareOptions options;
    options.source = folder_ / "S";
    options.dataset = folder_ / "D";
    options.classes = {"background", "foreground"};
    options.split.test = options.split.validation = "0";
    tss::prepare_dataset(options);
    dataset_ = std::make_unique<tss::Dataset>(tss::Dataset::open(folder_ / "D"));
  }
  const tss::Dataset& dataset() const { return *dataset_; }

 private:
  tss::TemporaryFolder folder_;
  std::unique_ptr<tss::Dataset> dataset_;
};

const tss::Dataset& dataset() {
  static const PreparedCases cases;
  return cases.dataset();
}

// 0: crops alone; 1: mirrors and quarter turns; 2: also everything of sampling/augmentation.h, as often as by default; 3: the same, each time.
tss::SamplerOptions options(int64_t augment) {
  tss::SamplerOptions out;
  out.flips = out.quarter_turns = augment > 0;
  if (augment < 2) return out;
  tss::AugmentationOptions& more = out.augmentation;
  more.rotation = 15;
  more.scale = more.contrast = more.brightness = 0.25;
  more.noise = 0.1;
  more.blur = more.low_resolution = 1;
  more.gamma = 0.5;
  if (augment < 3) return out;
  for (double* probability :
       {&more.rotation_probability, &more.scale_probability, &more.noise_probability, &more.blur_probability,
        &more.brightness_probability, &more.contrast_probability, &more.low_resolution_probability, &more.gamma_probability})
    *probability = 1;
  return out;
}

// One thread, memory used again.
void draw(benchmark::State& state) {
  const tss::Sampler sampler(dataset(), options(state.range(0)), 0);
  tss::PatchBatch batch;
  for (int64_t i = 0; i < 40; ++i) sampler.draw_into(i, batch);  // touches every page
  int64_t iteration = 0;
  for (auto _ : state) sampler.draw_into(iteration++ % 40, batch);
  state.counters["batches/s"] = benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(draw)->ArgName("augment")->DenseRange(0, 3)->Unit(benchmark::kMillisecond)->UseRealTime();

// Through the queue, as training takes them.
void load(benchmark::State& state) {
  const tss::Sampler sampler(dataset(), options(1), 0);
  tss::BatchLoader loader(sampler, 0, state.range(0), 4);
  for (int i = 0; i < 40; ++i) loader.next();
  for (auto _ : state) benchmark::DoNotOptimize(loader.next());
  state.counters["batches/s"] = benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(load)->ArgName("threads")->Arg(0)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
