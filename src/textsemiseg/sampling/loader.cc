#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

#include "textsemiseg/sampling/sampler.h"

namespace tss {

// Shared with the batches that are out, whose memory comes back here.
struct BatchLoader::State {
  const Sampler* sampler = nullptr;
  size_t queue = 1;

  std::mutex mutex;
  std::condition_variable changed;
  int64_t next_to_draw = 0;
  int64_t next_to_give = 0;
  bool stopping = false;
  struct Drawn {
    std::unique_ptr<PatchBatch> batch;
    std::exception_ptr error;
  };
  std::map<int64_t, Drawn> drawn;
  std::vector<std::unique_ptr<PatchBatch>> spare;
  std::vector<std::thread> threads;

  std::unique_ptr<PatchBatch> take_spare() {  // mutex held
    if (spare.empty()) return std::make_unique<PatchBatch>();
    auto batch = std::move(spare.back());
    spare.pop_back();
    return batch;
  }

  Drawn draw(int64_t iteration, std::unique_ptr<PatchBatch> batch) const {
    Drawn out;
    out.batch = std::move(batch);
    try {
      sampler->draw_into(iteration, *out.batch);
    } catch (...) {
      out.error = std::current_exception();
    }
    return out;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return stopping || next_to_draw < next_to_give + static_cast<int64_t>(queue); });
      if (stopping) return;
      const int64_t iteration = next_to_draw++;
      auto batch = take_spare();
      lock.unlock();
      Drawn done = draw(iteration, std::move(batch));
      lock.lock();
      drawn[iteration] = std::move(done);
      changed.notify_all();
    }
  }
};

BatchLoader::BatchLoader(const Sampler& sampler, int64_t first_iteration, int64_t threads, int64_t queue)
    : state_(std::make_shared<State>()) {
  state_->sampler = &sampler;
  state_->queue = static_cast<size_t>(std::max<int64_t>(queue, 1));
  state_->next_to_draw = state_->next_to_give = first_iteration;
  for (int64_t t = 0; t < threads; ++t) state_->threads.emplace_back([state = state_.get()] { state->work(); });
}

BatchLoader::~BatchLoader() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

std::shared_ptr<PatchBatch> BatchLoader::next() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  State::Drawn given;
  if (state.threads.empty()) {
    given = state.draw(state.next_to_give, state.take_spare());
  } else {
    state.changed.wait(lock, [&] { return state.drawn.contains(state.next_to_give); });
    given = std::move(state.drawn.at(state.next_to_give));
    state.drawn.erase(state.next_to_give);
  }
  ++state.next_to_give;
  lock.unlock();
  state.changed.notify_all();
  if (given.error) std::rethrow_exception(given.error);
  return {given.batch.release(), [home = state_](PatchBatch* batch) {
            std::unique_ptr<PatchBatch> back(batch);
            const std::lock_guard guard(home->mutex);
            if (home->spare.size() < home->queue + 1) home->spare.push_back(std::move(back));
          }};
}

}  // namespace tss
