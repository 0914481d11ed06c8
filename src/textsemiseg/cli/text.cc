// textsemiseg text: what a text encoder makes of words, and what words do to a trained run.
#include <algorithm>
#include <iostream>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/nested_verb.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/text/embedding_table.h"
#include "textsemiseg/text/text_factory.h"
#include "textsemiseg/workflows/probe_run.h"

namespace tss {
namespace {

struct TextArguments {
  std::vector<std::string> texts;
  std::string tokenizer, source = "auto", vocabulary, dataset, output;
  int64_t seed = 0;
  bool json = false;
  ProbeRunOptions probe;
  int64_t threads = 0;
};

// ---- tokenize -------------------------------------------------------------------------------------------------------

void run_tokenize(const TextArguments& arguments) {
  if (arguments.texts.empty()) throw UsageError("text tokenize: give at least one text");
  const auto tokenizer = make_tokenizer(arguments.tokenizer, arguments.vocabulary);
  Json list = Json::array();
  for (const std::string& text : arguments.texts) {
    const std::vector<int64_t> ids = tokenizer(text);
    list.push_back({{"text", text}, {"ids", ids}});
    if (!arguments.json) std::cout << join(ids, " ") << "\n";
  }
  if (arguments.json) std::cout << (list.size() == 1 ? Json{{"ids", list[0]["ids"]}} : Json{{"texts", list}}).dump() << "\n";
}

// ---- encode ---------------------------------------------------------------------------------------------------------

struct Encoded {
  TextTable table;     // unit rows, a text each
  std::string source;  // what made them
};

// The texts given, then those of the dataset's classes; each once.
std::vector<std::string> texts_to_encode(const TextArguments& arguments) {
  std::vector<std::string> texts = arguments.texts;
  if (!arguments.dataset.empty()) {
    for (const auto& of_class : read_dataset_record(arguments.dataset).class_texts)
      texts.insert(texts.end(), of_class.begin(), of_class.end());
  }
  std::vector<std::string> once;
  for (const std::string& text : texts) {
    if (std::find(once.begin(), once.end(), text) == once.end()) once.push_back(text);
  }
  if (once.empty()) throw UsageError("text encode: give at least one text, or --dataset");
  return once;
}

Encoded encode(const TextArguments& arguments) {
  const std::vector<std::string> texts = texts_to_encode(arguments);
  TextOptions options = text_options_for(arguments.source);
  options.vocabulary = arguments.vocabulary;
  const auto seed = static_cast<uint64_t>(arguments.seed);
  if (const auto encoder = make_text_encoder(options, seed)) {  // the texts as they stand, no prompt around them
    const torch::Tensor features = encoder->encode(texts).to(torch::kFloat32);
    return {{features / features.norm(2, 1, true), texts}, encoder->name()};
  }
  const torch::NoGradGuard no_grad;
  const auto source = make_text_source(options, texts, seed);
  return {{source->features().to(torch::kFloat32), texts}, options.table.empty() ? "learned unit vectors" : options.table};
}

void run_encode(const TextArguments& arguments) {
  set_threads(arguments.threads);
  const Encoded encoded = encode(arguments);
  const torch::Tensor cosines = encoded.table.rows.matmul(encoded.table.rows.t());
  const auto list_of = [](const torch::Tensor& row) {
    const torch::Tensor values = row.contiguous();
    return std::vector<float>(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
  };
  if (!arguments.output.empty()) {
    write_text_table(arguments.output, encoded.table, encoded.source);
    log_info(concat("written: ", arguments.output, ", ", encoded.table.prompts.size(), " texts of ", encoded.table.rows.size(1),
                    " numbers"));
  }
  if (arguments.json) {
    Json out = {{"source", encoded.source},
                {"dimension", encoded.table.rows.size(1)},
                {"texts", Json::array()},
                {"cosines", Json::array()}};
    for (size_t i = 0; i < encoded.table.prompts.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      out["texts"].push_back({{"text", encoded.table.prompts[i]}, {"vector", list_of(encoded.table.rows[row])}});
      out["cosines"].push_back(list_of(cosines[row]));
    }
    std::cout << out.dump() << "\n";
    return;
  }
  std::cout << encoded.source << ", " << encoded.table.rows.size(1) << " numbers; cosines:\n";
  for (size_t i = 0; i < encoded.table.prompts.size(); ++i) {
    for (const float value : list_of(cosines[static_cast<int64_t>(i)])) std::cout << fixed(static_cast<double>(value), 4) << "  ";
    std::cout << encoded.table.prompts[i] << "\n";
  }
}

// ---- probe ----------------------------------------------------------------------------------------------------------

void run_probe(const TextArguments& arguments) {
  set_threads(arguments.threads);
  const LoadedRun run = load_run(arguments.probe.run, arguments.probe.checkpoint);
  const ProbedRun probed = probe_run(run, arguments.probe);
  if (arguments.json) {
    std::cout << probed.json.dump(2) << "\n";
    return;
  }
  std::cout << run.record.name << ": " << run.config.method << ", " << run.chosen << "; "
            << probed.probe.rows.front().cases.size() << " cases (" << arguments.probe.role << ")\n"
            << describe(probed.probe);
  if (!probed.file.empty()) log_info("written: " + probed.file.string());
}

}  // namespace

std::function<void()> declare_text(CLI::App& app) {
  NestedVerb<TextArguments> verb(app);
  TextArguments& arguments = verb.arguments();
  CLI::App* tokenize = verb.declare("tokenize", "token ids of a text, without start and end tokens",
                                    "textsemiseg text tokenize --tokenizer clip --json \"left atrium\"", run_tokenize);
  tokenize->add_option("texts", arguments.texts, "one or more texts")->type_name("TEXT");
  tokenize->add_option("--tokenizer", arguments.tokenizer, "clip or wordpiece")->type_name("clip|wordpiece")->required();
  tokenize->add_option("--vocabulary", arguments.vocabulary, "its file (default: of the installed open_clip or MiniLM)")
      ->type_name("FILE");

  CLI::App* encode =
      verb.declare("encode", "unit vectors of texts and their cosines; --output keeps them as a table that training can use",
                   "textsemiseg text encode --source auto --json \"left atrium\" \"pancreas\"", run_encode);
  encode->add_option("texts", arguments.texts, "one or more texts")->type_name("TEXT");
  encode
      ->add_option("--source", arguments.source,
                   "auto, clip, bert; a file, folder or package of an encoder; or a table of embeddings")
      ->type_name("PATH")
      ->capture_default_str();
  encode->add_option("--vocabulary", arguments.vocabulary, "of the encoder, where it is not found by itself")->type_name("FILE");
  encode->add_option("--dataset", arguments.dataset, "also the texts of this dataset's classes")->type_name("FOLDER");
  encode->add_option("--output", arguments.output, "a new table: .safetensors, .npz or .npy")->type_name("PATH");
  encode->add_option("--seed", arguments.seed, "of random weights");
  encode->add_option("--threads", arguments.threads, "0: all cores");

  CLI::App* probe = verb.declare("probe", "what other, permuted and blank class texts change in a run's predictions",
                                 "textsemiseg text probe --run runs/text --role test", run_probe);
  probe->add_option("--run", arguments.probe.run, "folder of a run (train --run)")->type_name("RUN")->required();
  probe->add_option("--role", arguments.probe.role, "whose cases")->type_name("ROLE")->capture_default_str();
  probe->add_option("--dataset", arguments.probe.dataset, "another prepared dataset with the same classes")->type_name("FOLDER");
  probe->add_option("--split", arguments.probe.split, "a split file or a fold's name instead of the run's")->type_name("FILE");
  probe->add_option("--cases", arguments.probe.cases, "at most so many, evenly spread over the role; 0: all")
      ->capture_default_str();
  probe->add_option("--checkpoint", arguments.probe.checkpoint, "selected, best or last")
      ->type_name("selected|best|last")
      ->capture_default_str();
  probe->add_option("--device", arguments.probe.device, "auto, cpu or cuda:N")->type_name("DEVICE")->capture_default_str();
  probe->add_option("--threads", arguments.threads, "0: all cores");
  for (CLI::App* sub : {tokenize, encode, probe}) sub->add_flag("--json", arguments.json, "for machines");
  return verb.action();
}

}  // namespace tss
