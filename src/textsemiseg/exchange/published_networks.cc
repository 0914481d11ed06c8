#include "textsemiseg/exchange/published_networks.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/methods/released/text_decoder.h"
#include "textsemiseg/methods/released/two_task_text_vnet.h"
#include "textsemiseg/modules/vclip_vnet.h"
#include "textsemiseg/networks/bcp_vnet.h"
#include "textsemiseg/networks/published_layout.h"
#include "textsemiseg/networks/residual_vnet.h"
#include "textsemiseg/networks/two_task_vnet.h"
#include "textsemiseg/networks/unet3d.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {
namespace {

using Module = std::shared_ptr<torch::nn::Module>;

Module one_decoder(const NetworkFacts& f) { return VNet(f.options, std::vector{UpSampling::kTransposed}).ptr(); }
Module two_decoders(const NetworkFacts& f) {
  return VNet(f.options, std::vector{UpSampling::kTransposed, UpSampling::kTrilinear}).ptr();
}
Module text_decoders(const NetworkFacts& f, const std::vector<UpSampling>& types) {
  return TextVNet(f.options, f.text_block, types).ptr();
}
template <class Net>
Module plain(const NetworkFacts& f) {
  return Net(f.options).ptr();
}

NetworkFacts vnet_facts(const TensorShapes& shapes) { return facts_of_vnet(shapes); }
NetworkFacts text_vnet_facts(const TensorShapes& shapes) { return facts_of_text_vnet(shapes); }

const std::string kNested = "encoder.block_one.conv.0.weight", kFlat = "block_one.conv.0.weight", kUNet = "center.conv1.0.weight";

std::vector<PublishedNetwork> make_table() {
  const NetworkUse supervised{.method = "supervised", .child = "network"};
  return {
      {.name = "vnet",
       .title = "V-Net, encoder and one decoder as modules (ycwu1997/MC-Net)",
       .layout = "nested",
       .has = {kNested, "decoder1.out_conv.weight"},
       .lacks = {"decoder2.", "decoder1.attn_x5."},
       .facts = vnet_facts,
       .make = one_decoder,
       .uses = {supervised}},
      {.name = "ua_mt",
       .title = "V-Net in one module (yulequan/UA-MT)",
       .layout = "flat",
       .has = {kFlat, "block_one.conv.1.weight", "out_conv.weight"},
       .lacks = {"out_conv2.", "encoder.", "decoder1."},
       .facts = vnet_facts,
       .make = one_decoder,
       .uses = {supervised, {.method = "ua_mt", .child = "network", .options = {{"text", false}}}}},
      {.name = "mcf_v",
       .title = "V branch of MCF (WYC-321/MCF)",
       .layout = "flat",
       .has = {kFlat, "block_one.conv.1.weight", "out_conv.weight"},
       .lacks = {"out_conv2.", "encoder.", "decoder1."},
       .facts = vnet_facts,
       .make = one_decoder,
       .uses = {supervised, {.method = "mcf", .child = "v"}}},
      {.name = "mcf_r",
       .title = "R branch of MCF, residual encoder (WYC-321/MCF)",
       .layout = "flat",
       .has = {"resnet_encoder.conv1.weight", "out_conv.weight"},
       .facts = facts_of_residual,
       .make = plain<ResidualVNet>,
       .uses = {{.method = "mcf", .child = "r"}}},
      {.name = "dtc",
       .title = "two-head V-Net of DTC (HiLab-git/DTC)",
       .layout = "flat_two_heads",
       .has = {kFlat, "out_conv2.weight"},
       .lacks = {"encoder.", "decoder1."},
       .facts = facts_of_two_tasks,
       .make = plain<TwoTaskVNet>,
       .uses = {{.method = "dtc", .child = "network", .options = {{"text", false}}}}},
      {.name = "bcp_la",
       .title = "V-Net of BCP on the left atrium (DeepMed-Lab-ECNU/BCP)",
       .layout = "one_decoder",
       .has = {kNested, "decoder.out_conv.weight"},
       .lacks = {"out_conv2.", "decoder.attn_x5."},
       .unused = {"projection_head.", "prediction_head.", "contrastive_class_selector_"},
       .facts = vnet_facts,
       .make = plain<BcpVNet>,
       .uses = {supervised, {.method = "bcp", .child = "network"}}},
      {.name = "bcp_pancreas",
       .title = "V-Net of BCP on the pancreas, instance norm (DeepMed-Lab-ECNU/BCP)",
       .layout = "flat_branches",
       .has = {kFlat, "branchs.0.1.weight"},
       .lacks = {"encoder.", "decoder1."},
       .facts = vnet_facts,
       .make = one_decoder,
       .uses = {supervised, {.method = "bcp", .child = "network", .options = {{"flavour", "pancreas"}}}}},
      {.name = "mc_net",
       .title = "MC-Net, two decoders (ycwu1997/MC-Net)",
       .layout = "nested",
       .has = {kNested, "decoder1.out_conv.weight", "decoder2.out_conv.weight"},
       .lacks = {"decoder0.", "decoder3.", "decoder1.attn_x5.", "txt2vis."},
       .facts = vnet_facts,
       .make = two_decoders,
       .uses = {{.method = "mc_net", .child = "network"}}},
      {.name = "mlrp",
       .title = "MLRP, two decoders, nearest up-sampling in the second (Jiawei0o0/mutual-learning-with-reliable-pseudo-labels)",
       .layout = "nested",
       .has = {kNested, "decoder1.out_conv.weight", "decoder2.out_conv.weight"},
       .lacks = {"decoder0.", "decoder3.", "decoder1.attn_x5.", "txt2vis."},
       .facts = vnet_facts,
       .make = [](const NetworkFacts& f) -> Module {
         return VNet(f.options, std::vector{UpSampling::kTransposed, UpSampling::kNearest}).ptr();
       },
       .uses = {{.method = "mlrp", .child = "network"}}},
      {.name = "mc_net_plus",
       .title = "MC-Net+, three decoders (ycwu1997/MC-Net)",
       .layout = "nested",
       .has = {kNested, "decoder3.out_conv.weight"},
       .lacks = {"decoder1.attn_x5."},
       .facts = vnet_facts,
       .make = [](const NetworkFacts& f) -> Module {
         return VNet(f.options, std::vector{UpSampling::kTransposed, UpSampling::kTrilinear, UpSampling::kNearest}).ptr();
       },
       .uses = {{.method = "mc_net_plus", .child = "network"}}},
      {.name = "unet3d",
       .title = "3D U-Net (HiLab-git/SSL4MIS)",
       .layout = "nested",
       .has = {kUNet, "final.weight"},
       .facts = facts_of_unet,
       .make = plain<UNet3d>},
      {.name = "urpc",
       .title = "3D U-Net with a head per level, URPC (HiLab-git/SSL4MIS)",
       .layout = "nested",
       .has = {kUNet, "dsv1.weight"},
       .facts = facts_of_unet,
       .make = plain<PyramidUNet>,
       .uses = {{.method = "urpc", .child = "network", .options = {{"backbone", "unet3d"}}}}},
      {.name = "vclip_seg",
       .title = "VCLIPSeg, two decoders behind a voxel-wise prompt (SmileJET/VCLIPSeg)",
       .layout = "vclip_seg",
       .has = {kNested, "txt2vis.weight", "decoder2.out_conv.weight"},
       .facts = facts_of_voxel_prompt,
       .make = [](const NetworkFacts& f) -> Module {
         VclipOptions options;
         options.text_dimension = f.text_dimension;
         options.projection_norm = "depth";
         return VclipVNet(f.options, options).ptr();
       },
       .uses = {{.method = "vclip_seg", .child = "network"}}},
      {.name = "text_semiseg",
       .title = "Text-SemiSeg, two decoders with text blocks (taozh2017/Text-SemiSeg)",
       .layout = "nested",
       .has = {kNested, "decoder1.attn_x5.view_weights", "decoder2.attn_x5.view_weights"},
       .lacks = {"decoder0."},
       .facts = text_vnet_facts,
       .make = [](const NetworkFacts& f) { return text_decoders(f, {UpSampling::kTransposed, UpSampling::kTrilinear}); },
       .uses = {{.method = "text_semiseg", .variant = "reference", .child = "network"}}},
      {.name = "ua_mt_text",
       .title = "UA-MT + text, one decoder with a text block (taozh2017/Text-SemiSeg)",
       .layout = "nested",
       .has = {kNested, "decoder1.attn_x5.view_weights"},
       .lacks = {"decoder0.", "decoder2."},
       .facts = text_vnet_facts,
       .make = [](const NetworkFacts& f) { return text_decoders(f, {UpSampling::kTransposed}); },
       .uses = {{.method = "ua_mt", .variant = "reference", .child = "network", .options = {{"text", true}}}}},
      {.name = "mc_net_plus_text",
       .title = "three decoders with text blocks (taozh2017/Text-SemiSeg)",
       .layout = "decoders_from_zero",
       .has = {kNested, "decoder0.attn_x5.view_weights"},
       .facts = text_vnet_facts,
       .make =
           [](const NetworkFacts& f) {
             return text_decoders(f, {UpSampling::kTransposed, UpSampling::kTrilinear, UpSampling::kNearest});
           }},
      {.name = "dtc_text",
       .title = "DTC + text, two heads behind a text block (taozh2017/Text-SemiSeg)",
       .layout = "one_decoder",
       .has = {kNested, "decoder.attn_x5.view_weights", "out_conv2.weight"},
       .facts = facts_of_two_tasks_text,
       .make = [](const NetworkFacts& f) -> Module { return TwoTaskTextVNet(f.options, f.text_block).ptr(); },
       .uses = {{.method = "dtc", .variant = "reference", .child = "network", .options = {{"text", true}}}}},
  };
}

bool has_prefix(const TensorMap& tensors, const std::string& prefix) {
  const auto next = tensors.lower_bound(prefix);
  return next != tensors.end() && starts_with(next->first, prefix);
}

// "'a', 'b', 'c' and 12 more".
std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 3;
  std::vector<std::string> quoted;
  for (size_t i = 0; i < std::min(kShown, names.size()); ++i) quoted.push_back("'" + names[i] + "'");
  return join(quoted, ", ") + (names.size() > kShown ? concat(" and ", names.size() - kShown, " more") : "");
}

