// DTC + text (Table 4 of Text-SemiSeg; docs/methods.md#texts-in-ua_mt-and-dtc): the two heads of DTC on a decoder with a text block.
#pragma once

#include "textsemiseg/methods/released/text_decoder.h"
#include "textsemiseg/networks/two_task_vnet.h"

namespace tss {

struct TwoTaskTextOutput {
  TwoTaskOutput tasks;
  torch::Tensor projected;  // [N, d, x, y, z]
};

class TwoTaskTextVNetImpl : public torch::nn::Module {
 public:
  // With text_block.released_parameters the decoder also holds the head of the released one that nothing reads.
  TwoTaskTextVNetImpl(const VNetOptions& options, const MultiplanarOptions& text_block);
  TwoTaskTextOutput forward(const torch::Tensor& x, const torch::Tensor& text);   // x [N, C, X, Y, Z], text [K, d]
  torch::Tensor segmentation(const torch::Tensor& x, const torch::Tensor& text);  // logits [N, K - 1, X, Y, Z]

 private:
  int64_t side_multiple_;
  VNetEncoder encoder_{nullptr};
  TextDecoder decoder_{nullptr};
  TwoTaskHeads heads_;
};
TORCH_MODULE(TwoTaskTextVNet);

}  // namespace tss
