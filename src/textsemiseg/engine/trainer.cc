#include "textsemiseg/engine/trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "textsemiseg/base/at_hand.h"
#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/folder_lock.h"
#include "textsemiseg/base/interrupt.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/temporary_name.h"
#include "textsemiseg/engine/batch_tensors.h"
#include "textsemiseg/engine/checkpoint.h"
#include "textsemiseg/engine/collapse.h"
#include "textsemiseg/engine/costs.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/engine/forecast.h"
#include "textsemiseg/engine/initial_weights.h"
#include "textsemiseg/engine/loss_guard.h"
#include "textsemiseg/engine/memory_estimate.h"
#include "textsemiseg/engine/phases.h"
#include "textsemiseg/engine/resume.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/engine/run_data.h"
#include "textsemiseg/engine/run_log.h"
#include "textsemiseg/engine/stop_notice.h"
#include "textsemiseg/engine/text_probe.h"
#include "textsemiseg/engine/training_facts.h"
#include "textsemiseg/engine/validation.h"
#include "textsemiseg/engine/watch_plan.h"
#include "textsemiseg/engine/weight_average.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {
namespace fs = std::filesystem;

namespace {

class Trainer {
 public:
  Trainer(const RunConfig& config, const fs::path& run, StartMode mode, const TrainHooks& hooks);
  TrainResult run();

 private:
  // begins_anew: a run that has no checkpoint yet, and its iterations.
  void start_fresh(bool begins_anew);
  void resume();
  std::shared_ptr<TextSource> make_text() const;
  void build();
  void make_optimisation();
  void look_at_memory();
  void fix_iterations_by_time();
  void tell_forecast();
  void begin_phase(const PhaseSpan& span);
  void run_phase(const PhaseSpan& span);
  void take_step(BatchLoader& loader, const PhaseSpan& span);
  void skip(const std::string& objection);
  void save(const std::string& which);
  void check_finite();
  [[noreturn]] void stop_for(const std::string& objection) const;
  // The method with the weights it predicts with, while the result lives.
  std::unique_ptr<WeightAverage::Use> predicting_weights();
  void validate_now();
  void report_text_probe();

