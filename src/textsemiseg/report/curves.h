// The numbers of a run's log.jsonl, as series over iterations.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tss {

// Name -> (iteration, value). Every line is an object with "iteration" and any number of scalars; nested objects and arrays give
// dotted names ("validation.dice.1"). null becomes NaN. A last line cut off while it was written is left out.
using Curves = std::map<std::string, std::vector<std::pair<double, double>>>;

// Throws InputError naming file and line.
Curves read_curves(const std::filesystem::path& log);

}  // namespace tss
