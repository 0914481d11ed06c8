#include "textsemiseg/losses/pyramid_consistency.h"

namespace tss {

PyramidConsistency pyramid_consistency(const std::vector<torch::Tensor>& logits) {
  std::vector<torch::Tensor> log_q, q;
  torch::Tensor mean;
  for (const auto& z : logits) {
    log_q.push_back(torch::log_softmax(z, 1));
    q.push_back(log_q.back().exp());
    mean = mean.defined() ? mean + q.back() : q.back();
  }
  const auto count = static_cast<double>(logits.size());
  mean = mean / count;
  // Certain predictions of all scales can underflow to 0, where p ln p is 0 and its derivative must stay finite.
  const torch::Tensor mean_log = mean.clamp_min(1e-37).log();
  PyramidConsistency out;
  for (size_t s = 0; s < logits.size(); ++s) {
    out.divergence.push_back((mean * (mean_log - log_q[s])).sum(1, true));
    const torch::Tensor weight = torch::exp(-out.divergence[s]);
    out.scales.push_back(((mean - q[s]).square() * weight).mean() / (weight.mean() + 1e-8) + out.divergence[s].mean());
    out.loss = out.loss.defined() ? out.loss + out.scales[s] : out.scales[s];
  }
  out.loss = out.loss / count;
  return out;
}

}  // namespace tss
