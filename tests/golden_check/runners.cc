// The one list of case files that can be run; every other file name is pending.
#include "golden_check/golden.h"
#include "golden_check/runner_list.h"

namespace golden {

const std::map<std::string, Runner>& runners() {
  static const std::map<std::string, Runner> table = {
      // clang-format off
      {"formulas", check_formulas},
      {"net_vnet", check_net_vnet},
      {"net_vnet_uamt", check_net_vnet_flat},
      {"net_mcf_v", check_net_vnet_flat},
      {"net_mcf_r", check_net_mcf_r},
      {"net_mcnet", check_net_mcnet},
      {"net_mcnet_plus", check_net_mcnet_plus},
      {"net_bcp_la", check_net_bcp_la},
      {"net_bcp_pancreas", check_net_bcp_pancreas},
      {"net_dtc", check_net_dtc},
      {"net_mlrp", check_net_mlrp},
      {"net_unet3d", check_net_unet3d},
      {"net_urpc", check_net_urpc},
      {"net_vclipseg", check_net_vclipseg},
      {"net_uamt_text", check_net_uamt_text},
      {"net_mcnet_plus_text", check_net_mcnet_plus_text},
      {"net_dtc_text", check_net_dtc_text},
      {"net_text_semiseg", check_net_text_semiseg},
      {"net_text_semiseg_96", check_net_text_semiseg},
      {"net_text_semiseg_112", check_net_text_semiseg},
      {"net_text_semiseg_tokens", check_net_text_semiseg},
      {"block_text", check_block_text},
      {"loss_dice", check_loss_dice},
      {"schedules", check_schedules},
      {"step_mc_net", check_step_mc_net},
      {"step_ua_mt", check_step_ua_mt},
      {"step_dtc", check_step_dtc},
      {"step_urpc", check_step_urpc},
      {"step_mcf", check_step_mcf},
      {"step_mlrp", check_step_mlrp},
      {"step_vclipseg", check_step_vclipseg},
      {"step_bcp", check_step_bcp},
      {"step_bsnet", check_step_bsnet},
      {"step_text_semiseg", check_step_text_semiseg},
      {"train_ua_mt", check_train_ua_mt},
      {"train_dtc", check_train_dtc},
      {"train_mc_net", check_train_mc_net},
      {"train_mc_net_plus", check_train_mc_net_plus},
      {"train_mlrp", check_train_mlrp},
      {"train_vclipseg", check_train_vclipseg},
      {"train_urpc", check_train_urpc},
      {"train_mcf", check_train_mcf},
      {"train_bcp_la", check_train_bcp},
      {"train_text_semiseg", check_train_text_semiseg},
      {"metrics", check_metrics},
      {"largest_component", check_largest_component},
      {"transforms", check_transforms},
      {"transforms_bcp_pancreas", check_transforms_bcp_pancreas},
      {"windows_argmax", check_windows},
      {"windows_foreground", check_windows},
      {"windows_sigmoid", check_windows},
      {"text_encoder", check_text_encoder},
      // clang-format on
  };
  return table;
}

}  // namespace golden
