// golden_check DIR... : runs every case file (*.json) of the folders given, prints the largest error per quantity, exits 1 past tolerance.
// Tolerances: tests/golden/README.md section 5 in float64; in float32 those, or more where rounding can do more (rounding.h).
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "golden_check/golden.h"
#include "golden_check/rounding.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/memory.h"

namespace fs = std::filesystem;
using golden::Checker;
using golden::Json;

namespace {

struct Options {
  std::vector<fs::path> folders;
  bool strict = false, nightly = false, verbose = false;
  std::string only, measure_rounding;
  size_t part = 1, parts = 1;
};

constexpr const char* kUsage =
    "usage: golden_check DIR... [--strict] [--nightly] [--only NAME] [--part I/N] [--verbose]\n"
    "                    [--measure-rounding FILE]\n"
    "  --strict   files that cannot be run yet count as failures\n"
    "  --nightly  cases with sides of 96 and more in float64 too\n"
    "  --only     one file, by its name without .json\n"
    "  --part     every N-th file beginning with the I-th, for runs side by side\n"
    "  --verbose  a line for every quantity, not only for the worst of each file\n"
    "  --measure-rounding  writes what rounding can do to each quantity, from float64 runs alone (rounding.h), and compares "
    "nothing\n";

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--strict")
      options.strict = true;
    else if (word == "--nightly")
      options.nightly = true;
    else if (word == "--verbose")
      options.verbose = true;
    else if (word == "--only" && i + 1 < argc)
      options.only = argv[++i];
    else if (word == "--measure-rounding" && i + 1 < argc)
      options.measure_rounding = argv[++i];
    else if (word == "--part" && i + 1 < argc && std::sscanf(argv[i + 1], "%zu/%zu", &options.part, &options.parts) == 2 &&
             options.part >= 1 && options.part <= options.parts)
      ++i;
    else if (word == "--help" || word.starts_with("--"))
      throw tss::UsageError(kUsage);
    else
      options.folders.emplace_back(word);
  }
  if (options.folders.empty()) throw tss::UsageError(kUsage);
  return options;
}

Json read(const fs::path& path) {
  std::ifstream in(path);
  try {
    return Json::parse(in);
  } catch (const Json::exception& error) {
    throw tss::InputError(path.string(), "is not JSON", "a case file");
  }
}

void print(const std::string& name, const Checker::Line& line) {
  std::printf("    %-52s %9.2e of %9.2e  n=%-4ld %s%s\n", name.c_str(), line.error,
              line.tolerance > 1e-200 ? line.tolerance : 0.0, static_cast<long>(line.compared), line.failed() ? "FAILED in " : "",
              line.failed() ? line.worst_case.c_str() : "");
}

// {kind of quantity: spread} over all cases and draws, in two digits. What is exact or nearly so is left out.
Json rounding_of(const std::string& name, const Json& file, golden::Runner runner) {
  std::map<std::string, double> largest;
  for (int draw = 1; draw <= golden::kDraws; ++draw) {
    Checker checker(torch::kFloat64, true, Json::object());
    golden::set_rounding_draw(draw);
    runner(file, checker);
    for (const auto& [kind, spread] : checker.spreads()) {
      double& most = largest[kind];
      most = std::max(most, spread);
    }
  }
  golden::set_rounding_draw(0);
  Json out = Json::object();
  for (const auto& [kind, spread] : largest) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.1e", spread);
    if (spread > 1e-8) out[kind] = std::strtod(digits, nullptr);
  }
  std::printf("measured %s\n", name.c_str());
  std::fflush(stdout);
  return out;
}

bool check_file(const std::string& name, const Json& file, golden::Runner runner, torch::Dtype dtype, const Options& options,
                const Json& rounding) {
  Checker checker(dtype, options.nightly, rounding);
  std::string thrown;
  try {
    runner(file, checker);
  } catch (const std::exception& error) {
    thrown = error.what();
  }
  const bool nothing = checker.lines().empty() && checker.left_to_nightly() == 0;
  const bool failed = !thrown.empty() || checker.failed() || nothing;
  double worst = 0;
  for (const auto& [quantity, line] : checker.lines()) worst = std::max(worst, line.error / line.tolerance);
  std::printf("%-6s %-28s %s  %3ld cases, largest error %8.1e of its tolerance%s\n", failed ? "FAIL" : "ok", name.c_str(),
              dtype == torch::kFloat64 ? "float64" : "float32", static_cast<long>(checker.cases()), worst,
              checker.left_to_nightly() ? (", " + std::to_string(checker.left_to_nightly()) + " left to --nightly").c_str() : "");
  if (!thrown.empty()) std::printf("    stopped: %s\n", thrown.c_str());
  if (nothing && thrown.empty()) std::printf("    nothing was compared\n");
  for (const auto& [quantity, line] : checker.lines())
    if (options.verbose || line.failed()) print(quantity, line);
  std::fflush(stdout);
  return !failed;
}

fs::path sibling_folder;

int run(const Options& options) {
  int passed = 0, failed = 0;
  Json rounding = Json::object();
  if (options.measure_rounding.empty()) rounding = read(TSS_ROUNDING);
  std::vector<std::string> pending;
  for (const auto& folder : options.folders) {
    if (!fs::is_directory(folder)) throw tss::InputError(folder.string(), "is not a folder", "a folder of case files");
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".json") paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    if (paths.empty()) throw tss::InputError(folder.string(), "holds no *.json", "case files");
    sibling_folder = folder;
    for (size_t i = options.part - 1; i < paths.size(); i += options.parts) {
      const fs::path& path = paths[i];
      if (!options.only.empty() && path.stem() != options.only) continue;
      const Json file = read(path);
      const std::string name =
          file.is_object() && file.contains("file") ? file.at("file").get<std::string>() : path.stem().string();
      const auto runner = golden::runners().find(name);
      if (runner == golden::runners().end()) {
        pending.push_back(name);
        continue;
      }
      if (!options.measure_rounding.empty()) {
        rounding[name] = rounding_of(name, file, runner->second);
        continue;
      }
      for (const auto dtype : {torch::kFloat64, torch::kFloat32})
        (check_file(name, file, runner->second, dtype, options, rounding.value(name, Json::object())) ? passed : failed) += 1;
    }
  }
  if (!options.measure_rounding.empty()) {
    std::ofstream(options.measure_rounding) << rounding.dump(1) << "\n";
    return 0;
  }
  for (const auto& name : pending) std::printf("pending %s (no method here runs it yet)\n", name.c_str());
  std::printf("%d runs passed, %d failed, %zu files pending%s\n", passed, failed, pending.size(),
              options.strict && !pending.empty() ? " (strict: counted as failures)" : "");
  return failed > 0 || passed == 0 || (options.strict && !pending.empty()) ? 1 : 0;
}

}  // namespace

namespace golden {

Json read_sibling(const std::string& name) { return read(sibling_folder / (name + ".json")); }

}  // namespace golden

int main(int argc, char** argv) {
  tss::keep_freed_memory();
  try {
    return run(parse(argc, argv));
  } catch (const tss::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
