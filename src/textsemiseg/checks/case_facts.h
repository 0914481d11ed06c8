// What is measured of one case, for looking at it and for comparing it with the others.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/checks/landmarks.h"
#include "textsemiseg/dataset/split.h"
#include "textsemiseg/io/stored_label.h"
#include "textsemiseg/volume/class_groups.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// Of the finite voxels. Percentiles are those of every n-th voxel, about a million of them.
struct ChannelFacts {
  double minimum = 0, low = 0, median = 0, high = 0, maximum = 0;  // low and high: 0.5 and 99.5 %
  double mean = 0, deviation = 0;
  int64_t non_finite = 0;                   // voxels that are NaN or infinite
  std::optional<Size3> first_non_finite{};  // of them
  uint64_t content = 0;                     // hash of the voxels; 0 when constant

  bool constant() const { return minimum == maximum; }
};
ChannelFacts measure(const Image& image);

struct ValueCount {
  double value = 0;
  int64_t voxels = 0;
};
// Every distinct value with its number of voxels, by rising value; stops at `most` distinct values.
std::vector<ValueCount> count_values(const std::vector<float>& voxels, size_t most = 1000);

// How a label fits its image as it is and mirrored along the axes; see checks/label_fit.h.
using LabelFit = std::array<double, 8>;

struct CaseFacts {
  std::string id;
  std::optional<Role> role;  // known in a prepared dataset only
  bool test = false;         // the source's own test part
  bool readable = false;     // everything below was measured
  Geometry geometry;         // of channel 0, turned to the axes nearest to RAS
  std::vector<ChannelFacts> channels;
  bool has_label = false;
  std::vector<ValueCount> labels;      // as stored
  std::vector<LabelName> label_names;  // what the file itself calls them
  std::vector<int64_t> class_voxels;   // by class; empty without label
  ClassGroups groups;                  // what the label tells apart; the lowest class of a group has its voxels
  std::string source;                  // of a dataset from several
  std::optional<LabelFit> fit;         // of the foreground as a whole; absent without label or foreground
  Sketch sketch;                       // of sketched_channel
  size_t sketched_channel = 0;         // the first that is not constant
  std::string patient;                 // patient_key(): tells patients apart, says nothing else
};

}  // namespace tss
