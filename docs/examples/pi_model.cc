// A method in one file: the Pi-model (Laine and Aila, Temporal Ensembling for Semi-Supervised Learning, ICLR 2017). Two passes over
// the unlabelled patches, each under its own noise and dropout, must agree. Explained line by line in docs/add_a_method.md.
#include "textsemiseg/cli/program.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/methods/method_entry.h"
#include "textsemiseg/methods/method_options.h"

namespace {

struct PiModelOptions {
  double consistency_weight = 1.0;
  double ramp_share = 0.4;  // of the run until the weight is at its full value
  double noise = 0.1;       // standard deviation, in units of the normalised image

  template <class V>
  void visit(V& v) {
    v("consistency_weight", consistency_weight);
    v("ramp_share", ramp_share);
    v("noise", noise);
  }
  void check() const {
    tss::check_weight("pi_model.consistency_weight", consistency_weight);
    tss::check_share("pi_model.ramp_share", ramp_share);
    tss::check_weight("pi_model.noise", noise);
  }
};

class PiModel : public tss::Method {
 public:
  PiModel(const PiModelOptions& options, const tss::MethodSetup& setup) : options_(options) {
    network_ = register_module("network", tss::VNet(setup.network, std::vector{tss::UpSampling::kTransposed}));
  }

  void train_step(const tss::Batch& batch, tss::Context& context) override {
    const torch::Tensor first = logits(batch.image);                // [L + U, K, X, Y, Z]
    const torch::Tensor second = logits(batch.unlabelled_image());  // [U, K, X, Y, Z]
    const torch::Tensor supervised = 0.5 * tss::cross_entropy_and_dice(first.narrow(0, 0, batch.labelled()), batch.label);
    const torch::Tensor again = first.narrow(0, batch.labelled(), second.size(0));
    const torch::Tensor consistency = (torch::softmax(again, 1) - torch::softmax(second, 1).detach()).pow(2).mean();
    const tss::Ramp ramp{.weight = options_.consistency_weight, .share = options_.ramp_share};
    const double weight = tss::ramped_weight(ramp, "paper", context.iteration(), context.iterations());
    const torch::Tensor loss = supervised + weight * consistency;
    context.log("supervised", supervised);
    context.log("consistency", consistency);
    context.log("consistency_weight", weight);
    context.log("loss", loss);
    context.minimise("all", loss);
  }

  torch::Tensor predict(const torch::Tensor& windows) override { return torch::softmax(network_->forward_one(windows, 0), 1); }

 private:
  torch::Tensor logits(const torch::Tensor& x) { return network_->forward_one(x + options_.noise * torch::randn_like(x), 0); }

  PiModelOptions options_;
  tss::VNet network_{nullptr};
};

}  // namespace

int main(int argc, char** argv) {
  tss::add_method(tss::method_entry<PiModel, PiModelOptions>("pi_model", "two noisy passes agree (Laine and Aila, ICLR 2017)",
                                                             tss::TextUse::kNever, /*uses_unlabelled=*/true,
                                                             /*defaults=*/"[optimiser]\nschedule = 'poly'"));
  return tss::run_program(argc, argv);
}