  RunConfig config_;
  RunFolder folder_;
  StartMode mode_;
  TrainHooks hooks_;
  Stopwatch since_begin_;  // set-up included
  torch::Device device_;
  Dataset dataset_;
  Sampler sampler_;
  std::vector<PhaseSpan> phases_;
  WatchPlan plan_;
  std::string memory_;  // needed and there, for people
  CollapseWatch collapse_;
  std::shared_ptr<TextSource> text_;
  std::shared_ptr<Method> method_;
  std::unique_ptr<Optimisation> optimisation_;
  LossGuard guard_;
  std::optional<WeightAverage> average_;  // with train.average
  TrainState state_;
  std::unique_ptr<RunLog> log_;
  double seconds_before_ = 0;
  Stopwatch clock_;
  std::unique_ptr<Progress> progress_;
  std::unique_ptr<StopNotice> notice_;
  std::vector<double> step_seconds_;  // since the program began
  double validation_seconds_ = 0;     // of the last one
  int64_t skipped_in_line_ = 0;       // since the last line of the log
  int64_t steps_here_ = 0;            // since the program began
  Stopwatch since_first_step_;
  double loss_ = std::numeric_limits<double>::quiet_NaN();
};

Trainer::Trainer(const RunConfig& config, const fs::path& run, StartMode mode, const TrainHooks& hooks)
    : config_(config),
      folder_{run},
      mode_(mode),
      hooks_(hooks),
      device_(choose_device(config.train.device)),
      dataset_(Dataset::open(config.dataset, config.split)),
      sampler_(dataset_, config.sampler, static_cast<uint64_t>(config.seed)),
      plan_(plan_watching(config, dataset_)),
      guard_(config.train.loss_spike) {
  require_takes_labels(config_.method, dataset_);
  state_.threads = set_threads(config.train.threads);
  if (config.train.protocol == "published")
    log_warning(
        "protocol 'published': the checkpoint is chosen on TEST cases, as the papers did; its test scores are optimistic");
}

std::shared_ptr<TextSource> Trainer::make_text() const {
  if (!method_info(config_.method).uses_text(config_.method_options)) return nullptr;
  const std::string warning = meaningless_warning(dataset_.class_names(), dataset_.class_texts());
  if (!warning.empty()) log_warning(warning);
  return make_text_source(config_.text, dataset_.class_names(), static_cast<uint64_t>(config_.seed), dataset_.class_texts());
}

void Trainer::build() {
  text_ = make_text();
  method_ = build_method(config_, dataset_.class_names(), dataset_.channels(), text_);
  method_->to(device_);
  phases_ = phase_spans(method_->phases(), config_.train.iterations);
  make_optimisation();
}

void Trainer::make_optimisation() {
  optimisation_ = std::make_unique<Optimisation>(*method_, config_.optimiser, config_.train.precision == "bf16");
  if (config_.train.nonfinite == "skip" || config_.train.loss_spike > 0) optimisation_->guard_losses(&guard_);
  if (config_.train.average > 0) average_.emplace(*method_, config_.train.average);
}

// Refuses a patch that will not fit, before its first step and before anything is written.
void Trainer::look_at_memory() {
  memory_ = device_.is_cuda() ? "memory of the GPU" : "memory not looked at";
  if (!device_.is_cpu() || !config_.train.check_memory) return;
  RunConfig config = config_;
  if (!method_info(config.method).uses_unlabelled) config.sampler.unlabelled = 0;
  const torch::Tensor texts = text_ ? text_->features().detach() : torch::Tensor();
  StepMemory step = measure_step_memory(config, dataset_.class_names(), dataset_.channels(), texts);
  if (text_) step.fixed += text_memory([&] { return text_->features(); });
  method_->zero_grad();
  memory_ = memory_line(step, config, dataset_.channels());
}

// From steps at the cost of the run's end (every term active) and one validation case, with weights that are thrown away afterwards.
void Trainer::fix_iterations_by_time() {
  if (config_.train.time_budget <= 0) return;
  method_->begin_phase(phases_.back().phase.name);
  TimeShares shares;
  constexpr int kWarm = 2, kTimed = 4;
  Stopwatch watch;
  for (int i = 0; i < kWarm + kTimed; ++i) {
    if (i == kWarm) watch.restart();
    optimisation_->step(to_tensors(std::make_shared<PatchBatch>(sampler_.draw(i)), device_), 0, config_.train.iterations - 1,
                        config_.train.iterations);
    optimisation_->finite();
  }
  shares.step = watch.seconds() / kTimed;
  const std::string& one = plan_.scored.front();
  watch.restart();
  validate(*method_, dataset_, {one}, config_.inference, device_);
  const double one_case = watch.seconds();
  // The text probe segments one case five times, and the costs of a window are measured three times, with a gradient.
  shares.end = one_case * (method_->class_texts().defined() ? 6 : 1);
  if (plan_.selects) {
    shares.look = one_case * static_cast<double>(plan_.scored.size());
    shares.looks = plan_.looks;
    shares.every = config_.train.validate_every;
  } else {
    shares.step *=
        1 + look_steps(plan_, config_) * static_cast<double>(plan_.looks) / static_cast<double>(config_.train.iterations);
  }
  watch.restart();
  const fs::path scratch = temporary_name(folder_.path, "time_budget.safetensors");
  write_safetensors(scratch, {state_of(*method_), {}});
  fs::remove(scratch);
  shares.save = 2 * watch.seconds();  // with the optimiser's state
  shares.save_every = config_.train.checkpoint_every;
  shares.begun = since_begin_.seconds();
  constexpr double kRoom = 0.97;  // what is not foreseen
  config_.train.iterations = iterations_within(kRoom * config_.train.time_budget, shares);
  log_info(concat("time budget of ", format_duration(config_.train.time_budget), ": ", config_.train.iterations,
                  " iterations at ", fixed(shares.step, 3), " s (cost at the end of a run); start-up ", fixed(shares.begun, 1),
                  " s, a validation ", fixed(shares.look, 1), " s, the end ", fixed(shares.end, 1), " s"));
  if (shares.begun + shares.step + shares.look + shares.end > config_.train.time_budget)
    log_warning("the time budget does not pay for one step with its validation: it will be exceeded");
  plan_ = plan_watching(config_, dataset_);
  guard_ = LossGuard(config_.train.loss_spike);
  build();
}

// After a few steps, the first of which are slow.
void Trainer::tell_forecast() {
  constexpr int64_t kWarm = 2, kTold = 5;
  ++steps_here_;
  if (steps_here_ != kWarm && steps_here_ != kTold) return;
  optimisation_->finite();  // waits for a GPU
  if (steps_here_ == kWarm) return since_first_step_.restart();
  log_info(forecast(plan_, config_, state_.iteration, since_first_step_.seconds() / (kTold - kWarm), memory_));
}

void Trainer::start_fresh(bool begins_anew) {
  if (!config_.train.init_from.empty())
    config_.train.init_from = fs::absolute(config_.train.init_from).lexically_normal().string();
  build();
  look_at_memory();
  if (!begins_anew) fix_iterations_by_time();
  state_.iterations = config_.train.iterations;
  state_.phases_begun = 0;
  if (text_) state_.encoder_hash = text_->encoder_hash();
  RunRecord record;
  if (!config_.train.init_from.empty()) {
    record.initial_weights = load_initial_weights(config_.train.init_from, *method_, dataset_.class_names(), dataset_.channels());
    if (average_) average_.emplace(*method_, config_.train.average);
  }
  record.dataset = dataset_.name();
  record.dataset_folder = fs::absolute(config_.dataset).lexically_normal().string();
  record.class_names = dataset_.class_names();
  record.channels = dataset_.channels();
  record.recipe = dataset_.recipe();
  if (text_) record.texts = recorded_texts(text_->classes());
  record.protocol = config_.train.protocol;
  record.selection = selection_rule(plan_, config_.train.protocol);
  for (const Role role : kRoles) record.split[role_name(role)] = dataset_.cases(role).size();
  record.cases = cases_of(dataset_.split());
  for (const PhaseSpan& span : phases_) record.phases.push_back({{"name", span.phase.name}, {"iterations", span.length()}});
  record.training_facts = training_facts(dataset_);
  record.environment = environment_record(device_);
  fs::create_directories(folder_.checkpoints());
  write_text_file(folder_.config(), to_toml(resolved(config_)));
  write_run_record(folder_, record);
  log_ = std::make_unique<RunLog>(folder_.log(), 0, hooks_.logged);
}

void Trainer::resume() {
  config_ = config_to_go_on(folder_.path, config_, mode_ == StartMode::kLonger);
  require_unchanged(read_run_record(folder_), dataset_);
  plan_ = plan_watching(config_, dataset_);
  build();
  if (mode_ == StartMode::kLonger && phases_.size() > 1)
    throw InputError("--longer", config_.method + " trains in phases, whose bounds would move",
                     "a new run with --iterations, or --init-from for its weights");
  look_at_memory();
  const Checkpoint checkpoint = read_checkpoint(folder_.checkpoint("last"));
  const std::string source = folder_.checkpoint("last").string();
  load_into(*method_, checkpoint.method, source);
  optimisation_->load_state(checkpoint.optimiser, source);
  if (average_) average_->load(checkpoint.average, source);
  const int64_t threads = state_.threads;
  state_ = checkpoint.state;
  if (text_ && text_->encoder_hash() != state_.encoder_hash)
    throw InputError("--resume: text", "the encoder or table differs from the one the run began with", "the same file");
  if (state_.threads != threads)
    log_warning(concat("the run began with ", state_.threads, " threads and goes on with ", threads,
                       ": results will not be bit-equal to an uninterrupted run"));
  state_.threads = threads;
  state_.iterations = config_.train.iterations;
  guard_.load(state_.losses);
  seconds_before_ = state_.seconds;
  if (mode_ == StartMode::kLonger) {
    write_text_file(folder_.config(), to_toml(resolved(config_)));
    log_info(lengthening_line(config_, state_.iteration));
  }
  log_ = std::make_unique<RunLog>(folder_.log(), state_.iteration, hooks_.logged);
  log_info(concat("resuming at iteration ", state_.iteration, " of ", state_.iterations));
}

void Trainer::save(const std::string& which) {
  Checkpoint checkpoint;
  state_.seconds = seconds_before_ + clock_.seconds();
  state_.losses = guard_.state();
  checkpoint.state = state_;
  checkpoint.method = state_of(*method_);
  if (which == "last") checkpoint.optimiser = optimisation_->state();
  if (which == "last" && average_) checkpoint.average = average_->state();
  checkpoint.class_texts = method_->class_texts();
  write_checkpoint(folder_.checkpoint(which), checkpoint);
}

void Trainer::check_finite() {
  if (!optimisation_->finite()) stop_for("the loss became NaN or infinite");
  // A finite loss can leave weights that are not; such a checkpoint could not be read.
  std::vector<torch::Tensor> weights;
  for (const torch::Tensor& one : method_->parameters()) weights.push_back(one.detach());
  if (!weights.empty() && !torch::stack(at::_foreach_norm(weights)).isfinite().all().item<bool>())
    stop_for("a weight became NaN or infinite");
}

void Trainer::stop_for(const std::string& objection) const {
  const bool saved = fs::exists(folder_.checkpoint("last"));
  throw Error(
      concat(objection, " at about iteration ", state_.iteration, "; ",
             saved ? "the last good checkpoint is kept in " + folder_.checkpoints().string() : "no checkpoint was written yet",
             ". A lower optimiser.learning_rate or optimiser.clip_norm = 1 often helps"));
}

// A step that was not taken counts as one: the schedule and the batches are those of the iterations that follow.
void Trainer::skip(const std::string& objection) {
  if (config_.train.nonfinite == "stop") stop_for(objection);
  constexpr int64_t kMostInARow = 10;  // of a network that is broken each loss is NaN
  ++state_.skipped;
  ++skipped_in_line_;
  if (++state_.skipped_in_a_row > kMostInARow) stop_for(concat(objection, ", in ", state_.skipped_in_a_row, " steps in a row,"));
  if (state_.skipped_in_a_row == 1)
    log_warning(
        concat("iteration ", state_.iteration + 1, ": ", objection, ": the step is skipped (", state_.skipped, " so far)"));
}

std::unique_ptr<WeightAverage::Use> Trainer::predicting_weights() {
  return average_ ? std::make_unique<WeightAverage::Use>(*average_, *method_) : nullptr;
}

void Trainer::validate_now() {
  notice_->now(plan_.selects ? "validation" : "look at a few cases", validation_seconds_);
  const Stopwatch watch;
  const auto predicting = predicting_weights();
  const ValidationScore score = validate(*method_, dataset_, plan_.scored, plan_.window, device_);
  Json line;
  line["iteration"] = state_.iteration;
  const char* what = config_.train.protocol == "published" ? "test" : plan_.selects ? "validation" : "labelled";
  line[what] = {{"dice", score.mean}, {"per_class", score.dice}};
  std::string followed = concat("iteration ", state_.iteration, ": ", what, " Dice ", fixed(score.mean, 4), " (",
                                describe(score, dataset_.class_names()), ")");
  std::string warning;
  if (!plan_.watched.empty()) {
    const double share = foreground_share(*method_, dataset_, plan_.watched, plan_.window, device_);
    line["unlabelled"] = {{"foreground", share}};
    followed += concat("; foreground in ", plan_.watched.size(), " unlabelled case(s): ", fixed(share, 2), " of the labels'");
    warning = collapse_.after_foreground(share, plan_.watched.size(), score.mean);
  } else if (plan_.selects && state_.best_score) {
    warning = collapse_.after_score(what, score.mean, *state_.best_score, state_.best_iteration);
  }
  validation_seconds_ = watch.seconds();
  log_->write(line);
  log_info(followed);
  if (!warning.empty()) log_warning(warning);
  if (!plan_.selects || (state_.best_score && score.mean <= *state_.best_score)) return;
  state_.best_score = score.mean;
  state_.best_iteration = state_.iteration;
  save("best");
}

void Trainer::report_text_probe() {
  if (!method_->class_texts().defined()) return;
  const auto predicting = predicting_weights();
  // One case, and only what needs no encoder: `text probe` does the rest.
  const TextProbe probe =
      probe_texts(*method_, dataset_, {plan_.scored.front()},
                  plain_replacements(method_->class_texts(), static_cast<uint64_t>(config_.seed)), config_.inference, device_);
  log_->write({{"iteration", state_.iteration}, {"text_probe", to_json(probe)}});
  log_info("effect of the class texts on " + plan_.scored.front() + ":");
  for (const std::string& line : split(trim(describe(probe)), '\n')) log_info(line);
}

void Trainer::begin_phase(const PhaseSpan& span) {
  if (span.index > 0) {
    if (span.phase.starts_from_best && state_.best_score) {
      const fs::path path = folder_.checkpoint("best");
      load_into(*method_, read_checkpoint(path).method, path.string());
      log_info(concat("phase ", span.phase.name, " starts from the checkpoint of iteration ", state_.best_iteration));
    }
    // The phase selects for itself.
    collapse_.begin_phase();
    state_.best_score.reset();
    state_.best_iteration = 0;
    make_optimisation();
  }
  method_->begin_phase(span.phase.name);
  state_.phases_begun = static_cast<int64_t>(span.index) + 1;
  if (phases_.size() > 1) log_info(concat("phase ", span.phase.name, ": iterations ", span.begin, " to ", span.end));
  // The selected checkpoint this phase began with is overwritten by its own: resuming must not begin the phase again.
  if (span.index > 0) save("last");
}

void Trainer::take_step(BatchLoader& loader, const PhaseSpan& span) {
  const AtHand step(concat("training step ", state_.iteration + 1));
  notice_->now("step", step_seconds_.empty() ? 0 : step_seconds_.back());
  const Stopwatch watch;
  const std::shared_ptr<PatchBatch> patches = loader.next();
  optimisation_->step(to_tensors(patches, device_), static_cast<uint64_t>(config_.seed), state_.iteration, state_.iterations);
  if (!optimisation_->objection().empty()) {
    require_finite(*patches);
    skip(optimisation_->objection());
  } else {
    state_.skipped_in_a_row = 0;
    if (average_) average_->update(*method_, state_.iteration - span.begin);
    log_->add(optimisation_->logged());
  }
  step_seconds_.push_back(watch.seconds());
  ++state_.iteration;
}

void Trainer::run_phase(const PhaseSpan& span) {
  if (state_.phases_begun <= static_cast<int64_t>(span.index)) begin_phase(span);
  const TrainOptions& train = config_.train;
  SamplerOptions sampling = config_.sampler;
  if (!span.phase.uses_unlabelled) sampling.unlabelled = 0;
  const Sampler sampler(dataset_, sampling, static_cast<uint64_t>(config_.seed));
  BatchLoader loader(sampler, state_.iteration, sampling.threads, sampling.queue);
  while (state_.iteration < span.end) {
    take_step(loader, span);
    const bool last = state_.iteration == state_.iterations, phase_ends = state_.iteration == span.end;
    if (phase_ends || state_.iteration % train.log_every == 0) {
      check_finite();
      loss_ = log_->write_step(state_.iteration, optimisation_->learning_rate(), seconds_before_ + clock_.seconds(),
                               skipped_in_line_);
      skipped_in_line_ = 0;
    }
    progress_->update(state_.iteration, std::isnan(loss_) ? "" : "loss " + fixed(loss_, 4));
    tell_forecast();
    if (look_is_due(plan_, state_.iteration, phase_ends, last)) {
      check_finite();
      validate_now();
    }
    const bool stop = interrupted();
    if (phase_ends || stop || state_.iteration % train.checkpoint_every == 0) {
      check_finite();
      save("last");
    }
    if (stop && !last)
      throw Interrupted(
          concat("stopped at iteration ", state_.iteration, " of ", state_.iterations, "; a checkpoint was written"));
  }
}

TrainResult Trainer::run() {
  const HeldFolder held(folder_.path);
  const bool exists = fs::exists(folder_.checkpoint("last"));
  const bool holds_run = exists || fs::exists(folder_.config());
  if (mode_ == StartMode::kFresh && holds_run)
    throw InputError(folder_.path.string(), "holds a run already", "another --run, or --resume to continue this one");
  if (mode_ != StartMode::kFresh && !holds_run)
    throw InputError(folder_.path.string(), "holds no run that could go on",
                     "a folder that train --run has made (without --resume one begins)");
  if (mode_ == StartMode::kLonger && !exists)
    throw InputError(folder_.path.string(), "has no checkpoint yet", "--resume first, and --longer afterwards");
  if (exists) {
    resume();
  } else {
    if (holds_run) {
      config_ = config_to_go_on(folder_.path, config_, false);
      log_info(folder_.path.string() + ": no checkpoint was written yet, so the run begins anew");
    }
    start_fresh(holds_run);
  }
  set_log_file(folder_.messages().string());
  if (hooks_.begun) hooks_.begun(state_.iteration);
  catch_interrupts();
  log_info(concat(config_.method, " on ", dataset_.name(), ": ", dataset_.split().describe(),
                  "; selection: ", selection_rule(plan_, config_.train.protocol)));
  notice_ = std::make_unique<StopNotice>();
  progress_ = std::make_unique<Progress>(config_.method, state_.iterations, state_.iteration);
  clock_.restart();
  const bool trains = state_.iteration < state_.iterations;
  for (const PhaseSpan& span : phases_) {
    if (state_.iteration < span.end) run_phase(span);
  }
  if (trains) {
    notice_->now("last look at the texts", 0);
    report_text_probe();
    write_costs(folder_.path, config_, *method_, dataset_.channels(), step_seconds_, device_);
  }
  notice_.reset();
  set_log_file("");
  return {state_.iteration, clock_.seconds(), state_.best_score, state_.best_iteration, state_.skipped};
}

}  // namespace

TrainResult train(const RunConfig& config, const fs::path& run, StartMode mode, const TrainHooks& hooks) {
  Trainer trainer(config, run, mode, hooks);
  return trainer.run();
}

}  // namespace tss
