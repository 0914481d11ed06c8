#include "textsemiseg/sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/class_presence.h"
#include "textsemiseg/sampling/intensity.h"
#include "textsemiseg/sampling/warp.h"

namespace tss {
namespace {

// Finds the n-th voxel of a class without keeping a list of voxels: counts per slab of axis 0.
class ForegroundIndex {
 public:
  ForegroundIndex(const uint8_t* labels, const Size3& size, int64_t classes) : labels_(labels), size_(size) {
    const int64_t slab = size[1] * size[2];
    std::vector<std::vector<int64_t>> sums(static_cast<size_t>(classes),
                                           std::vector<int64_t>(static_cast<size_t>(size[0]) + 1, 0));
    for (int64_t x = 0; x < size[0]; ++x) {
      std::array<int64_t, 256> counts{};
      for (int64_t i = 0; i < slab; ++i) ++counts[labels[x * slab + i]];
      for (size_t k = 1; k < sums.size(); ++k) sums[k][static_cast<size_t>(x) + 1] = sums[k][static_cast<size_t>(x)] + counts[k];
    }
    for (size_t k = 1; k < sums.size(); ++k) {
      if (sums[k].back() == 0) continue;
      classes_.push_back(static_cast<uint8_t>(k));
      sums_.push_back(std::move(sums[k]));
    }
  }

  bool empty() const { return classes_.empty(); }

  Size3 voxel(Random& random) const {
    const size_t k = static_cast<size_t>(random.below(static_cast<int64_t>(classes_.size())));
    const std::vector<int64_t>& sums = sums_[k];
    int64_t n = random.below(sums.back());
    const int64_t x = std::upper_bound(sums.begin(), sums.end(), n) - sums.begin() - 1;
    n -= sums[static_cast<size_t>(x)];
    const uint8_t* slab = labels_ + x * size_[1] * size_[2];
    int64_t i = 0;
    while (slab[i] != classes_[k] || n-- > 0) ++i;
    return {x, i / size_[2], i % size_[2]};
  }

 private:
  const uint8_t* labels_;
  Size3 size_;
  std::vector<uint8_t> classes_;
  std::vector<std::vector<int64_t>> sums_;  // per class: voxels in the slabs before each
};

PlaneTransform draw_transform(const SamplerOptions& options, Random& random) {
  PlaneTransform transform;
  if (options.quarter_turns) transform.turns = static_cast<int>(random.below(4));
  if (!options.flips) return transform;
  if (options.published_quirks) {
    transform.mirror[static_cast<size_t>(random.below(2))] = true;
  } else {
    transform.mirror = {random.below(2) == 1, random.below(2) == 1};
  }
  return transform;
}

}  // namespace

struct Sampler::State {
  SamplerOptions options;
  AugmentationOptions unlabelled_augmentation;
  Size3 patch{};
  uint64_t seed = 0;
  int64_t channels = 1;
  std::vector<CachedCase> labelled, unlabelled;
  std::vector<ForegroundIndex> foreground;  // one per labelled case, when asked for
  // Where labels of some labelled cases do not tell all classes apart; else empty.
  std::vector<ClassGroups> groups;    // one per labelled case
  std::vector<size_t> full, partial;  // labelled cases, by what their labels tell

