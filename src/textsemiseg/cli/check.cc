// textsemiseg check: a look through a prepared dataset before training on it.
#include "textsemiseg/data/check.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/verbs.h"

namespace tss {
namespace {

struct CheckArguments {
  std::string dataset, split;
  bool json = false;
};

void print(const Dataset& dataset, DatasetCheck& check) {
  std::cout << dataset.name() << ": " << dataset.split().describe() << "\n";
  for (size_t k = 0; k < check.classes.size(); ++k) {
    std::vector<std::string> parts;
    for (const Role role : kRoles) {
      if (role == Role::kUnlabelled) continue;
      parts.push_back(concat(check.classes[k].cases[role], " of ", dataset.cases(role).size(), " ", role_name(role)));
    }
    std::cout << "  " << k << " " << dataset.class_names()[k] << ": in " << join(parts, ", ") << " cases; "
              << check.classes[k].voxels << " voxels\n";
  }
}

void run(const CheckArguments& arguments) {
  const Dataset dataset = Dataset::open(arguments.dataset, arguments.split);
  DatasetCheck check = check_dataset(arguments.dataset, arguments.split);
  if (arguments.json) {
    std::cout << to_json(check, dataset.class_names()).dump(2) << "\n";
  } else {
    print(dataset, check);
  }
  for (const std::string& line : check.warnings) log_warning(line);
  if (check.errors.empty()) return;
  for (size_t i = 1; i < check.errors.size(); ++i) log_error(check.errors[i]);
  throw InputError(arguments.dataset, check.errors.front(), "a dataset that training can learn every class from");
}

}  // namespace

std::function<void()> declare_check(CLI::App& app) {
  auto arguments = std::make_shared<CheckArguments>();
  app.add_option("--dataset", arguments->dataset, "a prepared dataset")->required();
  app.add_option("--split", arguments->split, "a split file or a fold's name instead of split.json");
  app.add_flag("--json", arguments->json, "for machines");
  return [arguments] { run(*arguments); };
}

}  // namespace tss
