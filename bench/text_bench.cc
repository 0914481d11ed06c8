// Text features of one training step: ViT-B/32's text transformer, K = 2 prompts, forward and backward to the prompt vectors.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include "textsemiseg/text/clip_text_encoder.h"
#include "textsemiseg/text/clip_tokenizer.h"
#include "textsemiseg/text/clip_vocabulary.h"

namespace {

// "x x x x background." and "x x x x pancreas."
const std::vector<std::vector<int64_t>> kPrompts = {{49406, 343, 343, 343, 343, 5994, 269, 49407},
                                                    {49406, 343, 343, 343, 343, 27708, 601, 269, 49407}};

const std::shared_ptr<tss::ClipTextEncoder>& encoder() {
  static const auto shared = tss::random_clip_text_encoder({}, 0);
  return shared;
}

// length: positions computed; -1: up to the end token only.
void step(benchmark::State& state) {
  const tss::TokenRows rows = tss::token_rows(kPrompts, state.range(0));
  const bool backward = state.range(1) != 0;
  const torch::AutoGradMode mode(backward);
  torch::Tensor embedded = encoder()->embed_tokens(rows.ids).requires_grad_(backward);
  for (auto _ : state) {
    const torch::Tensor features = encoder()->forward(embedded, rows.end);
    if (backward) features.square().mean().backward();
    benchmark::DoNotOptimize(features.data_ptr());
  }
}
BENCHMARK(step)->ArgNames({"positions", "backward"})->ArgsProduct({{-1, 77}, {0, 1}})->Unit(benchmark::kMillisecond)->UseRealTime();

void random_weights(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(tss::random_clip_text_encoder({}, 1).get());
}
BENCHMARK(random_weights)->Unit(benchmark::kMillisecond)->UseRealTime();

void tokenizer_set_up(benchmark::State& state) {
  const auto vocabulary = tss::find_clip_vocabulary({}, {});
  if (!vocabulary) return state.SkipWithError("no vocabulary");
  for (auto _ : state) benchmark::DoNotOptimize(tss::ClipTokenizer(*vocabulary).encode("left atrium").data());
}
BENCHMARK(tokenizer_set_up)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
