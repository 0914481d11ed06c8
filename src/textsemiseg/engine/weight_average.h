// An exponential moving average of a method's weights, for validation and prediction (train.average; docs/train.md#averaged-weights).
// The shorter a run, the more it gains: the last steps of SGD scatter around a better point (Polyak and Juditsky, 1992; Izmailov et al.,
// UAI 2018).
#pragma once

#include <cstdint>
#include <string>

#include "textsemiseg/methods/method.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss {

class WeightAverage {
 public:
  // Starts as a copy of the method's parameters and buffers. decay: 0 <= decay < 1.
  WeightAverage(const Method& method, double decay);
  // average <- a average + (1 - a) weights, a = min(1 - 1 / (t + 1), decay), t completed steps from 0; whole numbers are copied.
  void update(const Method& method, int64_t t);
  const TensorMap& state() const { return average_; }
  // Throws InputError, naming source, where a tensor is missing or has another shape.
  void load(const TensorMap& state, const std::string& source);

  // The method has the averaged weights while this lives, and its own again afterwards.
  class Use {
   public:
    Use(WeightAverage& average, Method& method) : average_(average), method_(method) { average_.exchange(method_); }
    ~Use() { average_.exchange(method_); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    WeightAverage& average_;
    Method& method_;
  };

 private:
  void exchange(Method& method);

  double decay_;
  TensorMap average_;
};

}  // namespace tss
