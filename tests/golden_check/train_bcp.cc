#include "golden_check/runner_list.h"
#include "golden_check/training.h"
#include "textsemiseg/methods/bcp.h"
#include "textsemiseg/networks/bcp_vnet.h"

namespace golden {
namespace {

// Self-training from the first step on, with given boxes.
class FixedBoxes : public tss::Bcp {
 public:
  FixedBoxes(const tss::MethodSetup& setup, std::vector<tss::Sides3> corners)
      : Bcp(tss::BcpOptions{}, setup), corners_(std::move(corners)) {}
  std::vector<tss::Phase> phases() const override {
    tss::Phase phase;
    phase.name = "self_train";
    return {phase};
  }

 protected:
  tss::Sides3 draw_corner(const tss::Sides3&, const tss::Sides3&) override { return corners_.at(drawn_++); }

 private:
  std::vector<tss::Sides3> corners_;
  size_t drawn_ = 0;
};

// Weights of the released network, without its unused heads.
void set_without_heads(torch::nn::Module& network, int64_t stream_offset) {
  tss::BcpVNet released{tss::VNetOptions{}};
  released->to(torch::kFloat64);
  set_network(*released, "net_bcp_la", stream_offset, "one_decoder");
  torch::NoGradGuard no_grad;
  const auto parameters = released->named_parameters(), buffers = released->named_buffers();
  for (auto& item : network.named_parameters()) item.value().copy_(parameters[item.key()]);
  for (auto& item : network.named_buffers()) item.value().copy_(buffers[item.key()]);
}

Json without_heads(Json c) {
  for (Json& step : c.at("steps")) {
    std::vector<std::string> unused;
    for (const auto& [name, field] : step.at("parameters_after").items())
      if (name.find("contrastive") != std::string::npos) unused.push_back(name);
    for (const std::string& name : unused) step.at("parameters_after").erase(name);
  }
  return c;
}

}  // namespace

void check_train_bcp(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    tss::MethodSetup setup;
    setup.network.dropout = false;
    FixedBoxes method(setup, {{3, 9, 6}, {12, 0, 7}});
    method.to(check.dtype());
    set_without_heads(network_of(method), 0);
    set_without_heads(network_of(method, "teacher"), 65536);
    TrainingRun run;
    run.names = {{"student: ", "network.", "one_decoder"}, {"teacher: ", "teacher.", "one_decoder"}};
    run.optimiser.schedule = "constant";
    const auto side = c.at("sides").get<double>();
    run.after = [&](const Json& step, const tss::Optimisation& engine) {
      for (size_t i = 0; i < 2; ++i) {
        const double share = engine.logged().at("pseudo_share_" + std::to_string(i + 1)).item<double>();
        check.exact("pseudo voxels", std::llround(share * 2 * side * side * side), step.at("pseudo_voxels")[i],
                    check.float64() ? 0 : 3);
      }
    };
    run_steps(without_heads(c), method, run, check);
  }
}

}  // namespace golden
