// Distances between the surfaces of two masks, as MedPy 0.5 defines them.
//
// Surface: the voxels of a mask that its erosion by the 6-neighbour cross removes; outside the array counts as outside the mask.
// Directed distance: from each surface voxel of one mask to the nearest surface voxel of the other, centre to centre, Euclidean.
// Exact: a separable distance transform inside the box of both masks, the last axis searched from the surface voxels alone.
#pragma once

#include <cstdint>
#include <vector>

#include "textsemiseg/metrics/overlap.h"
#include "textsemiseg/volume/geometry.h"

namespace tss {

// Directed distances in the unit of the spacing they were asked with, one per surface voxel.
struct SurfaceDistances {
  std::vector<double> prediction_to_reference;
  std::vector<double> reference_to_prediction;

  void scale(double factor);
};

// All of these need both surfaces to have voxels.
double hausdorff(const SurfaceDistances& d);                             // the largest of all directed distances
double hausdorff_percentile(const SurfaceDistances& d, double percent);  // of both directed sets pooled, linear interpolation
double average_surface_distance(const SurfaceDistances& d);              // one direction: prediction to reference
// Mean of both directed sets pooled, as MedPy from 0.5 on and the CHAOS challenge; MedPy 0.4 took the mean of the two means.
double average_symmetric_surface_distance(const SurfaceDistances& d);

// Surface voxels of one mask by their line (x, y) of a box: z[line_begin[i] .. line_begin[i + 1]), ascending.
struct SurfaceVoxels {
  std::vector<int32_t> line_begin;
  std::vector<int32_t> z;
};

// The surfaces of one class in two label maps; distances() may be asked for several spacings.
class SurfacePair {
 public:
  // box holds every voxel with this label in either map (count_classes gives it).
  SurfacePair(const uint8_t* prediction, const uint8_t* reference, const Size3& size, uint8_t label, const VoxelBounds& box);
  // Throws Error when one of the masks is empty.
  SurfaceDistances distances(const Vector3& spacing) const;

 private:
  Size3 size_{};  // of the box
  SurfaceVoxels prediction_, reference_;
};

}  // namespace tss
