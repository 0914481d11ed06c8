#include "textsemiseg/engine/text_probe.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/validation.h"
#include "textsemiseg/metrics/overlap.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/text/text_factory.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {
namespace {

constexpr double kLeastProbability = 1e-6;  // below it a logarithm shows rounding, not text

torch::Tensor drawn_texts(const torch::Tensor& like, uint64_t seed) {
  torch::Tensor out = torch::empty(like.sizes(), torch::kFloat64);
  Random random(seed, Stream::kText, 0, 1);
  for (int64_t j = 0; j < out.numel(); ++j) out.data_ptr<double>()[j] = random.normal();
  return (out / out.norm(2, 1, true)).to(like.options());
}

torch::Tensor centred_logits(const torch::Tensor& probabilities) {
  const torch::Tensor logs = probabilities.clamp_min(kLeastProbability).log();
  return logs - logs.mean(0, true);
}

// Mean foreground Dice of a decision; absent without a label or where no class is defined.
std::optional<double> mean_dice(const torch::Tensor& probabilities, const CachedCase& one) {
  if (!one.label) return std::nullopt;
  const torch::Tensor labels = probabilities.argmax(0).to(torch::kUInt8).contiguous();
  const auto counts = count_classes(labels.data_ptr<uint8_t>(), one.label->data<uint8_t>(), one.geometry.size);
  double sum = 0;
  int64_t defined = 0;
  for (int64_t c = 1; c < probabilities.size(0); ++c) {
    const double value = dice(counts[static_cast<size_t>(c)]);
    if (std::isnan(value)) continue;
    sum += value;
    ++defined;
  }
  if (defined == 0) return std::nullopt;
  return sum / static_cast<double>(defined);
}

TextChange change(const CachedCase& one, const torch::Tensor& before, const torch::Tensor& after) {
  TextChange out;
  out.id = one.id;
  const torch::Tensor logits = (centred_logits(after) - centred_logits(before)).abs();
  out.largest_logit = logits.max().item<double>();
  out.mean_logit = logits.mean().item<double>();
  out.decisions = (before.argmax(0) != after.argmax(0)).sum().item<int64_t>();
  out.voxels = before[0].numel();
  const auto dice_before = mean_dice(before, one), dice_after = mean_dice(after, one);
  // Where no class is defined on one side, the other one stands against nothing.
  if (dice_before && dice_after) out.dice = *dice_after - *dice_before;
  return out;
}

double mean_over(const std::vector<TextChange>& cases, double (*value)(const TextChange&)) {
  double sum = 0;
  for (const TextChange& one : cases) sum += value(one);
  return cases.empty() ? 0 : sum / static_cast<double>(cases.size());
}

// Words for every class but the background, none of which one of its texts contains.
std::vector<std::vector<std::string>> other_words(const std::vector<ClassText>& own, const std::vector<std::string>& words) {
  const auto used = [&](const std::string& word) {
    return std::any_of(own.begin(), own.end(), [&](const ClassText& text) {
      return std::any_of(text.texts.begin(), text.texts.end(),
                         [&](const std::string& t) { return to_lower_ascii(t).find(word) != std::string::npos; });
    });
  };
  std::vector<std::string> free;
  std::copy_if(words.begin(), words.end(), std::back_inserter(free), [&](const std::string& word) { return !used(word); });
  std::vector<std::vector<std::string>> out = {own.front().texts.empty() ? std::vector{own.front().name} : own.front().texts};
  for (size_t k = 1; k < own.size(); ++k) out.push_back({free[(k - 1) % free.size()]});
  return out;
}

// The run's trained text source with other words in it.
torch::Tensor features_of(const LoadedRun& run, const std::vector<std::vector<std::string>>& words) {
  std::vector<std::string> names;
  for (const auto& one : words) names.push_back(one.front());
  const auto source = make_text_source(run.config.text, names, static_cast<uint64_t>(run.config.seed), words);
  if (source->encoder_hash() != run.state.encoder_hash)
    throw InputError("text", "the encoder or table at hand has hash " + source->encoder_hash(),
                     run.state.encoder_hash + ", as in training");
  if (run.state.encoder_hash.empty()) throw InputError("text", "learned vectors, which no word enters", "an encoder or a table");
  const std::string file = RunFolder{run.folder}.checkpoint(run.checkpoint).string();
  load_into(*source, with_prefix(read_checkpoint(file).method, "text."), file);
  for (size_t k = 1; k < words.size(); ++k) {
    if (source->classes()[k].learned)
      throw InputError("text", "'" + words[k].front() + "' is no row of the table", "a table with rows of other organs");
  }
  torch::NoGradGuard no_grad;
  return source->features().detach();
}

}  // namespace

double TextProbeRow::largest_logit() const {
  double out = 0;
  for (const TextChange& one : cases) out = std::max(out, one.largest_logit);
  return out;
}

double TextProbeRow::mean_logit() const {
  return mean_over(cases, [](const TextChange& one) { return one.mean_logit; });
}

