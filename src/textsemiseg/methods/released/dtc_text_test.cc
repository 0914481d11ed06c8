#include "textsemiseg/methods/released/dtc_text.h"

#include <gtest/gtest.h>

#include "support/text_guided.h"
#include "textsemiseg/methods/released/released_guidance.h"

namespace tss::dtc_text_test {

using namespace testing;

TEST(DtcTextReleased, TextsReachThePredictionInThePapersPlaceAndNotInTheReleasedOne) {
  torch::manual_seed(6);
  expect_texts_to_reach_the_papers_prediction_alone<Dtc, DtcTextReleased, DtcOptions>();
}

TEST(DtcTextReleased, AddsTheReleasedAlignmentOfTheClassMapsToTheLossOfDtc) {
  torch::manual_seed(7);
  const DtcOptions options = with_texts<DtcOptions>("reference");
  DtcTextReleased method(options, tiny_setup(3));
  method.to(torch::kFloat64);
  const Batch batch = to_double(tiny_batch(1, 1, 3, {8, 8, 8}));
  StepRecord record(90, 100);
  method.train_step(batch, record);
  const auto network = std::dynamic_pointer_cast<TwoTaskTextVNetImpl>(method.named_children()["network"]);
  const TwoTaskTextOutput out = network->forward(batch.image, method.class_texts());
  const double alone = dtc_loss(options, out.tasks, batch.label, 90, 100).total.item<double>();
  const torch::Tensor vectors = released_class_vectors(dtc_class_maps(out.tasks.logits), normalise_depth(out.projected));
  const double alignment = released_alignment(vectors, method.class_texts()).item<double>();
  EXPECT_NEAR(record.logged.at("alignment"), alignment, 1e-9);
  EXPECT_NEAR(record.logged.at("loss"), alone + alignment, 1e-9);
}

}  // namespace tss::dtc_text_test
