// Everything a training run is configured by, and where its values come from: the structs' defaults, then the method's own
// (configs/methods, or MethodInfo::defaults), then a configuration file, then --set and the options of the verb.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/engine/optimisation.h"
#include "textsemiseg/inference/sliding_window.h"
#include "textsemiseg/networks/vnet.h"
#include "textsemiseg/sampling/sampler.h"
#include "textsemiseg/text/text_factory.h"

namespace tss {

struct TrainOptions {
  int64_t iterations = 30000;
  double time_budget = 0;          // seconds; above 0: iterations are set once, at the start, to what fits
  std::string precision = "fp32";  // fp32 | bf16
  std::string device = "auto";     // auto | cpu | cuda:N
  int64_t threads = 0;             // 0: all cores
  int64_t log_every = 10;          // iterations
  int64_t checkpoint_every = 200;
  int64_t validate_every = 0;       // 0: fifteen times in the run
  std::string protocol = "honest";  // honest: selection on validation cases, else the last checkpoint | published: on test cases

  template <class V>
  void visit(V& v) {
    v("iterations", iterations);
    v("time_budget", time_budget);
    v("precision", precision);
    v("device", device);
    v("threads", threads);
    v("log_every", log_every);
    v("checkpoint_every", checkpoint_every);
    v("validate_every", validate_every);
    v("protocol", protocol);
  }
  void check() const;
};

struct RunConfig {
  std::string method = "text_semiseg";
  std::string dataset;  // folder
  std::string split;    // empty: split.json
  int64_t seed = 0;
  TrainOptions train;
  OptimiserOptions optimiser;
  SamplerOptions sampler;
  VNetOptions network;
  TextOptions text;
  WindowOptions inference;  // its patch follows sampler.patch unless given
  Json method_options = Json::object();

  template <class V>
  void visit(V& v) {
    v("method", method);
    v("dataset", dataset);
    v("split", split);
    v("seed", seed);
    v("train", train);
    v("optimiser", optimiser);
    v("sampler", sampler);
    v("network", network);
    v("text", text);
    v("inference", inference);
    v(method.c_str(), method_options);
  }
};

// tree: a configuration in which "method" may be given. The method's own defaults go below it, so that the tree's values win.
// Throws InputError on unknown keys, wrong types and values out of range, naming source and field.
RunConfig make_run_config(const Json& tree, const std::string& source);
// The whole configuration, every default written out.
Json resolved(const RunConfig& config);
// The first field, "train.iterations", in which a run that began as `stored` may not go on as `given`; empty when it may. The place of
// the dataset may change between the parts of a run, and what runs/result_keys.h lists.
std::string resume_difference(const RunConfig& stored, RunConfig given);

}  // namespace tss
