// The networks of the published checkpoints that this program knows: how each is recognised, what its tensors are called, and which of
// our methods predicts with it. One table; adding a network is one entry.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/exchange/network_facts.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss {

// A method that this network belongs to.
struct NetworkUse {
  std::string method;             // of methods/registry.h
  std::string variant = "";       // that it needs; empty: any
  std::string child;              // the method's child module that holds the network; a method with several needs a file for each
  Json options = Json::object();  // further options of the method that it needs

  // Variant and further ones.
  Json needed_options() const {
    Json all = options;
    if (!variant.empty()) all["variant"] = variant;
    return all;
  }
};

struct PublishedNetwork {
  std::string name;
  std::string title;                     // "MC-Net, two decoders (ycwu1997/MC-Net)"
  std::string layout;                    // networks/published_layout.h
  std::vector<std::string> has;          // published names that a checkpoint of this network has ...
  std::vector<std::string> lacks = {};   // ... and prefixes of names that it does not have, which others do
  std::vector<std::string> unused = {};  // prefixes of tensors that take no part in prediction; a method may do without them
  NetworkFacts (*facts)(const TensorShapes&);
  std::shared_ptr<torch::nn::Module> (*make)(const NetworkFacts&);
  std::vector<NetworkUse> uses = {};
};

const std::vector<PublishedNetwork>& published_networks();
// Throws InputError with the names known.
const PublishedNetwork& published_network(const std::string& name);

// The networks whose signature a state dictionary bears, in the order of the table. Several may: MC-Net and MLRP hold the same tensors
// and differ in how they up-sample.
std::vector<const PublishedNetwork*> recognise(const TensorMap& published);
// Why a tensor that belongs to no network may accompany one: the text branch saved with it. Empty: it may not.
std::string tolerated_because(const std::string& published_name);

// Throws InputError(source, ...): this state dictionary is not of that network; names what it is, and the first tensors that tell.
[[noreturn]] void refuse_network(const PublishedNetwork& wanted, const TensorMap& published, const std::string& source);

struct ImportedNetwork {
  const PublishedNetwork* network = nullptr;
  NetworkFacts facts;
  TensorMap tensors;                  // under our names, complete
  std::vector<std::string> left_out;  // published names that are documented extras
};
// Checks names and shapes one by one against the network. Throws InputError(source, ...) that names the first tensors that are missing,
// unknown or of another shape.
ImportedNetwork import_network(const PublishedNetwork& network, const TensorMap& published, const std::string& source);

// The inverse: tensors of our network under the published names, aliases included. Throws InputError when they are no complete network.
TensorMap published_tensors(const PublishedNetwork& network, const TensorMap& own, const std::string& source);

}  // namespace tss
