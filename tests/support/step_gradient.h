// The gradients that a method's training step hands to the optimiser.
#pragma once

#include "support/numeric_gradient.h"
#include "support/tiny.h"

namespace tss::testing {

// Every trained parameter of a float64 method against central differences; noise is drawn anew from one seed. The step must hand
// one loss to the optimiser.
inline GradientCheck check_step_gradients(Method& method, const Batch& batch, int64_t iteration, int64_t iterations) {
  NamedTensors trained;
  for (const auto& [name, parameter] : parameters_of(method))
    if (parameter.requires_grad()) trained.emplace_back(name, parameter);
  return check_gradients(
      [&] {
        torch::manual_seed(3);
        StepRecord record(iteration, iterations);
        method.train_step(batch, record);
        TORCH_CHECK(record.minimised.size() == 1, "one loss was expected, not ", record.minimised.size());
        return record.minimised[0];
      },
      trained);
}

}  // namespace tss::testing
