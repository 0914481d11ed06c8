// What the program is working on, for the one line that says that memory ran out: the error itself knows no file and no step.
#pragma once

#include <string>

namespace tss {

// Lives as long as the work: AtHand at_hand("reading scan.nii.gz"). Where an error leaves it, its words are kept; of several the innermost.
class AtHand {
 public:
  explicit AtHand(std::string what);
  ~AtHand();
  AtHand(const AtHand&) = delete;
  AtHand& operator=(const AtHand&) = delete;

 private:
  std::string what_;
  int errors_;  // in flight at the beginning
};

// Of the last error; empty where none left any work. An AtHand begun later in the same thread forgets it.
std::string left_at_hand();

}  // namespace tss
