#include "textsemiseg/modules/cognitive_augmentation.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

torch::Tensor repeat_to(const torch::Tensor& x, int64_t n) {
  return x.size(0) == n ? x : x.index_select(0, torch::arange(n, x.options().dtype(torch::kInt64)).remainder(x.size(0)));
}

}  // namespace

void CognitiveAugmentationOptions::check() const {
  if (!(start >= 0 && start <= 1)) throw InputError("dca.start", concat("found ", start), "a share of the run, 0 to 1");
  if (updates != "decoder" && updates != "all") throw InputError("dca.updates", "found '" + updates + "'", "decoder or all");
}

MixedPatches mix_foregrounds(const torch::Tensor& x_l, const torch::Tensor& y, const torch::Tensor& x_u,
                             const torch::Tensor& pseudo) {
  const int64_t n = std::max(x_l.size(0), x_u.size(0));
  const torch::Tensor xl = repeat_to(x_l, n), yl = repeat_to(y, n), xu = repeat_to(x_u, n), yu = repeat_to(pseudo, n);
  const torch::Tensor foreground_l = yl > 0, foreground_u = yu > 0;
  return {torch::where(foreground_l.unsqueeze(1), xl, xu), torch::where(foreground_u.unsqueeze(1), xu, xl),
          torch::where(foreground_l, yl, yu), torch::where(foreground_u, yu, yl)};
}

}  // namespace tss
