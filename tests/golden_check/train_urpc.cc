#include "golden_check/runner_list.h"
#include "golden_check/training.h"
#include "textsemiseg/methods/urpc.h"

namespace golden {

void check_train_urpc(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    tss::UrpcOptions options;
    options.variant = "reference";
    options.backbone = "unet3d";
    tss::Urpc method(options, tss::MethodSetup{});
    method.to(check.dtype());
    set_network(network_of(method), "net_urpc");
    TrainingRun run;
    run.optimiser.schedule = "constant";
    run_steps(c, method, run, check);
  }
}

}  // namespace golden