  int64_t per_epoch() const {
    return std::max<int64_t>(1, static_cast<int64_t>(labelled.size()) / std::max<int64_t>(1, options.labelled));
  }
  size_t labelled_index(int64_t epoch, int64_t position) const {
    const auto n = static_cast<int64_t>(labelled.size());
    return static_cast<size_t>(
        Random(seed, Stream::kLabelledOrder, static_cast<uint64_t>(epoch)).permutation(n)[static_cast<size_t>(position % n)]);
  }
  // Patches of the stream `full` in the batches before this one: in a whole run the share, in each batch as near to it as may be.
  int64_t full_before(int64_t iteration) const {
    if (full.empty()) return 0;
    const int64_t patches = iteration * options.labelled;
    return partial.empty() ? patches : static_cast<int64_t>(std::floor(options.full_share * static_cast<double>(patches)));
  }
  size_t index_by_source(int64_t iteration, int64_t sample) const {
    const int64_t before = full_before(iteration), now = full_before(iteration + 1) - before;
    const bool from_full = sample < now;
    const std::vector<size_t>& cases = from_full ? full : partial;
    const int64_t position = from_full ? before + sample : iteration * options.labelled - before + sample - now;
    const auto n = static_cast<int64_t>(cases.size());
    const uint32_t stream = from_full ? 1 : 2;
    Random random(seed, Stream::kLabelledOrder, static_cast<uint64_t>(position / n), stream);
    return cases[static_cast<size_t>(random.permutation(n)[static_cast<size_t>(position % n)])];
  }
  // A stream that is exhausted within an epoch goes on with the next permutation.
  size_t unlabelled_index(int64_t epoch, int64_t position) const {
    const auto n = static_cast<int64_t>(unlabelled.size());
    Random random(seed, Stream::kUnlabelledOrder, static_cast<uint64_t>(epoch), static_cast<uint32_t>(position / n));
    return static_cast<size_t>(random.permutation(n)[static_cast<size_t>(position % n)]);
  }
  void sort_by_source(const Dataset& dataset);
  PatchDraw draw(int64_t iteration, int64_t sample) const;
};

void Sampler::State::sort_by_source(const Dataset& dataset) {
  for (size_t i = 0; i < labelled.size(); ++i) {
    groups.push_back(dataset.groups(labelled[i].id));
    (groups.back().tells_all_apart() ? full : partial).push_back(i);
  }
  if (partial.empty()) groups.clear();
  if (!partial.empty() && full.empty())
    log_warning(dataset.folder().string() +
                ": no labelled case tells all classes apart; patches are drawn from all of them alike (sampler.full_share has no "
                "effect)");
}

PatchDraw Sampler::State::draw(int64_t iteration, int64_t sample) const {
  const int64_t epoch = iteration / per_epoch(), step = iteration % per_epoch();
  const bool is_labelled = sample < options.labelled;
  PatchDraw draw;
  draw.index = is_labelled ? (groups.empty() ? labelled_index(epoch, step * options.labelled + sample)
                                             : index_by_source(iteration, sample))
                           : unlabelled_index(epoch, step * options.unlabelled + sample - options.labelled);
  const CachedCase& item = (is_labelled ? labelled : unlabelled)[draw.index];
  const Size3& size = item.geometry.size;
  Random augmentation(seed, Stream::kAugmentation, static_cast<uint64_t>(iteration), static_cast<uint32_t>(sample));
  draw.transform = draw_transform(options, augmentation);
  // After the mirrors and turns, which stay what they are without it.
  draw.augmentation = draw_augmentation(is_labelled ? options.augmentation : unlabelled_augmentation, channels, augmentation);
  for (const int64_t axis : options.mirrors) draw.mirrored[static_cast<size_t>(axis)] = augmentation.below(2) == 1;
  draw.crop = crop_of(draw.transform.apply(size), patch, {options.published_quirks, options.published_margin});
  if (!is_labelled && options.unlabelled_crop == "centre") {
    draw.start = centre_start(draw.crop, patch);
    return draw;
  }
  Random crop(seed, Stream::kCrop, static_cast<uint64_t>(iteration), static_cast<uint32_t>(sample));
  for (size_t a = 0; a < 3; ++a) draw.start[a] = crop.below(draw.crop.starts[a]);
  if (!is_labelled || foreground.empty() || foreground[draw.index].empty() || !crop.chance(options.foreground)) return draw;
  const Size3 voxel = foreground[draw.index].voxel(crop);
  const auto plane = draw.transform.target(voxel[0], voxel[1], size);
  const Size3 turned{plane[0], plane[1], voxel[2]};
  for (size_t a = 0; a < 3; ++a) {
    draw.start[a] = std::clamp<int64_t>(turned[a] + draw.crop.pad_low[a] - patch[a] / 2, 0, draw.crop.padded[a] - patch[a]);
  }
  return draw;
}

void SamplerOptions::check() const {
  const auto refuse = [](const char* field, const std::string& found, const char* expected) {
    throw InputError(std::string("sampler.") + field, found, expected);
  };
  if (labelled < 1) refuse("labelled", std::to_string(labelled), "at least 1");
  if (unlabelled < 0) refuse("unlabelled", std::to_string(unlabelled), "at least 0");
  if (patch.size() != 3 || std::any_of(patch.begin(), patch.end(), [](int64_t side) { return side < 1; })) {
    refuse("patch", "[" + join(patch, ", ") + "]", "three sides of at least 1 voxel");
  }
  for (const int64_t axis : mirrors)
    if (axis < 0 || axis > 2 || std::count(mirrors.begin(), mirrors.end(), axis) > 1)
      refuse("mirrors", "[" + join(mirrors, ", ") + "]", "axes 0, 1 and 2, each at most once");
  if (flips && !mirrors.empty()) refuse("mirrors", "[" + join(mirrors, ", ") + "] beside sampler.flips", "one of the two");
  if (published_margin < 0) refuse("published_margin", std::to_string(published_margin), "at least 0");
  if (unlabelled_crop != "random" && unlabelled_crop != "centre") {
    refuse("unlabelled_crop", "'" + unlabelled_crop + "'", "random or centre");
  }
  if (!(foreground >= 0 && foreground <= 1)) refuse("foreground", concat(foreground), "a share between 0 and 1");
  if (!(full_share >= 0 && full_share <= 1)) refuse("full_share", concat(full_share), "a share between 0 and 1");
  if (!(strong_probability >= 0 && strong_probability <= 1))
    refuse("strong_probability", concat(strong_probability), "a share between 0 and 1");
  if (threads < 0) refuse("threads", std::to_string(threads), "at least 0");
  if (queue < 1) refuse("queue", std::to_string(queue), "at least 1");
  augmentation.check();
}

Sampler::Sampler(const Dataset& dataset, const SamplerOptions& options, uint64_t seed) : state_(std::make_unique<State>()) {
  options.check();
  State& state = *state_;
  state.options = options;
  state.unlabelled_augmentation = options.strong_probability > 0
                                      ? with_intensity_probability(options.augmentation, options.strong_probability)
                                      : options.augmentation;
  state.patch = {options.patch[0], options.patch[1], options.patch[2]};
  state.seed = seed;
  state.channels = dataset.channels();
  const std::string split = (dataset.folder() / "split.json").string();
  if (dataset.cases(Role::kLabelled).empty()) throw InputError(split, "the labelled set is empty", "at least one labelled case");
  if (options.unlabelled > 0 && dataset.cases(Role::kUnlabelled).empty()) {
    throw InputError(split, "there is no unlabelled case", "at least one, or a method that uses none");
  }
  for (const std::string& id : dataset.cases(Role::kLabelled)) {
    state.labelled.push_back(dataset.load(id, LabelUse::kRead, Soundness::kWhenAsked));
    const CachedCase& item = state.labelled.back();
    if (!item.label)
      throw InputError(split, "labelled case '" + id + "' was prepared without a label",
                       "a label: run textsemiseg prepare again");
    if (options.foreground > 0) state.foreground.emplace_back(item.label->data<uint8_t>(), item.geometry.size, dataset.classes());
  }
  state.sort_by_source(dataset);
  const auto unseen = dataset.unseen_classes();
  const std::string warning = unseen_warning(unseen, dataset.class_names().size(), state.labelled.size());
  if (options.foreground == 1 && std::ssize(unseen) + 1 == dataset.classes())
    throw InputError("sampler.foreground", "1, but " + warning, "labelled cases that show a class, or a smaller share");
  if (!warning.empty()) log_warning(dataset.folder().string() + ": " + warning);
  if (options.unlabelled > 0) {
    for (const std::string& id : dataset.cases(Role::kUnlabelled))
      state.unlabelled.push_back(dataset.load(id, LabelUse::kLeftAlone, Soundness::kWhenAsked));
  }
  for (const auto* cases : {&state.labelled, &state.unlabelled}) {
    for (const CachedCase& item : *cases) {
      if (item.image.elements() == state.channels * item.geometry.voxels()) continue;
      throw InputError(item.source_image.string(),
                       concat("prepared with ", item.image.elements() / item.geometry.voxels(), " channels"),
                       concat(state.channels));
    }
  }
}

Sampler::~Sampler() = default;

int64_t Sampler::iterations_per_epoch() const { return state_->per_epoch(); }

std::vector<PatchDraw> Sampler::plan(int64_t iteration) const {
  std::vector<PatchDraw> draws;
  const int64_t samples = state_->options.labelled + state_->options.unlabelled;
  for (int64_t sample = 0; sample < samples; ++sample) draws.push_back(state_->draw(iteration, sample));
  return draws;
}

namespace {

// Copied voxel by voxel where nothing lies between voxels: then the patch holds the case's own values. label may be null.
void take_patch(const CachedCase& item, int64_t channels, const PatchDraw& draw, const Size3& patch, float* image,
                uint8_t* label) {
  const Size3& size = item.geometry.size;
  const int64_t voxels = patch[0] * patch[1] * patch[2];
  const bool copied = draw.augmentation.spatial.is_identity();
  const IndexMap map =
      copied ? IndexMap{} : warp_map(item.geometry, draw.transform, draw.crop, draw.start, patch, draw.augmentation.spatial);
  const auto take = [&](const auto* from, auto* to) {
    if (copied)
      copy_patch(from, size, draw.transform, draw.crop, draw.start, patch, to);
    else
      warp_patch(from, size, map, patch, to);
  };
  for (int64_t c = 0; c < channels; ++c) {
    take(item.image.data<float>() + c * item.geometry.voxels(), image + c * voxels);
    mirror_patch(draw.mirrored, patch, image + c * voxels);
  }
  if (label == nullptr) return;
  take(item.label->data<uint8_t>(), label);
  mirror_patch(draw.mirrored, patch, label);
}

}  // namespace

void Sampler::draw_into(int64_t iteration, PatchBatch& batch) const {
  const State& state = *state_;
  const SamplerOptions& options = state.options;
  const int64_t samples = options.labelled + options.unlabelled;
  const int64_t voxels = state.patch[0] * state.patch[1] * state.patch[2];
  batch.labelled = options.labelled;
  batch.unlabelled = options.unlabelled;
  batch.channels = state.channels;
  batch.patch = state.patch;
  batch.image.resize(static_cast<size_t>(samples * state.channels * voxels));
  batch.label.resize(static_cast<size_t>(options.labelled * voxels));
  batch.ids.resize(static_cast<size_t>(samples));
  batch.groups.clear();
  const int64_t one = state.channels * voxels;
  batch.weak.resize(options.weak_views ? static_cast<size_t>(options.unlabelled * one) : 0);
  std::vector<float> scratch;
  for (int64_t sample = 0; sample < samples; ++sample) {
    const PatchDraw draw = state.draw(iteration, sample);
    const bool is_labelled = sample < options.labelled;
    const CachedCase& item = (is_labelled ? state.labelled : state.unlabelled)[draw.index];
    item.require_sound();
    float* image = batch.image.data() + sample * one;
    uint8_t* label = is_labelled ? batch.label.data() + sample * voxels : nullptr;
    take_patch(item, state.channels, draw, state.patch, image, label);
    if (options.weak_views && !is_labelled) std::copy_n(image, one, batch.weak.data() + (sample - options.labelled) * one);
    for (size_t c = 0; c < draw.augmentation.channels.size(); ++c)
      apply_intensity(draw.augmentation.channels[c], state.patch, image + static_cast<int64_t>(c) * voxels, scratch);
    batch.ids[static_cast<size_t>(sample)] = item.id;
    if (is_labelled && !state.groups.empty()) batch.groups.push_back(state.groups[draw.index]);
  }
}

PatchBatch Sampler::draw(int64_t iteration) const {
  PatchBatch batch;
  draw_into(iteration, batch);
  return batch;
}

}  // namespace tss
