// Two-stream batches (labelled first) as a pure function of seed and iteration, and a loader that draws them ahead on threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/data/dataset.h"

namespace tss {

struct SamplerOptions {
  int64_t labelled = 2;    // samples per batch
  int64_t unlabelled = 2;
  std::vector<int64_t> patch = {96, 96, 96};  // voxels
  bool flips = false;         // random mirror of axes 0 and 1
  bool quarter_turns = false; // random quarter turns in the plane of axes 0 and 1
  bool published_quirks = false;  // methods.md section 2: padding by +3, exclusive start range, the flip always applied
  double foreground = 0.0;    // share of labelled patches centred on a foreground voxel
  int64_t threads = 1;        // background threads
  int64_t queue = 4;          // batches drawn ahead

  template <class V>
  void visit(V& v) {
    v("labelled", labelled);
    v("unlabelled", unlabelled);
    v("patch", patch);
    v("flips", flips);
    v("quarter_turns", quarter_turns);
    v("published_quirks", published_quirks);
    v("foreground", foreground);
    v("threads", threads);
    v("queue", queue);
  }
  void check() const;
};

struct PatchBatch {
  int64_t labelled = 0, unlabelled = 0, channels = 1;
  Size3 patch{};
  std::vector<float> image;         // [labelled + unlabelled, C, X, Y, Z]
  std::vector<uint8_t> label;       // [labelled, X, Y, Z]
  std::vector<std::string> ids;     // one per sample
};

class Sampler {
 public:
  // Throws InputError when there is no labelled case, or unlabelled > 0 and no unlabelled case.
  Sampler(const Dataset& dataset, const SamplerOptions& options, uint64_t seed);
  ~Sampler();
  // The batch of one iteration; independent of every other call and safe from several threads.
  PatchBatch draw(int64_t iteration) const;
  int64_t iterations_per_epoch() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Draws iterations first, first + 1, ... ahead on background threads, in order, through a bounded queue. The first error of a
// thread is rethrown by next(), with the case's name.
class BatchLoader {
 public:
  BatchLoader(const Sampler& sampler, int64_t first_iteration, int64_t threads, int64_t queue);
  ~BatchLoader();
  std::shared_ptr<PatchBatch> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tss
