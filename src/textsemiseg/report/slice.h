// One slice of a scan as a picture, with the outlines of label maps.
#pragma once

#include <cstdint>
#include <utility>

#include "textsemiseg/report/png.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

struct SliceOptions {
  int axis = 2;              // array axis across the slice: 0 sagittal, 1 coronal, 2 axial for volumes in RAS order
  int64_t index = -1;        // along that axis; -1: the slice that shows most of the labels, the middle one without labels
  double low = 0, high = 0;  // grey window; low >= high: from the 1st to the 99th percentile of the volume
  int64_t pixels = 360;      // longer side of the picture
  int64_t height = 0;        // above 0: the height of the picture instead
  int64_t line = 2;          // thickness of the outlines, pixels
};

// Grey values at two shares of the volume (by a sample of it), a little apart even where all are equal.
std::pair<double, double> grey_window(const Image& image, double low_share, double high_share);

// The slice across `axis` with the most classes, and among those with the most foreground; the middle one when there is none.
int64_t busiest_slice(const LabelMap& labels, int axis);

// Axial slices show the front up and the patient's right on the left (the radiologists' way), sagittal and coronal ones the
// head up; RAS order is assumed. Sides are in proportion to millimetres. The prediction's outlines are solid in the class
// colour, the reference's dashed in a lighter tone of it; either may be null. Throws InputError when sizes or index differ.
RgbImage draw_slice(const Image& image, const LabelMap* reference, const LabelMap* prediction, const SliceOptions& options = {});

}  // namespace tss
