#include "textsemiseg/runs/earlier_keys.h"

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

struct EarlierKey {
  const char* method;
  const char* key;  // dotted, within the method's section
  Json value;
};

const std::vector<EarlierKey>& earlier_keys() {
  static const std::vector<EarlierKey> keys = {
      {"text_semiseg", "dca.updates", "all"}, {"mc_net", "absent_class", "formula"}, {"mc_net_plus", "absent_class", "formula"},
      {"mlrp", "absent_class", "formula"},    {"dtc", "absent_class", "formula"},    {"vclip_seg", "absent_class", "formula"},
      {"bs_net", "critic_bound", 0.0},
  };
  return keys;
}

}  // namespace

void add_earlier_keys(Json& config) {
  if (!config.is_object() || !config.contains("method") || !config["method"].is_string()) return;
  const std::string method = config["method"].get<std::string>();
  if (!config.contains(method) || !config[method].is_object()) return;
  if (config[method].value("variant", Json("paper")) == "reference") return;  // whose arithmetic has no such switch
  for (const EarlierKey& earlier : earlier_keys()) {
    if (earlier.method != method) continue;
    Json* section = &config[method];
    const std::vector<std::string> path = split(earlier.key, '.');
    for (size_t i = 0; i + 1 < path.size() && section; ++i)
      section = section->contains(path[i]) && (*section)[path[i]].is_object() ? &(*section)[path[i]] : nullptr;
    if (section && !section->contains(path.back())) (*section)[path.back()] = earlier.value;
  }
}

}  // namespace tss
