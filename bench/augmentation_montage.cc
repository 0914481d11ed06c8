// Training patches as a network would see them, with their labels: a row per sample, a column per kind of augmentation at the strength
// of docs/train.md#augmentation. Not a measurement; for looking at.
//
//   augmentation_montage DATASET OUTPUT.png [PATCH SIDES]
#include <cstdlib>
#include <functional>
#include <iostream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/report/slice.h"
#include "textsemiseg/sampling/sampler.h"

namespace {

struct Column {
  const char* name;
  std::function<void(tss::AugmentationOptions&)> set;
};

const std::vector<Column>& columns() {
  static const std::vector<Column> list{
      {"none", [](auto&) {}},
      {"rotation 15", [](auto& o) { o.rotation = 15, o.rotation_probability = 1; }},
      {"scale 0.25", [](auto& o) { o.scale = 0.25, o.scale_probability = 1; }},
      {"noise 0.3", [](auto& o) { o.noise = 0.3, o.noise_probability = 1; }},
      {"blur 1", [](auto& o) { o.blur = 1, o.blur_probability = 1; }},
      {"brightness 0.3", [](auto& o) { o.brightness = 0.3, o.brightness_probability = 1; }},
      {"contrast 0.3", [](auto& o) { o.contrast = 0.3, o.contrast_probability = 1; }},
      {"low_resolution 1", [](auto& o) { o.low_resolution = 1, o.low_resolution_probability = 1; }},
      {"gamma 0.5", [](auto& o) { o.gamma = 0.5, o.gamma_probability = 1; }},
      {"all", [](auto& o) {
         for (size_t i = 1; i + 1 < columns().size(); ++i) columns()[i].set(o);
       }}};
  return list;
}

void run(int argc, char** argv) {
  if (argc != 3 && argc != 6) throw tss::UsageError("augmentation_montage DATASET OUTPUT.png [X Y Z]");
  constexpr int64_t kRows = 4, kTile = 150;
  const tss::Dataset dataset = tss::Dataset::open(argv[1]);
  tss::SamplerOptions options;
  options.labelled = 1;
  options.unlabelled = 0;
  options.foreground = 1;
  if (argc == 6) options.patch = {std::atol(argv[3]), std::atol(argv[4]), std::atol(argv[5])};
  tss::RgbImage picture(kTile * static_cast<int64_t>(columns().size()), kTile * kRows);
  for (size_t c = 0; c < columns().size(); ++c) {
    options.augmentation = {};
    columns()[c].set(options.augmentation);
    const tss::Sampler sampler(dataset, options, 1);
    for (int64_t row = 0; row < kRows; ++row) {
      const tss::PatchBatch batch = sampler.draw(row);
      tss::Geometry geometry;
      geometry.size = batch.patch;
      tss::Image image(geometry);
      tss::LabelMap label(geometry);
      image.voxels.assign(batch.image.begin(), batch.image.begin() + geometry.voxels());
      label.voxels.assign(batch.label.begin(), batch.label.begin() + geometry.voxels());
      tss::SliceOptions slice;
      slice.index = batch.patch[2] / 2;
      slice.pixels = kTile - 4;
      slice.line = 1;
      slice.low = -2;  // the same for all, so that brightness and contrast show
      slice.high = 3;
      const tss::RgbImage tile = tss::draw_slice(image, nullptr, &label, slice);
      for (int64_t y = 0; y < tile.height; ++y)
        for (int64_t x = 0; x < tile.width; ++x) picture.at(static_cast<int64_t>(c) * kTile + x, row * kTile + y) = tile.at(x, y);
    }
    std::cout << "column " << c + 1 << ": " << columns()[c].name << "\n";
  }
  tss::write_png(argv[2], picture);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc, argv);
  } catch (const tss::Error& error) {
    std::cerr << error.what() << "\n";
    return static_cast<int>(error.code());
  }
}
