// What tests of the methods that take texts as an option share (ua_mt, dtc).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "support/naive_equations.h"
#include "support/tiny.h"
#include "textsemiseg/modules/text_guidance.h"

namespace tss::testing {

// A small text block without dropout.
template <class Options>
Options with_texts(const std::string& variant) {
  Options options;
  options.variant = variant;
  options.text = true;
  options.tmr.dropout = 0;
  if (variant == "paper") {
    options.tmr.dimension = 16;
    options.tmr.heads = 2;
  }
  return options;
}

// The first parts of the names of a method's parameters, e.g. "network.tmr".
inline std::set<std::string> parts_of(const Method& method) {
  std::set<std::string> out;
  for (const auto& parameter : method.named_parameters()) {
    const std::string& name = parameter.key();
    out.insert(name.substr(0, name.find('.', name.find('.') + 1)));
  }
  return out;
}

// Features behind the encoder and the TMR of the network "network" of a method, put together from its parts.
inline Skips enhanced_skips(Method& method, VNetEncoder encoder, const torch::Tensor& image, int64_t block) {
  const auto network = method.named_children()["network"];
  const auto tmr = std::dynamic_pointer_cast<MultiplanarRepresentationImpl>(network->named_children()["tmr"]);
  Skips skips = encoder->forward(pad_to_multiple(image, block));
  skips.back() = tmr->forward(skips.back(), method.class_texts());
  return skips;
}

// Eq. 4 for the network "network" of a method by loops, from the class maps it predicts in training mode. Sum over classes and
// channels, as written.
inline double naive_alignment_of(Method& method, VNetEncoder encoder, const torch::Tensor& image, const torch::Tensor& maps,
                                 int64_t block) {
  const auto network = method.named_children()["network"];
  const auto projection = std::dynamic_pointer_cast<torch::nn::Conv3dImpl>(network->named_children()["projection"]);
  const torch::Tensor projected = projection->forward(encoder->forward(pad_to_multiple(image, block)).back());
  return naive_alignment(naive_class_vectors(projected, maps.detach(), block), method.class_texts());
}

// Largest change of the probabilities when other texts of the same shape are set.
inline double change_by_other_texts(Method& method, const torch::Tensor& x) {
  torch::NoGradGuard no_grad;
  const torch::Tensor own = method.predict(x), text = method.class_texts();
  method.set_class_texts(torch::randn_like(text) * 10);
  return largest_difference(method.predict(x), own);
}

// Texts change the prediction in the paper's place of TMR and leave it as it is in the released one, which has CSA all the same.
template <class Paper, class Released, class Options>
void expect_texts_to_reach_the_papers_prediction_alone() {
  Paper paper(with_texts<Options>("paper"), tiny_setup(3));
  Released released(with_texts<Options>("reference"), tiny_setup(3));
  const torch::Tensor x = torch::randn({1, 1, 8, 8, 8});
  EXPECT_GT(change_by_other_texts(paper, x), 1e-7);
  EXPECT_EQ(change_by_other_texts(released, x), 0);
  EXPECT_FALSE(paper.fixed_window());
  EXPECT_TRUE(released.fixed_window());
  StepRecord record(0, 100);
  released.train_step(tiny_batch(1, 1, 3, {8, 8, 8}), record);
  EXPECT_GT(record.logged.at("alignment"), 0);
}

}  // namespace tss::testing
