#include "textsemiseg/c_interface/options.h"

#include "textsemiseg/base/error.h"

namespace tss {

Json options_of(const char* text) {
  if (text == nullptr || *text == '\0') return Json::object();
  Json out = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!out.is_object()) throw InputError("options", std::string("found '") + text + "'", "a JSON object");
  return out;
}

}  // namespace tss
