// Everything a training run is configured by, and where its values come from: the structs' defaults, then the method's own
// (configs/methods, or MethodInfo::defaults), then a preset (configs/presets), then a configuration file, then --set and the options of
// the verb.
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
  double time_budget = 0;
  std::string precision = "fp32";
  double average = 0;
  std::string device = "auto";
  int64_t threads = 0;
  int64_t log_every = 10;
  int64_t checkpoint_every = 200;
  int64_t validate_every = 0;
  std::string protocol = "honest";
  std::string nonfinite = "stop";
  double loss_spike = 0;
  std::string init_from;
  std::vector<int64_t> lengthened;
  bool check_memory = true;

  template <class V>
  void visit(V& v) {
    v("iterations", iterations, "optimiser steps, at least 1");
    v("time_budget", time_budget, "seconds of the whole run; above 0: iterations are set once, at the start, to what fits");
    v("precision", precision, "fp32 or bf16: of the convolutions");
    v("average", average,
      "decay of the averaged weights that validate and predict, from 0, below 1 (0.99); 0: the weights themselves");
    v("device", device, "auto, cpu or cuda:N");
    v("threads", threads, "of the CPU; 0: all cores");
    v("log_every", log_every, "iterations between two lines of the log, at least 1");
    v("checkpoint_every", checkpoint_every, "iterations between two checkpoints, at least 1");
    v("validate_every", validate_every, "iterations between two validations; 0: fifteen times in the run");
    v("protocol", protocol,
      "honest (validation cases choose the checkpoint, else the last is taken) or published (test cases do)");
    v("nonfinite", nonfinite, "on a loss or gradient that is NaN or infinite: stop (the run) or skip (the step)");
    v("loss_spike", loss_spike, "a loss above this many times its running mean is treated as one that is NaN; 0: none is");
    v("init_from", init_from, "run or checkpoint whose weights the training starts from; empty: drawn from the seed");
    v("lengthened", lengthened, "written by train --longer: the numbers of iterations that the run was to have before");
    v("check_memory", check_memory, "true or false: a patch that will not fit into memory is refused");
  }
  void check() const;
};

struct RunConfig {
  std::string method = "text_semiseg";
  std::string preset = "published";  // published: nothing beside the method's own file | strong (configs/presets/strong.toml)
  std::string dataset;               // folder
  std::string split;                 // empty: split.json
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
    v("method", method, "what to train");
    v("preset", preset, "published (the method's own file alone) or strong (configs/presets/strong.toml over it)");
    v("dataset", dataset, "folder made by prepare");
    v("split", split, "a split file or a fold's name (fold_0); empty: split.json");
    v("seed", seed, "of everything random, 0 or more");
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
// Every key with its default and a line: those that all methods share, and all that one method has (its own values over the common ones).
std::vector<OptionField> common_run_options();
std::vector<OptionField> run_options(const std::string& method);
// The first field, "train.iterations", in which a run that began as `stored` may not go on as `given`; empty when it may. The place of
// the dataset may change between the parts of a run, and what runs/result_keys.h lists.
std::string resume_difference(const RunConfig& stored, RunConfig given);

}  // namespace tss
