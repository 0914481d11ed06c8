#include "textsemiseg/base/at_hand.h"

#include <gtest/gtest.h>

#include <exception>
#include <new>
#include <thread>

namespace tss::at_hand_test {

void fail_reading() {
  const AtHand reading("reading b.nii");
  throw std::bad_alloc();
}

TEST(AtHand, TheInnermostWorkThatAnErrorLeftIsKept) {
  try {
    const AtHand preparing("preparing");
    {
      const AtHand done("reading a.nii");
    }
    fail_reading();
  } catch (const std::bad_alloc&) {
  }
  EXPECT_EQ(left_at_hand(), "reading b.nii");
  {
    const AtHand next("training");
  }
  EXPECT_EQ(left_at_hand(), "") << "the error was dealt with";
}

TEST(AtHand, AnErrorOfAnotherThreadIsKeptThroughTheWorkOfThisOne) {
  std::exception_ptr error;
  std::thread([&] {
    try {
      fail_reading();
    } catch (...) {
      error = std::current_exception();
    }
  }).join();
  try {
    const AtHand step("step 3");
    std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
  }
  EXPECT_EQ(left_at_hand(), "reading b.nii");
}

}  // namespace tss::at_hand_test
