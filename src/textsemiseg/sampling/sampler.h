// Two-stream batches (labelled first) as a pure function of seed and iteration, and a loader that draws them ahead on threads.
//
// An epoch is one pass over a fresh permutation of the labelled cases in chunks of `labelled`, an incomplete last chunk being
// dropped; with fewer labelled cases than `labelled` the permutation is repeated. The unlabelled stream starts anew at each epoch
// from a permutation of its own (methods: shared training plumbing).
//
// Where labels of some labelled cases do not tell all classes apart, the labelled patches come from two streams: full_share of them from the
// cases whose labels do, first in the batch, the others from the rest; each stream passes over permutations of its own cases.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/sampling/augmentation.h"
#include "textsemiseg/sampling/patch.h"
#include "textsemiseg/volume/class_groups.h"

namespace tss {

struct SamplerOptions {
  int64_t labelled = 2;
  int64_t unlabelled = 2;
  std::vector<int64_t> patch = {96, 96, 96};
  bool flips = false;
  std::vector<int64_t> mirrors;
  bool quarter_turns = false;
  bool published_quirks = false;
  int64_t published_margin = 3;
  std::string unlabelled_crop = "random";
  double foreground = 0.0;
  double full_share = 0.5;
  int64_t threads = 1;
  int64_t queue = 4;
  AugmentationOptions augmentation;  // small rotations and scales, intensities; all off
  double strong_probability = 0;
  bool weak_views = false;

  template <class V>
  void visit(V& v) {
    v("labelled", labelled, "labelled patches of a batch, at least 1");
    v("unlabelled", unlabelled, "unlabelled patches of a batch, 0 or more");
    v("patch", patch, "sides of a patch, voxels");
    v("flips", flips, "true or false: mirror the first two axes, each with probability 1/2");
    v("mirrors", mirrors,
      "axes along which patches are mirrored, each with probability 1/2: 0 left-right, 1 back-front, 2 bottom-top");
    v("quarter_turns", quarter_turns, "true or false: 0 to 3 quarter turns in the plane of the first two axes");
    v("published_quirks", published_quirks, "true or false: the released loaders' padding, exclusive start range and mirrors");
    v("published_margin", published_margin, "with published_quirks: voxels padded beyond the patch; 1 in BCP's pancreas loader");
    v("unlabelled_crop", unlabelled_crop, "random or centre (BCP on the pancreas): where unlabelled patches lie");
    v("foreground", foreground, "share of labelled patches centred on a foreground voxel, 0 to 1 (classes drawn equally often)");
    v("full_share", full_share,
      "where labels of some sources do not tell all classes apart: share of labelled patches from those that do, 0 to 1");
    v("threads", threads, "that draw batches beside the training, 0 or more; 0: drawn when asked for");
    v("queue", queue, "batches drawn ahead, at least 1");
    v("augmentation", augmentation);
    v("strong_probability", strong_probability,
      "of each change of intensities that is on, for unlabelled samples; 0: as for labelled ones");
    v("weak_views", weak_views, "true or false: keep the unlabelled samples as they were before their intensities changed");
  }
  void check() const;  // throws InputError naming the field
};

struct PatchBatch {
  int64_t labelled = 0, unlabelled = 0, channels = 1;
  Size3 patch{};
  std::vector<float> image;         // [labelled + unlabelled, C, X, Y, Z]
  std::vector<uint8_t> label;       // [labelled, X, Y, Z]
  std::vector<float> weak;          // [unlabelled, C, X, Y, Z] with weak_views, else empty
  std::vector<std::string> ids;     // one per sample
  std::vector<ClassGroups> groups;  // one per labelled sample; empty where all labels of the split tell all classes apart
};

// Where one sample of a batch comes from.
struct PatchDraw {
  size_t index = 0;  // in the list of labelled or unlabelled cases
  PlaneTransform transform;
  PatchCrop crop;  // of the transformed case
  Size3 start{};   // in the transformed and padded case
  AugmentationDraw augmentation;
  std::array<bool, 3> mirrored{};  // the patch itself, after everything else that moves voxels
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