double TextProbeRow::decided() const {
  return mean_over(cases,
                   [](const TextChange& one) { return static_cast<double>(one.decisions) / static_cast<double>(one.voxels); });
}

std::vector<TextReplacement> plain_replacements(const torch::Tensor& texts, uint64_t seed) {
  return {{"permuted", "class k gets the text of class k + 1", texts.roll(-1, 0)},
          {"others", "every class gets the text of class 1", texts.narrow(0, 1, 1).expand_as(texts).contiguous()},
          {"random", "unit vectors drawn from the seed", drawn_texts(texts, seed)},
          {"blank", "zeros", torch::zeros_like(texts)}};
}

std::vector<TextReplacement> worded_replacements(const LoadedRun& run, std::vector<std::string>& unavailable) {
  struct Words {
    const char *name, *what;
    std::vector<std::string> words;
  };
  static const std::vector<Words> all = {
      {"organs",
       "names of organs that no class has",
       {"spleen", "lung", "femur", "bladder", "thyroid", "gallbladder", "colon", "aorta", "prostate", "kidney", "stomach"}},
      {"nonsense", "letters without meaning", {"blorfzint", "quavelim", "dretnok", "sploomary", "vixthrane", "grumbelow"}}};
  std::vector<TextReplacement> out;
  for (const Words& words : all) {
    try {
      const auto texts = other_words(class_texts_of(run.record), words.words);
      out.push_back({words.name, concat(words.what, " ('", texts.at(1).front(), "', ...)"), features_of(run, texts)});
    } catch (const InputError& error) {
      unavailable.push_back(concat(words.name, ": ", error.what()));
    }
  }
  return out;
}

TextProbe probe_texts(Method& method, const Dataset& dataset, const std::vector<std::string>& cases,
                      const std::vector<TextReplacement>& replacements, const WindowOptions& window, torch::Device device) {
  torch::NoGradGuard no_grad;
  method.eval();
  const torch::Tensor own = method.class_texts().clone();
  TextProbe probe;
  for (const TextReplacement& replacement : replacements) probe.rows.push_back({replacement, {}, {}});
  for (const std::string& id : cases) {
    const CachedCase one = dataset.load(id);
    const auto with_texts = [&](const torch::Tensor& texts) {
      method.set_class_texts(texts.to(own.options()));
      return predict_case(method, one, dataset.channels(), window, device);
    };
    const torch::Tensor as_trained = with_texts(own);
    for (TextProbeRow& row : probe.rows) row.cases.push_back(change(one, as_trained, with_texts(row.replacement.texts)));
  }
  method.set_class_texts(own);
  for (TextProbeRow& row : probe.rows) {
    std::vector<double> changes;
    for (const TextChange& one : row.cases) {
      if (one.dice) changes.push_back(*one.dice);
    }
    row.dice = estimate_mean(changes);
  }
  return probe;
}

Json to_json(const TextProbe& probe) {
  const auto number = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
  Json rows = Json::array();
  Json cases = Json::array();
  for (const TextProbeRow& row : probe.rows) {
    Json changes = Json::array();
    for (const TextChange& one : row.cases) {
      changes.push_back({{"case", one.id},
                         {"largest_logit", one.largest_logit},
                         {"mean_logit", one.mean_logit},
                         {"decisions", one.decisions},
                         {"voxels", one.voxels},
                         {"dice", number(one.dice)}});
      if (&row == &probe.rows.front()) cases.push_back(one.id);
    }
    rows.push_back({{"name", row.replacement.name},
                    {"what", row.replacement.what},
                    {"largest_logit", row.largest_logit()},
                    {"mean_logit", row.mean_logit()},
                    {"decisions_share", row.decided()},
                    {"dice",
                     {{"mean", number(row.dice.mean)},
                      {"low", number(row.dice.low)},
                      {"high", number(row.dice.high)},
                      {"n", row.dice.count}}},
                    {"changes", changes}});
  }
  return {{"cases", cases}, {"rows", rows}, {"unavailable", probe.unavailable}};
}

std::string describe(const TextProbe& probe) {
  std::ostringstream out;
  for (const TextProbeRow& row : probe.rows) {
    out << row.replacement.name << std::string(row.replacement.name.size() < 9 ? 9 - row.replacement.name.size() : 1, ' ');
    out << "logits change by " << row.mean_logit() << " on average, at most " << row.largest_logit() << "; "
        << fixed(100 * row.decided(), 3) << " % of voxels change class";
    if (row.dice.mean) {
      out << "; Dice " << (*row.dice.mean >= 0 ? "+" : "") << fixed(*row.dice.mean, 4);
      if (row.dice.low && row.dice.high) out << " [" << fixed(*row.dice.low, 4) << ", " << fixed(*row.dice.high, 4) << "]";
    }
    out << "  (" << row.replacement.what << ")\n";
  }
  for (const std::string& line : probe.unavailable) out << "not measured: " << line << "\n";
  return out.str();
}

}  // namespace tss
