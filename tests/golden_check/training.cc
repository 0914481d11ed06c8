#include "golden_check/training.h"

#include "golden_check/network_cases.h"
#include "golden_check/runner_list.h"
#include "textsemiseg/methods/released/text_semiseg.h"
#include "textsemiseg/networks/published_layout.h"

namespace golden {

torch::nn::Module& network_of(tss::Method& method, const std::string& name) { return *method.named_children()[name]; }

void set_network(torch::nn::Module& network, const std::string& network_file, int64_t stream_offset, const std::string& layout) {
  const Json file = read_sibling(network_file);
  const Json& list = file.contains("network") ? file.at("network") : file.at("network_of_first_case");
  set_weights(network, with_own_names(resized(list, network, layout), layout), stream_offset);
  set_dropout(network, 0);
}

namespace {

tss::Batch batch_of(const Json& c, size_t step, torch::Dtype dtype) {
  const int64_t side = c.at("sides"), n = c.at("batch");
  tss::Batch batch;
  batch.image = volume(c.at("volume_seeds")[step], {n, 1, side, side, side}).to(dtype);
  batch.label = label(c.at("label_seeds")[step], {n, side, side, side}).narrow(0, 0, n / 2);
  return batch;
}

std::string ours(const Prefixes& names, const std::string& name) {
  for (const auto& [theirs, prefix, layout] : names) {
    if (theirs == name) return prefix;
    if (name.starts_with(theirs) && (theirs.empty() || !std::isalnum(static_cast<unsigned char>(theirs.back()))))
      return prefix + tss::own_name(tss::published_layout(layout), name.substr(theirs.size()));
  }
  throw std::runtime_error("no name of ours for " + name);
}

using Values = std::function<torch::Tensor(const std::string&)>;

void check_tensors(const Json& expected, const Prefixes& names, Checker& check, const char* title, Kind kind, const Values& get) {
  for (const auto& [name, field] : expected.items()) {
    const torch::Tensor got = get(ours(names, name));
    const torch::Tensor value = got.defined() ? got : torch::zeros(1);
    check.tensor(std::string(title) + " " + name, value, field, kind);
  }
}

}  // namespace

void run_steps(const Json& c, tss::Method& method, const TrainingRun& run, Checker& check) {
  tss::Optimisation engine(method, run.optimiser);
  auto parameters = method.named_parameters();
  const int64_t first = c.at("t_first");
  for (size_t s = 0; s < c.at("steps").size(); ++s) {
    const Json& step = c.at("steps")[s];
    const int64_t t = first + static_cast<int64_t>(s);
    const tss::Batch batch = batch_of(c, s, check.dtype());
    if (run.before) run.before(batch, t, step);
    // The published program sets the rate after a step: the first one here still ran at the base rate.
    engine.step(batch, 0, t, run.iterations, s == 0 ? std::optional(run.optimiser.learning_rate) : std::nullopt);
    for (const auto& [name, value] : engine.logged()) {
      const auto renamed = run.logged.find(name);
      const std::string& theirs = renamed == run.logged.end() ? name : renamed->second;
      if (step.contains(theirs) && step.at(theirs).is_number())
        check.number(theirs, value.item<double>(), step.at(theirs), Kind::kLoss);
    }
    check.equal("logs the loss", engine.logged().contains("loss"));
    check_tensors(step.at("gradients"), run.names, check, "gradient", Kind::kGradient,
                  [&](const std::string& name) { return parameters[name].grad(); });
    check_tensors(step.at("parameters_after"), run.names, check, "parameter", Kind::kParameter,
                  [&](const std::string& name) { return parameters[name]; });
    if (step.contains("lr_after"))
      check.number("learning rate", tss::learning_rate_at(run.optimiser, t + 1, run.iterations), step.at("lr_after"),
                   Kind::kLoss);
    if (run.after) run.after(step, engine);
  }
  if (c.contains("running_stats_after")) {
    auto buffers = method.named_buffers();
    for (const auto& [name, field] : c.at("running_stats_after").items())
      check.tensor("running statistics", buffers[ours(run.names, name)], field, Kind::kParameter);
  }
}

void check_train_text_semiseg(const Json& file, Checker& check) {
  for (const auto& c : file.at("cases")) {
    check.begin_case(c.at("id"));
    tss::TextSemiSegOptions options;
    options.variant = "reference";
    tss::MethodSetup setup;
    const int64_t side = c.at("sides");
    setup.patch = {side, side, side};
    auto texts = std::make_shared<TrainableTexts>(text(c.at("text").at("seed"), 2, 512, true));
    setup.text = texts;
    tss::TextSemiSegReleased method(options, setup);
    method.to(check.dtype());
    set_network(network_of(method), "net_text_semiseg");
    TrainingRun run;
    run.optimiser.released_offset = true;
    auto net = std::dynamic_pointer_cast<tss::TextVNetImpl>(method.named_children()["network"]);
    run.before = [&](const tss::Batch& batch, int64_t t, const Json& step) {
      // What train_step does not log, from the same function on the same state; running statistics are put back afterwards.
      torch::NoGradGuard no_grad;
      std::map<std::string, torch::Tensor> saved;
      for (const auto& buffer : net->named_buffers()) saved[buffer.key()] = buffer.value().clone();
      method.train();
      const torch::Tensor features = texts->features();
      check_released_step(tss::text_semiseg_released_step(
                              options, batch, features, [&](const torch::Tensor& x) { return net->forward(x, features); }, t),
                          step, check, false);
      for (auto& buffer : net->named_buffers()) buffer.value().copy_(saved[buffer.key()]);
    };
    run_steps(c, method, run, check);
  }
}

}  // namespace golden
