// A label as its file holds it: whole numbers of any size, and what the file itself calls them. Which class each is, source/label_table.h
// knows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

// "liver" is the value 2 of layer 0.
struct LabelName {
  std::string name;
  int32_t value = 0;
  size_t layer = 0;
  bool operator==(const LabelName&) const = default;
};

struct StoredLabel {
  std::vector<Volume<int32_t>> layers;  // on one grid; several where a file keeps segments apart that may overlap
  std::vector<LabelName> names;         // as the file lists them; empty where it names nothing

  const Geometry& geometry() const { return layers.front().geometry; }
};
StoredLabel single_layer(Volume<int32_t> values, std::vector<LabelName> names = {});

// Throws InputError with `subject` on what is no whole number of 32 bits.
int32_t whole_number(double value, const std::string& subject);
// The same for an array, with up to five of the values that are none. Of float also those from 2^24 on, which it does not tell apart.
Volume<int32_t> whole_numbers(const Image& image, const std::string& subject);
Volume<int32_t> whole_numbers(const Geometry& geometry, const std::vector<double>& values, const std::string& subject);

// Throws InputError with `subject` on several layers and on values outside 0..255.
LabelMap byte_labels(const StoredLabel& label, const std::string& subject);

}  // namespace tss
