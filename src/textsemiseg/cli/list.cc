// textsemiseg list: methods, networks and text sources; with a dataset, the text source of each class.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "textsemiseg/base/aligned_table.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/engine/run_config.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/networks/catalogue.h"
#include "textsemiseg/text/text_factory.h"

namespace tss {
namespace {

struct ListArguments {
  std::string dataset, options;  // options: a method
  std::vector<std::string> overrides;
  bool json = false;
};

// What --set can reach.
struct ListSections {
  TextOptions text;
  template <class V>
  void visit(V& v) {
    v("text", text);
  }
};

// The text that training on this dataset would start from.
std::vector<ClassText> class_texts(const ListArguments& arguments) {
  const DatasetRecord record = read_dataset_record(arguments.dataset);
  ListSections sections;
  Json config = write_options(sections);
  for (const std::string& assignment : arguments.overrides) apply_override(config, assignment);
  read_options(config, "--set", sections);
  return make_text_source(sections.text, record.class_names, 0, record.class_texts)->classes();
}

void print_table(const char* title, const std::vector<std::pair<std::string, std::string>>& rows) {
  std::cout << title << "\n";
  for (const auto& [name, text] : rows) {
    std::cout << "  " << name << std::string(name.size() < 20 ? 20 - name.size() : 1, ' ') << text << "\n";
  }
}

// Every key of a run of this method, with the value that it has where nothing is given.
void run_options_of(const ListArguments& arguments) {
  const std::vector<OptionField> fields = run_options(arguments.options);
  if (arguments.json) {
    Json result = Json::array();
    for (const OptionField& field : fields) result.push_back({{"key", field.key}, {"value", field.value}, {"help", field.help}});
    std::cout << result.dump(2) << "\n";
    return;
  }
  std::vector<std::vector<std::string>> rows{{"key", "value", "meaning"}};
  for (const OptionField& field : fields) rows.push_back({field.key, field.value.dump(), field.help});
  std::cout << aligned(rows);
}

void run_list(const ListArguments& arguments) {
  if (!arguments.options.empty()) return run_options_of(arguments);
  std::vector<std::pair<std::string, std::string>> method_rows;
  for (const MethodInfo& info : methods()) method_rows.emplace_back(info.name, info.summary);
  const std::vector<ClassText> classes = arguments.dataset.empty() ? std::vector<ClassText>{} : class_texts(arguments);

  if (arguments.json) {
    const auto names = [](const auto& rows) {
      Json result = Json::array();
      for (const auto& row : rows) result.push_back(row.first);
      return result;
    };
    Json result = {{"methods", names(method_rows)}, {"networks", names(networks())}, {"texts", names(text_sources())}};
    for (size_t k = 0; k < classes.size(); ++k) {
      result["classes"].push_back({{"class", k}, {"name", classes[k].name}, {"text_source", classes[k].source}});
    }
    std::cout << result.dump(2) << "\n";
    return;
  }
  print_table("Methods", method_rows);
  print_table("Networks", networks());
  print_table("Text sources", text_sources());
  if (classes.empty()) return;
  std::vector<std::pair<std::string, std::string>> class_rows;
  for (const ClassText& text : classes) class_rows.emplace_back(text.name, text.source);
  print_table("Text of each class", class_rows);
}

}  // namespace

std::function<void()> declare_list(CLI::App& app) {
  auto arguments = std::make_shared<ListArguments>();
  app.add_option("--options", arguments->options, "instead: every key of a run of this method, its value and its meaning")
      ->type_name("METHOD");
  app.add_option("--dataset", arguments->dataset, "also name the text source that each of its classes would get")
      ->type_name("FOLDER");
  app.add_option("--set", arguments->overrides, "override, e.g. text.table=embeddings.npy")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--json", arguments->json, "for machines");
  return [arguments] { run_list(*arguments); };
}

}  // namespace tss
