#include "textsemiseg/workflows/probe_run.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/engine/run_data.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Evenly spread over the role, so that a few of them stand for all.
std::vector<std::string> chosen_cases(const std::vector<std::string>& all, int64_t most) {
  const auto count = static_cast<int64_t>(all.size());
  if (most <= 0 || most >= count) return all;
  std::vector<std::string> out;
  for (int64_t i = 0; i < most; ++i) out.push_back(all[static_cast<size_t>(i * count / most)]);
  return out;
}

}  // namespace

ProbedRun probe_run(const LoadedRun& run, const ProbeRunOptions& options) {
  if (!run.method->class_texts().defined())
    throw InputError(run.folder.string(), "is a run of '" + run.config.method + "', which uses no class texts",
                     "a run of text_semiseg");
  const Role role = role_from_name(options.role);
  const Dataset dataset = open_data_of_run(run, options.dataset, options.split, role);
  const auto& cases = dataset.cases(role);

  ProbedRun out;
  const torch::Device device = choose_device(options.device);
  run.method->to(device);
  auto replacements = plain_replacements(run.method->class_texts(), static_cast<uint64_t>(run.config.seed));
  std::vector<std::string> unavailable;
  for (TextReplacement& worded : worded_replacements(run, unavailable)) replacements.push_back(std::move(worded));
  out.probe = probe_texts(*run.method, dataset, chosen_cases(cases, options.cases), replacements, run.config.inference, device);
  out.probe.unavailable = std::move(unavailable);
  out.json = {{"run", run.record.name},
              {"method", run.config.method},
              {"role", options.role},
              {"checkpoint", run.chosen},
              {"texts", Json::array()}};
  for (const RecordedText& text : run.record.texts.list)
    out.json["texts"].push_back({{"class", text.name}, {"source", text.source}});
  out.json.update(to_json(out.probe));
  if (!is_data_of_run(run, dataset, options.split, role)) return out;
  out.file = RunFolder{run.folder}.results(options.role).text_probe();
  write_json(out.file, out.json);
  return out;
}

}  // namespace tss
