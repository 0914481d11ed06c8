#include "textsemiseg/exchange/network_facts.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr int64_t kMostBlocks = 13;  // that block_name() can count
constexpr int64_t kMostWidth = 1 << 16;
constexpr int64_t kMostClasses = 256;  // label maps have one byte per voxel
constexpr int64_t kHeadNumbers = 64;   // per head of the text attention, as released

std::string convolution(const std::string& block, int64_t number) { return concat(block, ".conv.", number, ".weight"); }

int64_t width_of(const TensorShapes& shapes, const std::string& name) {
  const int64_t width = shapes.size(name, 0);
  if (width < 1 || width > kMostWidth) shapes.fail(name, concat("has ", width, " channels"), concat("1 to ", kMostWidth));
  return width;
}

int64_t classes_of(const TensorShapes& shapes, const std::string& name) {
  const int64_t classes = shapes.size(name, 0);
  if (classes < 1 || classes > kMostClasses)
    shapes.fail(name, concat("has ", classes, " channels"), concat("1 to ", kMostClasses, " classes"));
  return classes;
}

// A network grows with the square of its widths: a file that claims a width must hold a tensor of that square.
void require_square(const TensorShapes& shapes, const std::string& name, int64_t width) {
  if (shapes.size(name, 0) != width || shapes.size(name, 1) != width)
    shapes.fail(name, concat("has ", shapes.size(name, 0), " x ", shapes.size(name, 1), " channels"),
                concat(width, " x ", width));
}

// Convolutions of a block, each followed by a norm (or, without one, only by a rectifier) that counts as an entry of its own.
int64_t depth_of(const TensorShapes& shapes, const std::string& block, int64_t width) {
  int64_t depth = 0;
  for (int64_t entry = 0; entry < 3 * kMostBlocks; ++entry) {
    const std::string name = convolution(block, entry);
    if (!shapes.has(name) || shapes.axes(name) != 5) continue;
    if (entry > 0) require_square(shapes, name, width);
    ++depth;
  }
  return depth;
}

// The whole number whose square this is; 0 for others.
int64_t root_of(int64_t square) {
  const auto root = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(square))));
  return root * root == square ? root : 0;
}

// Sides (x, y, z) from the products yz, xz, xy of the three planes.
std::array<int64_t, 3> sides_of(const TensorShapes& shapes, const std::string& name, int64_t yz, int64_t xz, int64_t xy) {
  constexpr int64_t kMost = 1 << 16;
  std::array<int64_t, 3> sides{};
  const bool sane = yz > 0 && xz > 0 && xy > 0 && yz < kMost && xz < kMost && xy < kMost;
  if (sane && xz * xy % yz == 0) sides[0] = root_of(xz * xy / yz);
  if (sides[0] > 0 && xy % sides[0] == 0 && xz % sides[0] == 0) sides = {sides[0], xy / sides[0], xz / sides[0]};
  if (sides[0] == 0 || sides[1] * sides[2] != yz)
    shapes.fail(name, concat("belongs to planes of ", yz, ", ", xz, " and ", xy, " values"), "three planes of one box");
  return sides;
}

void read_text_block(const TensorShapes& shapes, NetworkFacts& facts) {
  const std::string block = "decoder1.attn_x5.";
  MultiplanarOptions& text = facts.text_block;
  text.channels = facts.options.widths.back();
  text.text_dimension = facts.text_dimension = shapes.size(block + "img_txt_attn.w_q.weight", 1);
  text.dimension = shapes.size(block + "img_txt_attn.w_k.weight", 1);
  require_square(shapes, block + "img_attn.q_proj.weight", text.dimension);
  text.heads = std::max<int64_t>(1, shapes.size(block + "img_txt_attn.w_q.weight", 0) / kHeadNumbers);
  text.released_parameters = shapes.has(block + "img_txt_attn.temperature");
  std::array<int64_t, 3> values{}, tokens{};
  const std::array<std::string, 3> planes = {"Axial", "Sagittal", "Coronal"};
  for (size_t i = 0; i < 3; ++i) {
    const std::string embedding = block + "to_patch_embedding_" + planes[i] + ".1.weight";
    values[i] = shapes.size(embedding, 1);
    if (shapes.size(embedding, 0) != text.dimension)
      shapes.fail(embedding, concat("gives ", shapes.size(embedding, 0), " numbers"), concat(text.dimension));
    tokens[i] = shapes.size(block + "positional_encoding_" + planes[i], 1);
    if (values[i] % text.channels != 0)
      shapes.fail(embedding, concat("takes ", values[i], " values"), concat("a multiple of the ", text.channels, " channels"));
    values[i] /= text.channels;
  }
  const std::string name = block + "to_patch_embedding_Axial.1.weight";
  text.patch = sides_of(shapes, name, values[0], values[1], values[2]);
  const auto counts = sides_of(shapes, block + "positional_encoding_Axial", tokens[0], tokens[1], tokens[2]);
  for (size_t a = 0; a < 3; ++a) text.size[a] = text.patch[a] * counts[a];
  facts.has_text_block = true;
}

}  // namespace

