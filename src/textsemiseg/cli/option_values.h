// What the values of options are: files, folders, or a few words. An option's name means the same in every verb, so that this is
// said once; help and shell completion show it.
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
