#include "textsemiseg/networks/deep_supervision.h"

#include "textsemiseg/base/strings.h"
#include "textsemiseg/networks/blocks.h"
#include "textsemiseg/networks/run_block.h"

namespace tss {

namespace nn = torch::nn;

namespace {

// A module with one member "dsv", a sequence.
struct SupervisedLevelImpl : nn::Module {
  nn::Sequential dsv;
};
TORCH_MODULE(SupervisedLevel);

}  // namespace

DeepSupervision::DeepSupervision(nn::Module& owner, const std::vector<int64_t>& widths, int64_t classes) {
  finest_ = owner.register_module("dsv1", output_head(widths.at(0), classes));
  for (size_t i = 1; i < widths.size(); ++i) {
    const auto factor = static_cast<double>(int64_t{1} << i);
    SupervisedLevel level;
    const auto up =
        nn::UpsampleOptions().scale_factor(std::vector<double>(3, factor)).mode(torch::kTrilinear).align_corners(false);
    level->dsv = level->register_module("dsv", nn::Sequential(output_head(widths[i], classes), nn::Upsample(up)));
    owner.register_module(concat("dsv", i + 1), level);
    coarser_.push_back(level->dsv);
  }
}

std::vector<torch::Tensor> DeepSupervision::forward(const std::vector<torch::Tensor>& features) {
  std::vector<torch::Tensor> logits = {finest(features.at(0))};
  for (size_t i = 0; i < coarser_.size(); ++i)
    logits.push_back(full_precision(run_block(coarser_[i], features.at(i + 1)).contiguous()));
  return logits;
}

torch::Tensor DeepSupervision::finest(const torch::Tensor& feature) { return full_precision(run_head(*finest_, feature)); }

}  // namespace tss
