// Changes of training patches beside the published mirrors and quarter turns: small rotations and scales, and intensities. All off by
// default. What is done to a patch is drawn first (AugmentationDraw), from the generator keyed by seed, iteration and sample, and
// applied afterwards, so that it can be looked at, repeated, and does not depend on threads.
//
// Each operation has a strength, 0 being off, and a probability with which a sample (intensities: each of its channels) gets it. The
// probabilities are those of nnU-Net (Isensee et al., Nature Methods 2021, supplementary note 4); docs/train.md#augmentation has its strengths.
#pragma once

#include <cstdint>
#include <vector>

#include "textsemiseg/base/random.h"
#include "textsemiseg/volume/geometry.h"

namespace tss {

struct AugmentationOptions {
  double rotation = 0;
  double rotation_probability = 0.2;
  double scale = 0;
  double scale_probability = 0.2;
  double noise = 0;
  double noise_probability = 0.1;
  double blur = 0;
  double blur_probability = 0.2;
  double brightness = 0;
  double brightness_probability = 0.15;
  double contrast = 0;
  double contrast_probability = 0.15;
  double low_resolution = 0;
  double low_resolution_probability = 0.25;
  double gamma = 0;
  double gamma_probability = 0.3;

  template <class V>
  void visit(V& v) {
    v("rotation", rotation, "largest angle about each axis, degrees, 0 to 180; 0: off");
    v("rotation_probability", rotation_probability, "of a rotation, 0 to 1");
    v("scale", scale, "0.25: larger or smaller by a factor of up to 1.25; 0: off");
    v("scale_probability", scale_probability, "of a scale, 0 to 1");
    v("noise", noise, "Gaussian noise, standard deviation up to this share of the patch's; 0: off");
    v("noise_probability", noise_probability, "of noise, 0 to 1");
    v("blur", blur, "Gaussian blur, standard deviation between half of this and this, voxels; 0: off");
    v("blur_probability", blur_probability, "of a blur, 0 to 1");
    v("brightness", brightness, "shift by up to this share of the patch's standard deviation; 0: off");
    v("brightness_probability", brightness_probability, "of a shift, 0 to 1");
    v("contrast", contrast, "0.25: distances from the patch's mean change by a factor of up to 1.25; 0: off");
    v("contrast_probability", contrast_probability, "of another contrast, 0 to 1");
    v("low_resolution", low_resolution, "1: as if voxels were up to twice (1 + 1) as long; 0: off");
    v("low_resolution_probability", low_resolution_probability, "of a lower resolution, 0 to 1");
    v("gamma", gamma, "0.5: exponent between 1/1.5 and 1.5 on the patch's range; 0: off");
    v("gamma_probability", gamma_probability, "of a gamma, 0 to 1");
  }
  void check() const;  // throws InputError naming the field, as part of "sampler.augmentation"
};

// Rotation about the centre of the patch, in millimetres, and one factor for all axes.
struct SpatialDraw {
  Vector3 angles{0, 0, 0};  // degrees about the array axes 0, 1, 2, in this order; axis 2: axis 0 towards axis 1, and so on
  double scale = 1;         // above 1: things look larger

  bool operator==(const SpatialDraw&) const = default;
  bool is_identity() const { return *this == SpatialDraw{}; }
};

// Of one channel; applied in this order (sampling/intensity.h).
struct IntensityDraw {
  double noise = 0;           // standard deviations of the patch
  uint64_t noise_seed = 0;    // only where there is noise
  double blur = 0;            // voxels
  double brightness = 0;      // standard deviations of the patch
  double contrast = 1;        // factor
  double low_resolution = 1;  // factor on the length of a voxel
  double gamma = 1;           // exponent

  bool operator==(const IntensityDraw&) const = default;
  bool is_identity() const { return *this == IntensityDraw{}; }
};

struct AugmentationDraw {
  SpatialDraw spatial;
  std::vector<IntensityDraw> channels;  // empty: all of them the identity
};

// The same with every change of intensities that is on at this probability.
AugmentationOptions with_intensity_probability(AugmentationOptions options, double probability);

// The generator is not touched where everything is off.
AugmentationDraw draw_augmentation(const AugmentationOptions& options, int64_t channels, Random& random);

}  // namespace tss
