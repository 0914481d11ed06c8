#include "textsemiseg/base/at_hand.h"

#include <exception>
#include <mutex>
#include <thread>

namespace tss {
namespace {

// Errors of loader threads are thrown again in the main one, so what they left is kept for the whole program.
std::mutex at_hand_mutex;
std::string left_words;
std::thread::id left_by;

}  // namespace

AtHand::AtHand(std::string what) : what_(std::move(what)), errors_(std::uncaught_exceptions()) {
  const std::lock_guard guard(at_hand_mutex);
  if (left_by == std::this_thread::get_id()) left_words.clear();
}

AtHand::~AtHand() {
  if (std::uncaught_exceptions() <= errors_) return;
  const std::lock_guard guard(at_hand_mutex);
  if (!left_words.empty()) return;
  left_words = std::move(what_);
  left_by = std::this_thread::get_id();
}

std::string left_at_hand() {
  const std::lock_guard guard(at_hand_mutex);
  return left_words;
}

}  // namespace tss
