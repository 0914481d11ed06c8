// The mean of several networks' planes while they go through a scan side by side: a plane is passed on as soon as every member
// has given its own, so that only planes that some member still lacks are held.
#pragma once

#include <cstdint>
#include <map>

#include "textsemiseg/inference/plane_argmax.h"

namespace tss {

class PlaneMean {
 public:
  PlaneMean(int64_t members, PlaneFunction out) : members_(members), out_(std::move(out)) {}

  // Plane x of one member, whose planes come in ascending x. A single member's planes pass as they are.
  void take(int64_t x, const torch::Tensor& plane) {
    if (members_ == 1) return out_(x, plane);
    Sum& sum = waiting_[x];
    sum.planes = sum.count++ == 0 ? plane.clone() : sum.planes.add_(plane);
    if (sum.count < members_) return;
    out_(x, sum.planes.div_(static_cast<double>(members_)));
    waiting_.erase(x);
  }
  // Planes held at the moment.
  size_t waiting() const { return waiting_.size(); }

 private:
  struct Sum {
    torch::Tensor planes;  // [K, Y, Z]
    int64_t count = 0;
  };
  int64_t members_;
  PlaneFunction out_;
  std::map<int64_t, Sum> waiting_;
};

}  // namespace tss
