// Reading a checkpoint: 400 MB in 300 tensors, as torch.save writes it (checksums included) and as safetensors (which has none).
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include "support/testing.h"
#include "support/torch_files.h"
#include "textsemiseg/weights/weights_file.h"

namespace {

constexpr int64_t kTensors = 300, kElements = 350'000;

tss::TensorMap state() {
  tss::TensorMap tensors;
  for (int64_t i = 0; i < kTensors; ++i) tensors["block_" + std::to_string(i) + ".weight"] = torch::rand({kElements});
  return tensors;
}

enum class Form { kZip, kLegacy, kSafetensors };

void read(benchmark::State& run, Form form) {
  const tss::testing::TemporaryFolder folder;
  const auto path = folder / "x";
  {
    tss::testing::TorchSave file;
    if (form == Form::kSafetensors) tss::write_safetensors(path, {state(), {}});
    if (form == Form::kZip) file.write(path, file.state(state()));
    if (form == Form::kLegacy) file.write_legacy(path, file.state(state()));
  }
  for (auto _ : run) benchmark::DoNotOptimize(tss::read_weights(path).tensors.size());
  run.SetBytesProcessed(run.iterations() * kTensors * kElements * 4);
}

BENCHMARK_CAPTURE(read, zip, Form::kZip)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(read, legacy, Form::kLegacy)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(read, safetensors, Form::kSafetensors)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
