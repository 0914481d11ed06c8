#include "textsemiseg/losses/pyramid_consistency.h"

#include "textsemiseg/losses/sum.h"

namespace tss {

PyramidConsistency pyramid_consistency(const std::vector<torch::Tensor>& logits) {
  std::vector<torch::Tensor> log_q, q;
  for (const auto& z : logits) {
    log_q.push_back(torch::log_softmax(z, 1));
    q.push_back(log_q.back().exp());
  }
  const auto count = static_cast<double>(logits.size());
  const torch::Tensor mean = sum_of(q) / count;
  // Certain predictions of all scales can underflow to 0, where p ln p is 0 and its derivative must stay finite.
  const torch::Tensor mean_log = mean.clamp_min(1e-37).log();
  PyramidConsistency out;
  for (size_t s = 0; s < logits.size(); ++s) {
    out.divergence.push_back((mean * (mean_log - log_q[s])).sum(1, true));
    const torch::Tensor weight = torch::exp(-out.divergence[s]);
    out.scales.push_back(((mean - q[s]).square() * weight).mean() / (weight.mean() + 1e-8) + out.divergence[s].mean());
  }
  out.loss = sum_of(out.scales) / count;
  return out;
}

}  // namespace tss
