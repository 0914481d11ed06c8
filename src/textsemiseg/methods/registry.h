// The one list of methods.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/methods/method.h"

namespace tss {

enum class TextUse { kNever, kOption, kAlways };  // kOption: where the method's option "text" is true

struct MethodInfo {
  std::string name;
  std::string summary;  // one line, with the publication
  TextUse text;
  bool uses_unlabelled;
  // Builds the method from its section of the configuration; source names the file in messages. Throws InputError on unknown keys.
  std::function<std::shared_ptr<Method>(const Json& options, const std::string& source, const MethodSetup& setup)> make;
  // The section with every default filled in.
  std::function<Json(const Json& options, const std::string& source)> resolve;
  // Every key of the section with its default and a line, "text_semiseg.dca.start".
  std::function<std::vector<OptionField>()> fields = {};
  // The method's own optimiser, sampler and network as far as they differ from a run's common defaults: TOML, sections as in a run's
  // configuration, which goes over it. This program's methods have theirs in configs/methods and leave it empty.
  std::string defaults = "";
  // Whether its loss takes labels that do not tell all classes apart (Batch::groups).
  bool partial_labels = false;

  // Whether a run with this section (resolved) has class texts.
  bool uses_text(const Json& options) const;
};

const std::vector<MethodInfo>& methods();
// One more, for programs with a method of their own (docs/add_a_method.md): before anything else is asked of this list, from one
// thread. Throws Error when the name is taken.
void add_method(MethodInfo info);
// Throws InputError with the names known.
const MethodInfo& method_info(const std::string& name);
std::vector<std::string> method_names();

}  // namespace tss
