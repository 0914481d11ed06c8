// MC-Net and the methods that grew out of its program.
#include "golden_check/runner_list.h"
#include "golden_check/training.h"
#include "textsemiseg/methods/mc_net.h"
#include "textsemiseg/methods/mlrp.h"
#include "textsemiseg/methods/vclip_seg.h"

namespace golden {

namespace {

TrainingRun released_run() {
  TrainingRun run;
  run.optimiser.schedule = "constant";
  return run;
}

template <class Method, class Options>
void check_cases(const Json& file, const std::string& network_file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    Method method(released<Options>(), tss::MethodSetup{});
    method.to(check.dtype());
    set_network(network_of(method), network_file);
    run_steps(c, method, released_run(), check);
  }
}

}  // namespace

void check_train_mc_net(const Json& file, Checker& check) {
  check_cases<tss::McNet, tss::McNetOptions>(file, "net_mcnet", check);
}

void check_train_mc_net_plus(const Json& file, Checker& check) {
  check_cases<tss::McNet, tss::McNetPlusOptions>(file, "net_mcnet_plus", check);
}

void check_train_mlrp(const Json& file, Checker& check) { check_cases<tss::Mlrp, tss::MlrpOptions>(file, "net_mlrp", check); }

void check_train_vclipseg(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    auto options = released<tss::VclipSegOptions>();
    options.text_scale = 1;  // the texts below have norms of their own
    tss::MethodSetup setup;
    setup.text = std::make_shared<TrainableTexts>(from_formula(read_sibling("net_vclipseg").at("text")));
    tss::VclipSeg method(options, setup);
    method.to(check.dtype());
    constexpr int64_t kStreamOffset = 3 * 65536;
    set_network(network_of(method), "net_vclipseg", kStreamOffset, "vclip_seg");
    TrainingRun run = released_run();
    run.names = {{"net: ", "network.", "vclip_seg"}};
    run.after = [&](const Json& step, const tss::Optimisation& engine) {
      int64_t aligned = 0;
      for (const int64_t positions : step.at("agreeing_positions")) aligned += positions > 0;
      check.exact("aligned classes", engine.logged().at("aligned_classes").item<int64_t>(), aligned);
    };
    run_steps(c, method, run, check);
  }
}

}  // namespace golden
