// What there is to type, as plain data: the one source of shell completion, taken from the declared verbs.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/cli/option_values.h"

namespace tss {

struct OptionFacts {
  std::vector<std::string> names;  // "-q", "--quiet"; of a positional: its name
  OptionValues values;
  std::string description;
  bool repeated = false;
};

struct CommandFacts {
  std::string name;  // "encode"
  std::string full;  // "textsemiseg text encode"
  std::string summary, example;
  std::vector<OptionFacts> options, positionals;
  std::vector<CommandFacts> commands;
};

CommandFacts facts_of(const CLI::App& app);

}  // namespace tss
