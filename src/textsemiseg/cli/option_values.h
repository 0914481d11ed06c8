// What the values of options are: files, folders, or a few words; help shows it, and the shell completes it. An option says it where it
// is declared, by the name of its type, by its words, or by a check against a list:
//
//   app.add_option("--config", config, "TOML file")->type_name("FILE");
//   app.add_option("--precision", precision, "of the convolutions")->type_name("fp32|bf16");
//   app.add_option("--names", names, "whose names")->check(CLI::IsMember({"own", "published"}));
//
// Types that are completed: FILE, FOLDER, PATH (either), RUN (a run's folder), METHOD, RECIPE, PLAN, PRESET, METRICS, ROLE, DEVICE, AXES and
// SECTION.KEY=VALUE (of a run's configuration). Any other name is shown in help alone.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tss {

enum class ValueKind { kNone, kText, kWords, kFile, kFolder, kPath };

struct OptionValues {
  ValueKind kind = ValueKind::kText;
  std::string label;               // in help: "FOLDER", "gaussian|constant"
  std::vector<std::string> words;  // what can be typed; with files, folders and paths: besides them
};

// Flags have kNone.
OptionValues values_of(const CLI::Option& option);

// Sets the label of every option of app, which CLI11 shows in --help.
void label_values(CLI::App& app);

}  // namespace tss
