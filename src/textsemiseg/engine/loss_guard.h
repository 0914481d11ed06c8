// Which losses a step is taken on: finite ones, and with train.loss_spike those that are no spike. A function of the losses alone, so that a
// run that is repeated or resumed decides the same.
#pragma once

#include <string>

#include "textsemiseg/base/config.h"

namespace tss {

class LossGuard {
 public:
  // spike: how many times its running mean a loss may be; 0: any.
  explicit LossGuard(double spike = 0) : spike_(spike) {}

  // name: which of the losses of a step; each has a mean of its own, over about the last 50 that were accepted. Empty: the loss is good;
  // else what is wrong with it: "is NaN", "is 31.2, 12 times its mean".
  std::string objection(const std::string& name, double loss);

  // The means, for a checkpoint.
  Json state() const { return means_; }
  void load(const Json& state) { means_ = state; }

 private:
  double spike_;
  Json means_ = Json::object();  // name: [mean, accepted]
};

}  // namespace tss