// Checkpoints of PyTorch before 0.4.1 have no counters of batches; nothing reads them.
void add_counters(TensorMap& own, const TensorMap& expected) {
  for (const auto& [name, tensor] : expected)
    if (ends_with(name, ".num_batches_tracked") && !own.contains(name)) own[name] = torch::zeros({}, torch::kInt64);
}

void check(const PublishedNetwork& network, const PublishedLayout& layout, const TensorMap& own, const TensorMap& expected,
           const std::string& source) {
  std::vector<std::string> missing, unknown;
  for (const auto& [name, tensor] : expected)
    if (!own.contains(name)) missing.push_back(published_name(layout, name));
  for (const auto& [name, tensor] : own)
    if (!expected.contains(name)) unknown.push_back(published_name(layout, name));
  const std::string what = concat("the ", expected.size(), " tensors of '", network.name, "': ", network.title);
  if (!missing.empty())
    throw InputError(source, "lacks " + listed(missing) + (unknown.empty() ? "" : " and holds " + listed(unknown) + " instead"),
                     what);
  if (!unknown.empty()) throw InputError(source, "holds " + listed(unknown), "only " + what);
  for (const auto& [name, tensor] : expected) {
    const torch::Tensor& given = own.at(name);
    const std::string subject = "tensor '" + published_name(layout, name) + "' ";
    if (given.sizes() != tensor.sizes())
      throw InputError(source, subject + "has shape " + shape_text(given.sizes()),
                       shape_text(tensor.sizes()) + ", as in '" + network.name + "'");
    if (given.is_floating_point() != tensor.is_floating_point())
      throw InputError(source, subject + "has type " + torch::toString(given.scalar_type()),
                       torch::toString(tensor.scalar_type()));
  }
}

}  // namespace

