#include "textsemiseg/engine/text_effect.h"

#include "textsemiseg/base/random.h"
#include "textsemiseg/engine/validation.h"

namespace tss {
namespace {

torch::Tensor drawn_texts(const torch::Tensor& like, uint64_t seed) {
  torch::Tensor out = torch::empty(like.sizes(), torch::kFloat64);
  Random random(seed, Stream::kText, 0, 1);
  for (int64_t j = 0; j < out.numel(); ++j) out.data_ptr<double>()[j] = random.normal();
  return (out / out.norm(2, 1, true)).to(like.options());
}

TextChange change(const torch::Tensor& a, const torch::Tensor& b) {
  return {(a - b).abs().max().item<double>(), (a.argmax(0) != b.argmax(0)).sum().item<int64_t>()};
}

}  // namespace

TextEffect measure_text_effect(Method& method, const Dataset& dataset, const std::string& id, const WindowOptions& window,
                               torch::Device device, uint64_t seed) {
  torch::NoGradGuard no_grad;
  method.eval();
  const CachedCase one = dataset.load(id);
  const torch::Tensor own = method.class_texts();
  const auto with_texts = [&](const torch::Tensor& texts) {
    method.set_class_texts(texts);
    return predict_case(method, one, dataset.channels(), window, device);
  };
  const torch::Tensor as_trained = with_texts(own);
  TextEffect effect;
  effect.replaced = change(as_trained, with_texts(drawn_texts(own, seed)));
  effect.permuted = change(as_trained, with_texts(own.roll(1, 0)));
  effect.voxels = as_trained[0].numel();
  method.set_class_texts(own);
  return effect;
}

}  // namespace tss
