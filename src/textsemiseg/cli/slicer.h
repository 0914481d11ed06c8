// The program under another name: links such as TextSemiSegPredict are modules of 3D Slicer as its execution model has them: --xml
// describes a module, parameters come by flag and volumes by position, lines of progress go to standard output.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tss {

// What Slicer filled in: empty where nothing was, "true" for a flag that was given.
struct SlicerCall {
  std::map<std::string, std::string> values;
  std::string return_file;  // where what comes back is written, as "name = value"; may be empty

  const std::string& value(const std::string& name) const { return values.at(name); }
};

// The names are those of its description.
struct SlicerModule {
  std::string name;  // of the link that installation makes
  std::vector<std::string> volumes, options, flags;
  std::map<std::string, std::string> (*run)(const SlicerCall& call);  // does the work; gives what comes back
};

const std::vector<SlicerModule>& slicer_modules();

// What --xml prints, by the module's name: configs/slicer/*.xml.
const std::map<std::string, std::string>& slicer_descriptions();

// Throws UsageError naming an unknown flag, a flag without value or a missing volume. Values are checked by the verb that gets them.
SlicerCall read_slicer_call(const SlicerModule& module, const std::vector<std::string>& words);

// The exit code when argv[0] is the name of a module; empty for the program's own name.
std::optional<int> run_as_slicer_module(int argc, char** argv);

}  // namespace tss