const std::vector<PublishedNetwork>& published_networks() {
  static const std::vector<PublishedNetwork> table = make_table();
  return table;
}

const PublishedNetwork& published_network(const std::string& name) {
  std::vector<std::string> known;
  for (const PublishedNetwork& network : published_networks()) {
    if (network.name == name) return network;
    known.push_back(network.name);
  }
  throw InputError("--network", "found '" + name + "'" + did_you_mean(name, known), "one of " + join(known, ", "));
}

std::vector<const PublishedNetwork*> recognise(const TensorMap& published) {
  std::vector<const PublishedNetwork*> out;
  for (const PublishedNetwork& network : published_networks()) {
    const bool all =
        std::all_of(network.has.begin(), network.has.end(), [&](const auto& name) { return published.contains(name); });
    const bool none =
        std::none_of(network.lacks.begin(), network.lacks.end(), [&](const auto& p) { return has_prefix(published, p); });
    if (all && none) out.push_back(&network);
  }
  return out;
}

std::string tolerated_because(const std::string& name) {
  for (const char* prefix : {"prompt_learner.", "text_encoder.", "clip_model.", "clip."})
    if (starts_with(name, prefix)) return "text branch, which is read from its own file";
  return name == "txt_emb" ? "class texts of VCLIPSeg, which are given as options" : "";
}

