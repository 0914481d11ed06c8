// textsemiseg export: a run's weights for the authors' Python, or its prediction as an ONNX graph.
#include "textsemiseg/onnx/export.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/exchange/export_weights.h"

namespace tss {
namespace {

struct ExportArguments {
  std::string run, output;
  ExportOptions options;
  bool original = false;
};

void run_export(const ExportArguments& arguments) {
  if (arguments.original && arguments.options.names != "original")
    throw UsageError("--original-names and --names exclude each other");
  if (ends_with(arguments.output, ".safetensors")) {
    log_info(export_weights(arguments.run, arguments.output, arguments.options));
    return;
  }
  if (!ends_with(arguments.output, ".onnx"))
    throw InputError("--output", "found '" + arguments.output + "'", "a name ending in .safetensors or .onnx");
  check_output(arguments.output, arguments.options.overwrite);
  export_onnx(arguments.run, arguments.output, {arguments.options.checkpoint, arguments.options.overwrite});
}

}  // namespace

std::function<void()> declare_export(CLI::App& app) {
  auto arguments = std::make_shared<ExportArguments>();
  app.add_option("--run", arguments->run, "folder of a run")->type_name("RUN")->required();
  app.add_option("--output", arguments->output, "a new file: .safetensors (weights) or .onnx (the graph that predicts)")
      ->type_name("PATH")
      ->required();
  app.add_option("--names", arguments->options.names,
                 "of the weights: original, own, or a published network (a wrong name lists them)")
      ->capture_default_str();
  app.add_flag("--original-names", arguments->original, "the names of the authors' program (default)");
  app.add_option("--checkpoint", arguments->options.checkpoint, "selected, best or last")
      ->type_name("selected|best|last")
      ->capture_default_str();
  app.add_flag("--overwrite", arguments->options.overwrite, "replace the file if it exists");
  return [arguments] { run_export(*arguments); };
}

}  // namespace tss
