#include "textsemiseg/methods/registry.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/methods/bcp.h"
#include "textsemiseg/methods/bs_net.h"
#include "textsemiseg/methods/dtc.h"
#include "textsemiseg/methods/mc_net.h"
#include "textsemiseg/methods/mcf.h"
#include "textsemiseg/methods/mlrp.h"
#include "textsemiseg/methods/supervised.h"
#include "textsemiseg/methods/text_semiseg.h"
#include "textsemiseg/methods/text_semiseg_reference.h"
#include "textsemiseg/methods/ua_mt.h"
#include "textsemiseg/methods/urpc.h"
#include "textsemiseg/methods/vclip_seg.h"

namespace tss {
namespace {

template <class Options>
Options options_of(const char* name, const Json& section, const std::string& source) {
  Options options;
  FieldReader reader(section, name, source);
  options.visit(reader);
  reader.check_unknown();
  options.check();
  return options;
}

// A method whose published and released readings differ in structure has a class for each.
template <class Paper, class Reference>
std::shared_ptr<Method> choose_variant(const auto& options, const MethodSetup& setup) {
  if (options.variant == "reference") return std::make_shared<Reference>(options, setup);
  return std::make_shared<Paper>(options, setup);
}

#define TSS_RESOLVE(name, Options) \
  [](const Json& section, const std::string& source) { return write_options(options_of<Options>(name, section, source)); }

#define TSS_METHOD(name, Class, Options)                                                              \
  [](const Json& o, const std::string& source, const MethodSetup& setup) -> std::shared_ptr<Method> { \
    return std::make_shared<Class>(options_of<Options>(name, o, source), setup);                      \
  },                                                                                                  \
      TSS_RESOLVE(name, Options)

}  // namespace

const std::vector<MethodInfo>& methods() {
  static const std::vector<MethodInfo> table = {
      {"supervised", "VNet on the labelled cases alone, the lower bound (Milletari et al., 3DV 2016)", TextUse::kNever, false,
       TSS_METHOD("supervised", Supervised, SupervisedOptions)},
      {"ua_mt", "mean teacher, where its Monte-Carlo dropout is certain (Yu et al., MICCAI 2019)", TextUse::kOption, true,
       TSS_METHOD("ua_mt", UaMt, UaMtOptions)},
      {"dtc", "agreement of mask and signed distance (Luo et al., AAAI 2021)", TextUse::kOption, true,
       TSS_METHOD("dtc", Dtc, DtcOptions)},
      {"mc_net", "mutual consistency between two decoders (Wu et al., MICCAI 2021)", TextUse::kNever, true,
       TSS_METHOD("mc_net", McNet, McNetOptions)},
      {"mc_net_plus", "the same between three decoders (Wu et al., Medical Image Analysis 2022)", TextUse::kNever, true,
       TSS_METHOD("mc_net_plus", McNet, McNetPlusOptions)},
      {"urpc", "agreement of four scales, rectified by their divergence (Luo et al., Medical Image Analysis 2022)",
       TextUse::kNever, true, TSS_METHOD("urpc", Urpc, UrpcOptions)},
      {"mcf", "V-Net and residual V-Net correct each other (Wang et al., CVPR 2023)", TextUse::kNever, true,
       TSS_METHOD("mcf", Mcf, McfOptions)},
      {"bcp", "bidirectional copy-paste, pre-training and mean teacher (Bai et al., CVPR 2023)", TextUse::kNever, true,
       TSS_METHOD("bcp", Bcp, BcpOptions)},
      {"bs_net", "two networks in turn, each other's moving average, and a critic (He et al., IEEE TMI 2024; 3D form is ours)",
       TextUse::kNever, true, TSS_METHOD("bs_net", BsNet, BsNetOptions)},
      {"mlrp", "mutual learning with reliable pseudo labels (Su et al., Medical Image Analysis 2024)", TextUse::kNever, true,
       TSS_METHOD("mlrp", Mlrp, MlrpOptions)},
      {"vclip_seg", "voxel-wise prompts and dynamic labels (VCLIPSeg; Li et al., MICCAI 2024)", TextUse::kAlways, true,
       TSS_METHOD("vclip_seg", VclipSeg, VclipSegOptions)},
      {"text_semiseg", "text-driven multiplanar interaction: TMR, CSA, DCA (Huang et al., MICCAI 2025)", TextUse::kAlways, true,
       [](const Json& o, const std::string& source, const MethodSetup& setup) {
         return choose_variant<TextSemiSeg, TextSemiSegReference>(options_of<TextSemiSegOptions>("text_semiseg", o, source),
                                                                  setup);
       },
       TSS_RESOLVE("text_semiseg", TextSemiSegOptions)},
  };
  return table;
}

#undef TSS_METHOD
#undef TSS_RESOLVE

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
