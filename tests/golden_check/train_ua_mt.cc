#include <cmath>

#include "golden_check/runner_list.h"
#include "golden_check/training.h"
#include "textsemiseg/methods/ua_mt.h"

namespace golden {

void check_train_ua_mt(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    tss::UaMtOptions options;  // yulequan/UA-MT on the left atrium
    options.variant = "reference";
    options.dice = "foreground";
    options.ramp_epochs = 40;
    // Normal numbers by formula: their streams are counted over both steps.
    tss::DropoutOptions dropout;
    int64_t draws = 0;
    const int64_t first_stream = c.at("volume_seeds")[0].get<int64_t>() + 500;
    dropout.draw = [&](const torch::Tensor& x) { return noise(first_stream + draws++, x.sizes().vec(), 3).to(x.scalar_type()); };
    tss::UaMt method(options, tss::MethodSetup{}, dropout);
    method.to(check.dtype());
    set_network(network_of(method), "net_vnet_uamt", 0, "flat");
    set_network(network_of(method, "teacher"), "net_vnet_uamt", 65536, "flat");
    TrainingRun run;
    run.names = {{"student: ", "network.", "flat"}, {"teacher: ", "teacher.", "flat"}};
    run.logged = {{"supervised", "supervised_loss"}};
    run.optimiser.schedule = "constant";
    run.iterations = 6000;
    const double voxels = c.at("batch").get<double>() / 2 * std::pow(c.at("sides").get<double>(), 3);
    run.after = [&](const Json& step, const tss::Optimisation& engine) {
      const double share = engine.logged().at("certain_share").item<double>();
      // Entropies next to the threshold fall on either side of it in single precision.
      check.exact("mask count", std::llround(share * voxels), step.at("mask_count"), check.float64() ? 0 : 20);
    };
    run_steps(c, method, run, check);
  }
}

}  // namespace golden
