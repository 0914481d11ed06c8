#include "textsemiseg/methods/released/ua_mt_text.h"

#include <gtest/gtest.h>

#include "support/text_guided.h"
#include "textsemiseg/methods/released/released_guidance.h"

namespace tss::ua_mt_text_test {

using namespace testing;

TEST(UaMtTextReleased, TextsReachThePredictionInThePapersPlaceAndNotInTheReleasedOne) {
  torch::manual_seed(7);
  expect_texts_to_reach_the_papers_prediction_alone<UaMt, UaMtTextReleased, UaMtOptions>();
}

TEST(UaMtTextReleased, AddsTheReleasedAlignmentOfTheStudentToTheLossOfUaMt) {
  torch::manual_seed(8);
  UaMtTextReleased method(with_texts<UaMtOptions>("reference"), tiny_setup(3));
  method.to(torch::kFloat64);
  const Batch batch = to_double(tiny_batch(2, 0, 3, {8, 8, 8}));
  StepRecord record(0, 100);
  method.train_step(batch, record);
  const auto student = std::dynamic_pointer_cast<TextVNetImpl>(method.named_children()["network"]);
  const TextVNetOutput out = student->forward(batch.image, method.class_texts());
  const torch::Tensor vectors = released_class_vectors(torch::sigmoid(out.logits[0]), normalise_depth(out.features[0]));
  const double alignment = released_alignment(vectors, method.class_texts()).item<double>();
  EXPECT_NEAR(record.logged.at("alignment"), alignment, 1e-9);
  EXPECT_NEAR(record.logged.at("loss"), record.logged.at("supervised") + alignment, 1e-9);
}

TEST(UaMtTextReleased, TheTeacherStartsAsACopyAndFollowsTheStudent) {
  torch::manual_seed(9);
  UaMtTextReleased method(with_texts<UaMtOptions>("reference"), tiny_setup(2));
  const torch::Tensor student = method.named_parameters()["network.decoder1.out_conv.weight"],
                      teacher = method.named_parameters()["teacher.decoder1.out_conv.weight"];
  EXPECT_TRUE(torch::equal(student, teacher));
  EXPECT_FALSE(teacher.requires_grad());
  {
    torch::NoGradGuard no_grad;
    student.add_(1);
  }
  const torch::Tensor before = teacher.clone();
  method.after_step(1);
  EXPECT_LT(largest_difference(teacher, before + 0.5), 1e-6);
}

}  // namespace tss::ua_mt_text_test
