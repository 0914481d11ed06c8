#include "textsemiseg/methods/registry.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/methods/bcp.h"
#include "textsemiseg/methods/bs_net.h"
#include "textsemiseg/methods/dtc.h"
#include "textsemiseg/methods/mc_net.h"
#include "textsemiseg/methods/mcf.h"
#include "textsemiseg/methods/method_entry.h"
#include "textsemiseg/methods/mlrp.h"
#include "textsemiseg/methods/plus.h"
#include "textsemiseg/methods/released/dtc_text.h"
#include "textsemiseg/methods/released/text_semiseg.h"
#include "textsemiseg/methods/released/ua_mt_text.h"
#include "textsemiseg/methods/supervised.h"
#include "textsemiseg/methods/text_semiseg.h"
#include "textsemiseg/methods/ua_mt.h"
#include "textsemiseg/methods/urpc.h"
#include "textsemiseg/methods/vclip_seg.h"

namespace tss {
namespace {

// Where the released program's network is another one than the paper's: a class for each.
template <class Paper, class Released, class Options>
std::shared_ptr<Method> paper_or_released(const Options& options, const MethodSetup& setup) {
  if (options.released_network()) return std::make_shared<Released>(options, setup);
  return std::make_shared<Paper>(options, setup);
}

MethodInfo with_partial_labels(MethodInfo info) {
  info.partial_labels = true;
  return info;
}

std::vector<MethodInfo>& table() {
  static std::vector<MethodInfo> entries = {
      with_partial_labels(method_entry<Supervised, SupervisedOptions>(
          "supervised", "VNet on the labelled cases alone, the lower bound (Milletari et al., 3DV 2016)", TextUse::kNever,
          false)),
      method_entry_of<UaMtOptions>("ua_mt", "mean teacher, where its Monte-Carlo dropout is certain (Yu et al., MICCAI 2019)",
                                   TextUse::kOption, true, paper_or_released<UaMt, UaMtTextReleased, UaMtOptions>),
      method_entry_of<DtcOptions>("dtc", "agreement of mask and signed distance (Luo et al., AAAI 2021)", TextUse::kOption, true,
                                  paper_or_released<Dtc, DtcTextReleased, DtcOptions>),
      method_entry<McNet, McNetOptions>("mc_net", "mutual consistency between two decoders (Wu et al., MICCAI 2021)",
                                        TextUse::kNever, true),
      method_entry<McNet, McNetPlusOptions>(
          "mc_net_plus", "the same between three decoders (Wu et al., Medical Image Analysis 2022)", TextUse::kNever, true),
      method_entry<Urpc, UrpcOptions>(
          "urpc", "agreement of four scales, rectified by their divergence (Luo et al., Medical Image Analysis 2022)",
          TextUse::kNever, true),
      method_entry<Mcf, McfOptions>("mcf", "V-Net and residual V-Net correct each other (Wang et al., CVPR 2023)",
                                    TextUse::kNever, true),
      method_entry<Bcp, BcpOptions>("bcp", "bidirectional copy-paste, pre-training and mean teacher (Bai et al., CVPR 2023)",
                                    TextUse::kNever, true),
      method_entry<BsNet, BsNetOptions>(
          "bs_net", "two networks in turn, each other's moving average, and a critic (He et al., IEEE TMI 2024; 3D form is ours)",
          TextUse::kNever, true),
      method_entry<Mlrp, MlrpOptions>(
          "mlrp", "mutual learning with reliable pseudo labels (Su et al., Medical Image Analysis 2024)", TextUse::kNever, true),
      method_entry<VclipSeg, VclipSegOptions>(
          "vclip_seg", "voxel-wise prompts and dynamic labels (VCLIPSeg; Li et al., MICCAI 2024)", TextUse::kAlways, true),
      with_partial_labels(method_entry<Plus, PlusOptions>(
          "plus", "averaged teacher, strong views and mixed boxes: published parts, put together here", TextUse::kNever, true)),
      method_entry_of<TextSemiSegOptions>(
          "text_semiseg", "text-driven multiplanar interaction: TMR, CSA, DCA (Huang et al., MICCAI 2025)", TextUse::kAlways,
          true, paper_or_released<TextSemiSeg, TextSemiSegReleased, TextSemiSegOptions>),
  };
  return entries;
}

}  // namespace

const std::vector<MethodInfo>& methods() { return table(); }

void add_method(MethodInfo info) {
  for (const MethodInfo& known : table())
    if (known.name == info.name) throw Error("there is a method '" + info.name + "' already");
  table().push_back(std::move(info));
}

bool MethodInfo::uses_text(const Json& options) const {
  return text == TextUse::kAlways || (text == TextUse::kOption && options.at("text").get<bool>());
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const auto& info : methods()) names.push_back(info.name);
  return names;
}

const MethodInfo& method_info(const std::string& name) {
  for (const auto& info : methods())
    if (info.name == name) return info;
  const auto known = method_names();
  throw InputError("method", "found '" + name + "'" + did_you_mean(name, known), "one of " + join(known, ", "));
}

}  // namespace tss
