// Declarations of the runners; one file of this folder per family.
#pragma once

#include "golden_check/golden.h"
#include "textsemiseg/methods/mutual_learning.h"
#include "textsemiseg/methods/released/text_semiseg.h"

namespace golden {

void check_formulas(const Json& file, Checker& check);
void check_net_vnet(const Json& file, Checker& check);
void check_net_vnet_flat(const Json& file, Checker& check);
void check_net_mcnet(const Json& file, Checker& check);
void check_net_mcnet_plus(const Json& file, Checker& check);
void check_net_bcp_la(const Json& file, Checker& check);
void check_net_bcp_pancreas(const Json& file, Checker& check);
void check_net_dtc(const Json& file, Checker& check);
void check_net_mcf_r(const Json& file, Checker& check);
void check_net_mlrp(const Json& file, Checker& check);
void check_net_unet3d(const Json& file, Checker& check);
void check_net_urpc(const Json& file, Checker& check);
void check_net_vclipseg(const Json& file, Checker& check);
void check_net_text_semiseg(const Json& file, Checker& check);
void check_net_uamt_text(const Json& file, Checker& check);
void check_net_mcnet_plus_text(const Json& file, Checker& check);
void check_net_dtc_text(const Json& file, Checker& check);
void check_block_text(const Json& file, Checker& check);
void check_loss_dice(const Json& file, Checker& check);
void check_schedules(const Json& file, Checker& check);
void check_step_mc_net(const Json& file, Checker& check);
void check_step_ua_mt(const Json& file, Checker& check);
void check_step_dtc(const Json& file, Checker& check);
void check_step_urpc(const Json& file, Checker& check);
void check_step_mcf(const Json& file, Checker& check);
void check_step_mlrp(const Json& file, Checker& check);
void check_step_vclipseg(const Json& file, Checker& check);
void check_step_bcp(const Json& file, Checker& check);
void check_step_text_semiseg(const Json& file, Checker& check);
// given: the network's outputs were given, not computed.
void check_released_step(const tss::ReleasedStep& step, const Json& expected, Checker& check, bool given);
// The terms of MC-Net's program and those that grew out of it; not "loss", which is NaN in some files.
void check_mutual_terms(const tss::MutualLoss& loss, const Json& expected, Checker& check);
void check_train_ua_mt(const Json& file, Checker& check);
void check_train_dtc(const Json& file, Checker& check);
void check_train_mc_net(const Json& file, Checker& check);
void check_train_mc_net_plus(const Json& file, Checker& check);
void check_train_mlrp(const Json& file, Checker& check);
void check_train_vclipseg(const Json& file, Checker& check);
void check_train_text_semiseg(const Json& file, Checker& check);
void check_train_urpc(const Json& file, Checker& check);
void check_train_mcf(const Json& file, Checker& check);
void check_train_bcp(const Json& file, Checker& check);
void check_step_bsnet(const Json& file, Checker& check);
void check_metrics(const Json& file, Checker& check);
void check_largest_component(const Json& file, Checker& check);
void check_windows(const Json& file, Checker& check);
void check_text_encoder(const Json& file, Checker& check);
void check_transforms(const Json& file, Checker& check);
void check_transforms_bcp_pancreas(const Json& file, Checker& check);

// The options of a method whose released arithmetic a file holds.
template <class Options>
Options released() {
  Options options;
  options.variant = "reference";
  return options;
}

// Another file of the folder that the running one came from: a training file's weights are those of its network file.
Json read_sibling(const std::string& name);

// Dropout probability of every dropout layer below module; the golden runs used 0.
void set_dropout(torch::nn::Module& module, double p);

}  // namespace golden
