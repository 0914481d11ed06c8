#include "golden_check/runner_list.h"
#include "golden_check/training.h"
#include "textsemiseg/methods/mcf.h"

namespace golden {

void check_train_mcf(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    tss::McfOptions options;
    options.variant = "reference";
    tss::Mcf method(options, tss::MethodSetup{});
    method.to(check.dtype());
    set_network(network_of(method, "v"), "net_mcf_v", 0, "flat");
    set_network(network_of(method, "r"), "net_mcf_r", 0, "flat");
    TrainingRun run;
    run.names = {{"V: ", "v.", "flat"}, {"R: ", "r.", "flat"}};
    run.optimiser.schedule = "constant";
    run.after = [&](const Json& step, const tss::Optimisation& engine) {
      const bool v = engine.logged().at("v_is_better").item<double>() == 1;
      check.equal("good net", (v ? "V" : "R") == step.at("good_net").get<std::string>());
    };
    run_steps(c, method, run, check);
  }
}

}  // namespace golden
