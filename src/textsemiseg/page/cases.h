// The cases of a page: their scores, and for some of them the volumes of the viewer and still pictures.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/report/png.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// One scan with its reference and the predictions of the rows, small enough for a page: cut to the surroundings of the labels,
// coarser where that is not enough, grey values in 256 steps.
struct PageVolume {
  Volume<uint8_t> image;
  double low = 0, high = 1;  // grey values that became 0 and 255
  LabelMap reference;
  std::vector<LabelMap> predictions;  // by row; an empty volume where a row has none
  int64_t factor = 1;                 // voxels of the scan along the longest side of a voxel here, in voxels
  bool cropped = false;
};

struct PageVolumeOptions {
  int64_t most_voxels = 3'000'000;
  double margin_mm = 30;  // around the labels, where the whole scan has more voxels than that
};

// All on one grid, in any orientation: the result is on the array axes nearest to RAS. Grey values from the 0.5th to the 99.5th
// percentile. Throws InputError when the grids differ.
PageVolume page_volume(const Image& image, const LabelMap& reference, const std::vector<LabelMap>& predictions,
                       const PageVolumeOptions& options = {});

// {"size", "affine" (rows, mm, RAS), "image", "reference", "predictions"}: arrays with x fastest, compressed with gzip, base64.
Json to_json(const PageVolume& volume);

struct PageRow {
  std::string name;
  std::string shown;  // which run the pictures are of; empty where the name says it
  int colour = 0;     // series_colour index
};

struct PageMetric {
  std::string name, title, unit;
  double scale = 1;  // shown = scale * value
  int digits = 2;
  bool larger_is_better = true;
  std::vector<std::vector<std::vector<std::optional<double>>>> values;  // [column][row][case]
};

struct PageCases {
  std::string role;
  std::vector<std::string> class_names;  // background first
  std::vector<std::string> columns;      // classes, and last their mean where there are several
  std::vector<std::string> ids;
  std::vector<PageRow> rows;
  std::vector<PageMetric> metrics;
  struct Pick {
    std::string title;  // "worst case of mc_net"
    size_t index = 0;   // of ids
  };
  std::vector<Pick> picks;
  std::map<std::string, std::string> volumes;  // id -> JSON text of a PageVolume
  struct Still {
    size_t index = 0, row = 0;
    std::string caption;
    RgbImage picture;
  };
  std::vector<Still> stills;
  std::vector<std::string> notes;  // what the pictures leave out
};

// What the page's script needs, without volumes and stills.
Json to_json(const PageCases& cases);

// Three planes side by side through the busiest slices of the reference, with outlines.
RgbImage still_picture(const PageVolume& volume, size_t row, int64_t height);

}  // namespace tss
