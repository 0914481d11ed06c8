// An entry of the list of methods, made from a method's class and its options.
//
//   method_entry<Mcf, McfOptions>("mcf", "V-Net and residual V-Net correct each other (...)", TextUse::kNever, true)
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "textsemiseg/methods/registry.h"

namespace tss {

// The section of the configuration as a method's options, checked. Throws InputError on unknown keys and bad values.
template <class Options>
Options method_options(const std::string& name, const Json& section, const std::string& source) {
  Options options;
  FieldReader reader(section, name, source);
  options.visit(reader);
  reader.check_unknown();
  options.check();
  return options;
}

// build(options, setup) makes the method, for those that choose between classes. defaults: MethodInfo::defaults.
template <class Options, class Build>
MethodInfo method_entry_of(std::string name, std::string summary, TextUse text, bool uses_unlabelled, Build build,
                           std::string defaults = "") {
  MethodInfo info;
  info.make = [name, build](const Json& section, const std::string& source, const MethodSetup& setup) {
    return build(method_options<Options>(name, section, source), setup);
  };
  info.resolve = [name](const Json& section, const std::string& source) {
    return write_options(method_options<Options>(name, section, source));
  };
  info.fields = [name] { return list_fields(Options{}, name + "."); };
  info.name = std::move(name);
  info.summary = std::move(summary);
  info.text = text;
  info.uses_unlabelled = uses_unlabelled;
  info.defaults = std::move(defaults);
  return info;
}

// Class(options, setup) is a Method; Options has defaults, visit(v) and check().
template <class Class, class Options>
MethodInfo method_entry(std::string name, std::string summary, TextUse text, bool uses_unlabelled, std::string defaults = "") {
  const auto build = [](const Options& options, const MethodSetup& setup) -> std::shared_ptr<Method> {
    return std::make_shared<Class>(options, setup);
  };
  return method_entry_of<Options>(std::move(name), std::move(summary), text, uses_unlabelled, build, std::move(defaults));
}

}  // namespace tss
