#include "textsemiseg/sampling/augmentation.h"

#include <cmath>
#include <string>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// A factor between 1 / (1 + strength) and 1 + strength; as likely to shrink as to grow.
double draw_factor(double strength, Random& random) { return std::exp(std::log1p(strength) * random.uniform(-1, 1)); }

bool happens(double strength, double probability, Random& random) { return strength > 0 && random.chance(probability); }

IntensityDraw draw_intensity(const AugmentationOptions& options, Random& random) {
  IntensityDraw draw;
  if (happens(options.noise, options.noise_probability, random)) {
    draw.noise = random.uniform(0, options.noise);
    draw.noise_seed = random.next64();
  }
  if (happens(options.blur, options.blur_probability, random)) draw.blur = random.uniform(options.blur / 2, options.blur);
  if (happens(options.brightness, options.brightness_probability, random))
    draw.brightness = random.uniform(-options.brightness, options.brightness);
  if (happens(options.contrast, options.contrast_probability, random)) draw.contrast = draw_factor(options.contrast, random);
  if (happens(options.low_resolution, options.low_resolution_probability, random))
    draw.low_resolution = random.uniform(1, 1 + options.low_resolution);
  if (happens(options.gamma, options.gamma_probability, random)) draw.gamma = draw_factor(options.gamma, random);
  return draw;
}

}  // namespace

void AugmentationOptions::check() const {
  const auto require = [](bool fine, const char* field, double found, const char* expected) {
    if (!fine) throw InputError(std::string("sampler.augmentation.") + field, concat("found ", found), expected);
  };
  const auto from_zero = [&](const char* field, double value, double most, const char* expected) {
    require(value >= 0 && value <= most, field, value, expected);
  };
  from_zero("rotation", rotation, 180, "degrees from 0 to 180");
  from_zero("scale", scale, 1, "0 to 1 (factors up to 2)");
  from_zero("noise", noise, 10, "0 to 10 standard deviations of the patch");
  from_zero("blur", blur, 10, "0 to 10 voxels");
  from_zero("brightness", brightness, 10, "0 to 10 standard deviations of the patch");
  from_zero("contrast", contrast, 10, "0 to 10 (factors up to 11)");
  from_zero("low_resolution", low_resolution, 15, "0 to 15 (voxels up to 16 times as long)");
  from_zero("gamma", gamma, 10, "0 to 10 (exponents up to 11)");
  const auto share = [&](const char* field, double value) { from_zero(field, value, 1, "a probability between 0 and 1"); };
  share("rotation_probability", rotation_probability);
  share("scale_probability", scale_probability);
  share("noise_probability", noise_probability);
  share("blur_probability", blur_probability);
  share("brightness_probability", brightness_probability);
  share("contrast_probability", contrast_probability);
  share("low_resolution_probability", low_resolution_probability);
  share("gamma_probability", gamma_probability);
}

AugmentationOptions with_intensity_probability(AugmentationOptions options, double probability) {
  for (double* one : {&options.noise_probability, &options.blur_probability, &options.brightness_probability,
                      &options.contrast_probability, &options.low_resolution_probability, &options.gamma_probability})
    *one = probability;
  return options;
}

AugmentationDraw draw_augmentation(const AugmentationOptions& options, int64_t channels, Random& random) {
  AugmentationDraw draw;
  if (happens(options.rotation, options.rotation_probability, random)) {
    for (double& angle : draw.spatial.angles) angle = random.uniform(-options.rotation, options.rotation);
  }
  if (happens(options.scale, options.scale_probability, random)) draw.spatial.scale = draw_factor(options.scale, random);
  bool changes = false;
  for (int64_t c = 0; c < channels; ++c) {
    draw.channels.push_back(draw_intensity(options, random));
    changes = changes || !draw.channels.back().is_identity();
  }
  if (!changes) draw.channels.clear();
  return draw;
}

}  // namespace tss