void refuse_network(const PublishedNetwork& wanted, const TensorMap& published, const std::string& source) {
  NetworkFacts facts;
  facts.text_block.released_parameters = true;
  facts.text_dimension = facts.text_block.text_dimension;
  facts.options.normalisation = wanted.name == "bcp_pancreas" ? "instance" : "batch";
  TensorMap expected;
  for (const auto& [name, tensor] : state_of(*wanted.make(facts)))
    expected[published_name(published_layout(wanted.layout), name)] = tensor;
  std::vector<std::string> missing, unknown;
  for (const auto& [name, tensor] : expected)
    if (!published.contains(name) && !ends_with(name, ".num_batches_tracked")) missing.push_back(name);
  for (const auto& [name, tensor] : published)
    if (!expected.contains(name) && tolerated_because(name).empty()) unknown.push_back(name);
  const auto known = recognise(published);
  std::string found =
      known.empty() ? "holds a network that is not known here" : "holds the network '" + known.front()->name + "'";
  if (!missing.empty()) found += ", lacks " + listed(missing);
  if (!unknown.empty()) found += ", has " + listed(unknown);
  throw InputError(source, found, "'" + wanted.name + "': " + wanted.title);
}

ImportedNetwork import_network(const PublishedNetwork& network, const TensorMap& published, const std::string& source) {
  const PublishedLayout& layout = published_layout(network.layout);
  ImportedNetwork out;
  out.network = &network;
  std::map<std::string, std::string> from;
  for (const auto& [name, tensor] : published) {
    if (!tolerated_because(name).empty()) {
      out.left_out.push_back(name);
      continue;
    }
    const std::string own = own_name(layout, name);
    const auto [known, is_new] = from.emplace(own, name);
    if (is_new) {
      out.tensors[own] = tensor;
    } else if (!torch::equal(out.tensors.at(own), tensor)) {
      throw InputError(source, "tensors '" + known->second + "' and '" + name + "' differ", "two names of one tensor");
    }
  }
  const TensorShapes shapes(out.tensors, source, [&](const std::string& own) { return published_name(layout, own); });
  out.facts = network.facts(shapes);
  out.facts.options.check();
  const TensorMap expected = state_of(*network.make(out.facts));
  add_counters(out.tensors, expected);
  check(network, layout, out.tensors, expected, source);
  return out;
}

TensorMap published_tensors(const PublishedNetwork& network, const TensorMap& own, const std::string& source) {
  const PublishedLayout& layout = published_layout(network.layout);
  TensorMap out;
  for (const auto& [name, tensor] : own) {
    out[published_name(layout, name)] = tensor;
    // Releases that store a tensor twice expect it under both names: two entries of the layout for one prefix of ours.
    const auto first = std::find_if(layout.prefixes.begin(), layout.prefixes.end(),
                                    [&](const auto& entry) { return starts_with(name, entry.second); });
    for (const auto& [theirs, ours] : layout.prefixes)
      if (first != layout.prefixes.end() && ours == first->second) out[std::string(theirs) + name.substr(ours.size())] = tensor;
  }
  const auto fitting = recognise(out);
  if (std::find(fitting.begin(), fitting.end(), &network) == fitting.end())
    throw InputError(source, "its network has no names in '" + network.name + "', which counts the blocks of five levels",
                     "--names own");
  import_network(network, out, source);
  return out;
}

}  // namespace tss
