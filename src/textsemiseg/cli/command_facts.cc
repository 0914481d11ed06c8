#include "textsemiseg/cli/command_facts.h"

#include <CLI/CLI.hpp>

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

OptionFacts option_facts(const CLI::Option& option) {
  OptionFacts out;
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  if (option.get_positional()) out.names = {option.get_name(true)};
  out.values = values_of(option);
  out.description = option.get_description();
  out.repeated = option.get_expected_max() > 1;
  return out;
}

CommandFacts facts_below(const CLI::App& app, const std::string& parents) {
  CommandFacts out;
  out.name = app.get_name();
  out.full = parents.empty() ? app.get_name() : parents + " " + app.get_name();
  out.summary = app.get_description();
  const std::string example = "Example:\n  ", footer = app.get_footer();
  if (starts_with(footer, example)) out.example = footer.substr(example.size());
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    (option->get_positional() ? out.positionals : out.options).push_back(option_facts(*option));
  }
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    out.commands.push_back(facts_below(*sub, out.full));
  return out;
}

}  // namespace

CommandFacts facts_of(const CLI::App& app) { return facts_below(app, ""); }

}  // namespace tss
