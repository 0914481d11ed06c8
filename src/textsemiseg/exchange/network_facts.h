// What the shapes of a network's tensors tell about its structure: widths, depths, classes, patch. Names are ours
// (networks/published_layout.h turns published ones into them).
#pragma once

#include <functional>
#include <string>

#include "textsemiseg/modules/multiplanar_representation.h"
#include "textsemiseg/networks/vnet.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss {

struct NetworkFacts {
  VNetOptions options;
  bool has_text_block = false;
  MultiplanarOptions text_block;  // its size is that of the deepest feature
  int64_t text_dimension = 0;     // of networks with texts; 0: none

  // Training patch of a text block, in voxels.
  std::array<int64_t, 3> patch() const;
};

// Reads tensors by name and says which one is missing or has an impossible shape.
class TensorShapes {
 public:
  // shown: the name by which a message calls a tensor.
  TensorShapes(const TensorMap& tensors, std::string source, std::function<std::string(const std::string&)> shown)
      : tensors_(tensors), source_(std::move(source)), shown_(std::move(shown)) {}

  bool has(const std::string& name) const { return tensors_.contains(name); }
  // Size of a tensor along an axis. Throws InputError: no such tensor, or fewer axes.
  int64_t size(const std::string& name, int64_t axis) const;
  int64_t axes(const std::string& name) const;
  [[noreturn]] void fail(const std::string& name, const std::string& found, const std::string& expected) const;

 private:
  const TensorMap& tensors_;
  std::string source_;
  std::function<std::string(const std::string&)> shown_;
};

// Encoder of VNetEncoder ("encoder."), head of "decoder1." or, in its place, `head`.
NetworkFacts facts_of_vnet(const TensorShapes& shapes, const std::string& head = "decoder1.out_conv.weight");
// The same with the text block of "decoder1.attn_x5.".
NetworkFacts facts_of_text_vnet(const TensorShapes& shapes, const std::string& head = "decoder1.out_conv.weight");
// Two heads of K - 1 channels.
NetworkFacts facts_of_two_tasks(const TensorShapes& shapes);
NetworkFacts facts_of_two_tasks_text(const TensorShapes& shapes);
NetworkFacts facts_of_voxel_prompt(const TensorShapes& shapes);
NetworkFacts facts_of_residual(const TensorShapes& shapes);
NetworkFacts facts_of_unet(const TensorShapes& shapes);

}  // namespace tss
