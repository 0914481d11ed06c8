#include "textsemiseg/engine/resume.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/optimisation.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {
namespace fs = std::filesystem;

namespace {

std::string absolute_path(const std::string& path) {
  return path.empty() ? path : fs::absolute(path).lexically_normal().string();
}

std::string value_at(const RunConfig& config, std::string key) {
  std::replace(key.begin(), key.end(), '.', '/');
  const Json tree = resolved(config);
  const Json::json_pointer pointer("/" + key);
  return tree.contains(pointer) ? tree.at(pointer).dump() : "nothing";
}

InputError difference(const fs::path& run, const std::string& key, const std::string& began, const std::string& found) {
  return InputError(
      key, concat("the run began with ", began, " (", RunFolder{run}.config().string(), ") and cannot go on with ", found),
      "the value it began with, which needs no option, or another --run");
}

bool holds_dataset(const fs::path& folder) { return fs::exists(folder / "dataset.json"); }

}  // namespace

RunConfig config_of_begun_run(const fs::path& run, const Json& given, const std::string& source) {
  const RunFolder folder{run};
  if (!fs::exists(folder.config()))
    throw InputError(run.string(), "holds no run that could go on",
                     "a folder that train --run has made (without --resume one begins)");
  Json tree = resolved(read_run_config(run));
  if (fs::exists(folder.record())) {
    const std::string recorded = read_run_record(folder).dataset_folder;
    if (holds_dataset(recorded) || !holds_dataset(tree.value("dataset", ""))) tree["dataset"] = recorded;
  }
  // Of another method the other keys are no question of values.
  if (given.is_object() && given.contains("method") && given.at("method") != tree.at("method"))
    throw difference(run, "method", tree.at("method").dump(), given.at("method").dump());
  merge(tree, given);
  return make_run_config(tree, source);
}

RunConfig config_to_go_on(const fs::path& run, RunConfig given, bool longer) {
  const RunConfig stored = read_run_config(run);
  const int64_t wanted = given.train.iterations, before = stored.train.iterations;
  if (longer || stored.train.time_budget > 0) given.train.iterations = before;
  if (longer) given.train.lengthened = stored.train.lengthened;
  given.train.init_from = absolute_path(given.train.init_from);
  const std::string key = resume_difference(stored, given);
  if (!key.empty()) throw difference(run, key, value_at(stored, key), value_at(given, key));
  if (!longer) return given;
  if (wanted <= before)
    throw InputError("--longer", concat("found ", wanted, ", and ", run.string(), " is to have ", before, " iterations already"),
                     concat("their number in all, more than ", before, "; --resume goes on to ", before));
  given.train.iterations = wanted;
  given.train.lengthened.push_back(before);
  return given;
}

std::string lengthening_line(const RunConfig& config, int64_t iteration) {
  const int64_t before = config.train.lengthened.back(), now = config.train.iterations;
  const OptimiserOptions& o = config.optimiser;
  if (o.schedule == "constant")
    return concat("longer: ", now, " iterations instead of ", before, "; the learning rate stays constant");
  return concat("longer: ", now, " iterations instead of ", before, "; the learning rate (schedule ", o.schedule,
                ") is that of the longer run from here on: ", learning_rate_at(o, iteration, now), " in the next step, ",
                learning_rate_at(o, std::max<int64_t>(iteration - 1, 0), before), " in the one before");
}

}  // namespace tss
