#include "textsemiseg/methods/registry.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/methods/mc_net.h"
#include "textsemiseg/methods/supervised.h"
#include "textsemiseg/methods/text_semiseg.h"
#include "textsemiseg/methods/text_semiseg_reference.h"

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

}  // namespace

const std::vector<MethodInfo>& methods() {
  static const std::vector<MethodInfo> table = {
      {"supervised", "VNet on the labelled cases alone, the lower bound (Milletari et al., 3DV 2016)", TextUse::kNever, false,
       [](const Json& o, const std::string& source, const MethodSetup& setup) -> std::shared_ptr<Method> {
         return std::make_shared<Supervised>(options_of<SupervisedOptions>("supervised", o, source), setup);
       },
       TSS_RESOLVE("supervised", SupervisedOptions)},
      {"mc_net", "mutual consistency between two decoders (Wu et al., MICCAI 2021)", TextUse::kNever, true,
       [](const Json& o, const std::string& source, const MethodSetup& setup) -> std::shared_ptr<Method> {
         return std::make_shared<McNet>(options_of<McNetOptions>("mc_net", o, source), setup);
       },
       TSS_RESOLVE("mc_net", McNetOptions)},
      {"text_semiseg", "text-driven multiplanar interaction: TMR, CSA, DCA (Huang et al., MICCAI 2025)", TextUse::kAlways, true,
       [](const Json& o, const std::string& source, const MethodSetup& setup) {
         return choose_variant<TextSemiSeg, TextSemiSegReference>(options_of<TextSemiSegOptions>("text_semiseg", o, source),
                                                                  setup);
       },
       TSS_RESOLVE("text_semiseg", TextSemiSegOptions)},
  };
  return table;
}

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
