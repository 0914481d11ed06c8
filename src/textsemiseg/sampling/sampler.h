// Two-stream batches (labelled first) as a pure function of seed and iteration, and a loader that draws them ahead on threads.
//
// An epoch is one pass over a fresh permutation of the labelled cases in chunks of `labelled`, an incomplete last chunk being
// dropped; with fewer labelled cases than `labelled` the permutation is repeated. The unlabelled stream starts anew at each epoch
// from a permutation of its own (methods: shared training plumbing).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/sampling/augmentation.h"
#include "textsemiseg/sampling/patch.h"

namespace tss {

struct SamplerOptions {
  int64_t labelled = 2;  // samples per batch
  int64_t unlabelled = 2;
  std::vector<int64_t> patch = {96, 96, 96};  // voxels
  bool flips = false;                         // mirror axes 0 and 1, each with probability 1/2
  bool quarter_turns = false;                 // 0 to 3 quarter turns in the plane of axes 0 and 1, equally likely
  bool published_quirks = false;  // padding by more, exclusive start range, and with flips exactly one axis always mirrored
  int64_t published_margin = 3;   // with them: the voxels padded beyond the patch; BCP's pancreas loader has 1
  std::string unlabelled_crop = "random";  // random | centre (BCP on the pancreas): where unlabelled patches lie
  double foreground = 0.0;           // share of labelled patches centred on a foreground voxel (classes drawn equally often)
  int64_t threads = 1;               // background threads
  int64_t queue = 4;                 // batches drawn ahead
  AugmentationOptions augmentation;  // small rotations and scales, intensities; all off

  template <class V>
  void visit(V& v) {
    v("labelled", labelled);
    v("unlabelled", unlabelled);
    v("patch", patch);
    v("flips", flips);
    v("quarter_turns", quarter_turns);
    v("published_quirks", published_quirks);
    v("published_margin", published_margin);
    v("unlabelled_crop", unlabelled_crop);
    v("foreground", foreground);
    v("threads", threads);
    v("queue", queue);
    v("augmentation", augmentation);
  }
  void check() const;  // throws InputError naming the field
};

struct PatchBatch {
  int64_t labelled = 0, unlabelled = 0, channels = 1;
  Size3 patch{};
  std::vector<float> image;      // [labelled + unlabelled, C, X, Y, Z]
  std::vector<uint8_t> label;    // [labelled, X, Y, Z]
  std::vector<std::string> ids;  // one per sample
};

// Where one sample of a batch comes from.
struct PatchDraw {
  size_t index = 0;  // in the list of labelled or unlabelled cases
  PlaneTransform transform;
  PatchCrop crop;  // of the transformed case
  Size3 start{};   // in the transformed and padded case
  AugmentationDraw augmentation;
};

class Sampler {
 public:
  // Throws InputError when there is no labelled case, or unlabelled > 0 and no unlabelled case.
  Sampler(const Dataset& dataset, const SamplerOptions& options, uint64_t seed);
  ~Sampler();
  // The batch of one iteration; independent of every other call and safe from several threads.
  PatchBatch draw(int64_t iteration) const;
  // The same into a batch whose memory is used again.
  void draw_into(int64_t iteration, PatchBatch& batch) const;
  // What draw() will take and do, sample by sample.
  std::vector<PatchDraw> plan(int64_t iteration) const;
  int64_t iterations_per_epoch() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Draws iterations first, first + 1, ... ahead on background threads, in order, through a bounded queue. An error in a
// thread is rethrown by next() at its iteration. The sampler must outlive the loader. threads = 0: drawn when asked for.
class BatchLoader {
 public:
  BatchLoader(const Sampler& sampler, int64_t first_iteration, int64_t threads, int64_t queue);
  ~BatchLoader();
  // The memory of a batch goes back to the loader when the last pointer to it is dropped.
  std::shared_ptr<PatchBatch> next();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tss
