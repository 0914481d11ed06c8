#include "golden_check/runner_list.h"
#include "golden_check/training.h"
#include "textsemiseg/methods/dtc.h"

namespace golden {

void check_train_dtc(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    tss::DtcOptions options;
    options.variant = "reference";
    tss::Dtc method(options, tss::MethodSetup{});
    method.to(check.dtype());
    set_network(network_of(method), "net_dtc", 0, "flat_two_heads");
    TrainingRun run;
    run.names = {{"net: ", "network.", "flat_two_heads"}};
    run.optimiser.schedule = "constant";
    run_steps(c, method, run, check);
  }
}

}  // namespace golden