std::array<int64_t, 3> NetworkFacts::patch() const {
  std::array<int64_t, 3> out{};
  for (size_t a = 0; a < 3; ++a) out[a] = text_block.size[a] * options.side_multiple();
  return out;
}

int64_t TensorShapes::axes(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw InputError(source_, "lacks '" + shown_(name) + "'", "a checkpoint of this network");
  return found->second.dim();
}

int64_t TensorShapes::size(const std::string& name, int64_t axis) const {
  if (axes(name) <= axis)
    fail(name, "has shape " + shape_text(tensors_.at(name).sizes()), concat("at least ", axis + 1, " axes"));
  return tensors_.at(name).size(axis);
}

void TensorShapes::fail(const std::string& name, const std::string& found, const std::string& expected) const {
  throw InputError(source_, "tensor '" + shown_(name) + "' " + found, expected);
}

NetworkFacts facts_of_vnet(const TensorShapes& shapes, const std::string& head) {
  NetworkFacts facts;
  VNetOptions& options = facts.options;
  options.widths.clear();
  options.depths.clear();
  for (int64_t level = 1; level <= kMostBlocks / 2; ++level) {
    const std::string block = "encoder." + block_name(level);
    if (!shapes.has(convolution(block, 0))) break;
    options.widths.push_back(width_of(shapes, convolution(block, 0)));
    options.depths.push_back(depth_of(shapes, block, options.widths.back()));
    if (level > 1) require_square(shapes, convolution(block, 0), options.widths.back());
  }
  for (int64_t level = 0; level + 1 < options.levels(); ++level)
    require_square(shapes, convolution("decoder1." + block_name(2 * options.levels() - 1 - level), 0),
                   options.widths[static_cast<size_t>(level)]);
  const std::string first = convolution("encoder." + block_name(1), 0);
  options.in_channels = shapes.size(first, 1);
  options.classes = classes_of(shapes, head);
  // Without affine an instance norm leaves no tensor behind; such networks were released without dropout.
  const bool batch = shapes.has("encoder." + block_name(1) + ".conv.1.running_mean");
  options.normalisation = batch ? "batch" : "instance";
  options.dropout = batch;
  return facts;
}

NetworkFacts facts_of_text_vnet(const TensorShapes& shapes, const std::string& head) {
  NetworkFacts facts = facts_of_vnet(shapes, head);
  read_text_block(shapes, facts);
  return facts;
}

NetworkFacts facts_of_two_tasks(const TensorShapes& shapes) {
  NetworkFacts facts = facts_of_vnet(shapes, "out_conv2.weight");
  ++facts.options.classes;
  return facts;
}

NetworkFacts facts_of_two_tasks_text(const TensorShapes& shapes) {
  NetworkFacts facts = facts_of_text_vnet(shapes, "out_conv2.weight");
  ++facts.options.classes;
  return facts;
}

NetworkFacts facts_of_voxel_prompt(const TensorShapes& shapes) {
  NetworkFacts facts = facts_of_vnet(shapes);
  facts.text_dimension = shapes.size("prompt.text.weight", 1);
  return facts;
}

NetworkFacts facts_of_residual(const TensorShapes& shapes) {
  NetworkFacts facts;
  VNetOptions& options = facts.options;
  options.widths = {width_of(shapes, "resnet_encoder.conv1.weight")};
  for (int64_t stage = 1; stage < kMostBlocks / 2; ++stage) {
    const std::string name = concat("resnet_encoder.layer", stage, ".0.conv1.weight");
    if (!shapes.has(name)) break;
    options.widths.push_back(width_of(shapes, name));
    require_square(shapes, concat("resnet_encoder.layer", stage, ".0.conv2.weight"), options.widths.back());
  }
  const int64_t levels = options.levels();
  options.depths.assign(options.widths.size(), 1);
  for (int64_t level = 0; level + 1 < levels; ++level) {
    const auto i = static_cast<size_t>(level);
    const std::string block = "decoder1." + block_name(2 * levels - 1 - level);
    require_square(shapes, convolution(block, 0), options.widths[i]);
    options.depths[i] = depth_of(shapes, block, options.widths[i]);
  }
  options.in_channels = shapes.size("resnet_encoder.conv1.weight", 1);
  options.classes = classes_of(shapes, "decoder1.out_conv.weight");
  return facts;
}

NetworkFacts facts_of_unet(const TensorShapes& shapes) {
  NetworkFacts facts;
  VNetOptions& options = facts.options;
  options.widths.clear();
  for (int64_t level = 1; level < kMostBlocks / 2; ++level) {
    const std::string name = concat("conv", level, ".conv1.0.weight");
    if (!shapes.has(name)) break;
    options.widths.push_back(width_of(shapes, name));
    require_square(shapes, concat("conv", level, ".conv2.0.weight"), options.widths.back());
  }
  options.widths.push_back(width_of(shapes, "center.conv1.0.weight"));
  require_square(shapes, "center.conv2.0.weight", options.widths.back());
  options.depths.assign(options.widths.size(), 2);
  options.normalisation = "instance";
  options.in_channels = shapes.size("conv1.conv1.0.weight", 1);
  options.classes = classes_of(shapes, shapes.has("dsv1.weight") ? "dsv1.weight" : "final.weight");
  return facts;
}

}  // namespace tss
