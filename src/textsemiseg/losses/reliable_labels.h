// Pseudo labels of one decoder for another, weighted by how far they can be relied on: MLRP (docs/methods.md#mlrp).
#pragma once

#include <torch/torch.h>

namespace tss {

struct Reliability {
  torch::Tensor mask;        // [N, X, Y, Z], 1 where the teacher's entropy is below the student's
  torch::Tensor weight;      // [N, X, Y, Z], mean over classes of 1 - (s_c - p_c)^2, 0 outside the mask
  torch::Tensor prototypes;  // [N, K, C], unit vectors; zero for a class that the teacher predicts nowhere in the sample
};

// Everything without gradient. student, teacher: probabilities [N, K, X, Y, Z]; feature: the teacher's, [N, C, X, Y, Z].
// prototype of class c = mean feature of the voxels the teacher gives to c; s_c = cosine of a voxel's feature and prototype c.
Reliability reliability(const torch::Tensor& student, const torch::Tensor& teacher, const torch::Tensor& feature);

// sum(CE(student, argmax teacher) weight) / (sum(mask) + 1e-6). logits [N, K, X, Y, Z].
torch::Tensor reliable_cross_entropy(const torch::Tensor& student_logits, const torch::Tensor& teacher,
                                     const Reliability& reliable);

}  // namespace tss
