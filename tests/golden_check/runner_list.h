// Declarations of the runners; one file of this folder per family.
#pragma once

#include "golden_check/golden.h"
#include "textsemiseg/methods/text_semiseg_reference.h"

namespace golden {

void check_formulas(const Json& file, Checker& check);
void check_net_vnet(const Json& file, Checker& check);
void check_net_vnet_uamt(const Json& file, Checker& check);
void check_net_mcnet(const Json& file, Checker& check);
void check_net_text_semiseg(const Json& file, Checker& check);
void check_block_text(const Json& file, Checker& check);
void check_loss_dice(const Json& file, Checker& check);
void check_schedules(const Json& file, Checker& check);
void check_step_mc_net(const Json& file, Checker& check);
void check_step_text_semiseg(const Json& file, Checker& check);
// float32_deviation: of the parameters the step starts from, 0 for given network outputs.
void check_reference_step(const tss::ReferenceStep& step, const Json& expected, Checker& check, double float32_deviation);
void check_train_mc_net(const Json& file, Checker& check);
void check_train_text_semiseg(const Json& file, Checker& check);
void check_metrics(const Json& file, Checker& check);
void check_largest_component(const Json& file, Checker& check);
void check_windows(const Json& file, Checker& check);
void check_text_encoder(const Json& file, Checker& check);
void check_transforms(const Json& file, Checker& check);
void check_transforms_bcp_pancreas(const Json& file, Checker& check);

// Another file of the folder that the running one came from: a training file's weights are those of its network file.
Json read_sibling(const std::string& name);

// Dropout probability of every dropout layer below module; the golden runs used 0.
void set_dropout(torch::nn::Module& module, double p);

}  // namespace golden
