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
#include "textsemiseg/engine/checkpoint.h"
#include "textsemiseg/engine/collapse.h"
#include "textsemiseg/engine/costs.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/engine/memory_estimate.h"
#include "textsemiseg/engine/phases.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/engine/run_data.h"
#include "textsemiseg/engine/run_log.h"
#include "textsemiseg/engine/text_probe.h"
#include "textsemiseg/engine/validation.h"
#include "textsemiseg/engine/weight_average.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/weights/module_state.h"

#include "textsemiseg/engine/training_facts.h"
namespace tss {
namespace fs = std::filesystem;

namespace {

// Copies nothing: the tensor keeps the loader's batch alive until it is dropped.
Batch to_tensors(const std::shared_ptr<PatchBatch>& patches, torch::Device device) {
  const Size3& p = patches->patch;
  const auto images = [&](std::vector<float>& voxels, int64_t samples) {
    return torch::from_blob(
               voxels.data(), {samples, patches->channels, p[0], p[1], p[2]}, [patches](void*) {}, torch::kFloat32)
        .to(device);
  };
  Batch batch;
  batch.image = images(patches->image, patches->labelled + patches->unlabelled);
  if (!patches->weak.empty()) batch.weak = images(patches->weak, patches->unlabelled);
  batch.label =
      torch::from_blob(patches->label.data(), {patches->labelled, p[0], p[1], p[2]}, torch::kUInt8).to(device).to(torch::kInt64);
  batch.groups = patches->groups;
  return batch;
}

class Trainer {
 public:
  Trainer(const RunConfig& config, const fs::path& run, StartMode mode, const TrainHooks& hooks);
  TrainResult run();

 private:
  void start_fresh();
  void resume();
  std::shared_ptr<TextSource> make_text() const;
  void build();
  void make_optimisation();
  void fix_iterations_by_time();
  void begin_phase(const PhaseSpan& span);
  void run_phase(const PhaseSpan& span);
  void save(const std::string& which);
  void check_finite();
  // The method with the weights it predicts with, while the result lives.
  std::unique_ptr<WeightAverage::Use> predicting_weights();
  void validate_now();
  void report_text_probe();
  std::string selection_rule() const;

  RunConfig config_;
  RunFolder folder_;
  StartMode mode_;
  TrainHooks hooks_;
  torch::Device device_;
  Dataset dataset_;
  Sampler sampler_;
  std::vector<PhaseSpan> phases_;
  std::vector<std::string> scored_;   // cases whose Dice is followed
  bool selects_ = false;              // their Dice chooses the checkpoint
  std::vector<std::string> watched_;  // unlabelled cases whose foreground is followed where no Dice chooses
  CollapseWatch collapse_;
  std::shared_ptr<TextSource> text_;
  std::shared_ptr<Method> method_;
  std::unique_ptr<Optimisation> optimisation_;
  std::optional<WeightAverage> average_;  // with train.average
  TrainState state_;
  std::unique_ptr<RunLog> log_;
  double seconds_before_ = 0;
  Stopwatch clock_;
  std::unique_ptr<Progress> progress_;
  std::vector<double> step_seconds_;  // since the program began
  double loss_ = std::numeric_limits<double>::quiet_NaN();
};

Trainer::Trainer(const RunConfig& config, const fs::path& run, StartMode mode, const TrainHooks& hooks)
    : config_(config),
      folder_{run},
      mode_(mode),
      hooks_(hooks),
      device_(choose_device(config.train.device)),
      dataset_(Dataset::open(config.dataset, config.split)),
      sampler_(dataset_, config.sampler, static_cast<uint64_t>(config.seed)) {
  require_takes_labels(config_.method, dataset_);
  check_memory(config_, dataset_.channels(), device_);
  state_.threads = set_threads(config.train.threads);
  if (config.train.protocol == "published") {
    scored_ = dataset_.cases(Role::kTest);
    if (scored_.empty())
      throw InputError("train.protocol", "'published' selects on test cases, and the split has none", "honest");
    selects_ = true;
    log_warning(
        "protocol 'published': the checkpoint is chosen on TEST cases, as the papers did; its test scores are optimistic");
  } else if (!dataset_.cases(Role::kValidation).empty()) {
    scored_ = dataset_.cases(Role::kValidation);
    selects_ = true;
  } else {
    // Shows a class that is never learnt; takes no part in the selection.
    const auto first = [&](Role role, size_t count) {
      const auto& ids = dataset_.cases(role);
      return std::vector<std::string>(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(count, ids.size())));
    };
    scored_ = first(Role::kLabelled, 2);
    watched_ = first(Role::kUnlabelled, 3);
  }
}

std::string Trainer::selection_rule() const {
  if (config_.train.protocol == "published")
    return "best mean foreground Dice on TEST cases during training (published practice; optimistic)";
  if (selects_) return concat("best mean foreground Dice on ", scored_.size(), " validation cases; test cases never read");
  return "last checkpoint (no validation cases); test cases never read";
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
  if (config_.train.average > 0) average_.emplace(*method_, config_.train.average);
}

// Steps at the cost of the run's end (every term active), with weights that are thrown away afterwards.
void Trainer::fix_iterations_by_time() {
  if (config_.train.time_budget <= 0) return;
  build();
  method_->begin_phase(phases_.back().phase.name);
  double seconds = 0;
  constexpr int kWarm = 2, kTimed = 3;
  for (int i = 0; i < kWarm + kTimed; ++i) {
    Stopwatch watch;
    optimisation_->step(to_tensors(std::make_shared<PatchBatch>(sampler_.draw(i)), device_), 0, config_.train.iterations - 1,
                        config_.train.iterations);
    optimisation_->finite();
    if (i >= kWarm) seconds += watch.seconds() / kTimed;
  }
  config_.train.iterations = std::max<int64_t>(1, static_cast<int64_t>(config_.train.time_budget / seconds));
  log_info(concat("time budget of ", format_duration(config_.train.time_budget), ": ", config_.train.iterations,
                  " iterations at ", fixed(seconds, 2), " s (cost at the end of a run)"));
}

void Trainer::start_fresh() {
  fix_iterations_by_time();
  build();
  state_.iterations = config_.train.iterations;
  state_.phases_begun = 0;
  if (text_) state_.encoder_hash = text_->encoder_hash();
  RunRecord record;
  record.dataset = dataset_.name();
  record.dataset_folder = fs::absolute(config_.dataset).lexically_normal().string();
  record.class_names = dataset_.class_names();
  record.channels = dataset_.channels();
  record.recipe = dataset_.recipe();
  if (text_) record.texts = recorded_texts(text_->classes());
  record.protocol = config_.train.protocol;
  record.selection = selection_rule();
  for (const Role role : kRoles) record.split[role_name(role)] = dataset_.cases(role).size();
  record.cases = cases_of(dataset_.split());
  for (const PhaseSpan& span : phases_) record.phases.push_back({{"name", span.phase.name}, {"iterations", span.length()}});
  record.environment = environment_record(device_);
  fs::create_directories(folder_.checkpoints());
  write_text_file(folder_.config(), to_toml(resolved(config_)));
  write_run_record(folder_, record);
  log_ = std::make_unique<RunLog>(folder_.log(), 0, hooks_.logged);
}

void Trainer::resume() {
  const RunConfig stored = read_run_config(folder_.path);
  // A time budget fixed the number of iterations when the run began.
  if (stored.train.time_budget > 0) config_.train.iterations = stored.train.iterations;
  const std::string field = resume_difference(stored, config_);
  if (!field.empty())
    throw InputError("--resume: " + field, "differs from " + folder_.config().string(),
                     "the configuration the run began with (or another --run)");
  require_unchanged(read_run_record(folder_), dataset_);
  build();
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
  seconds_before_ = state_.seconds;
  log_ = std::make_unique<RunLog>(folder_.log(), state_.iteration, hooks_.logged);
  log_info(concat("resuming at iteration ", state_.iteration, " of ", state_.iterations));
}

void Trainer::save(const std::string& which) {
  Checkpoint checkpoint;
  state_.seconds = seconds_before_ + clock_.seconds();
  record.training_facts = training_facts(dataset_);
  checkpoint.state = state_;
  checkpoint.method = state_of(*method_);
  if (which == "last") checkpoint.optimiser = optimisation_->state();
  if (which == "last" && average_) checkpoint.average = average_->state();
  checkpoint.class_texts = method_->class_texts();
  write_checkpoint(folder_.checkpoint(which), checkpoint);
}

void Trainer::check_finite() {
  if (optimisation_->finite()) return;
  const bool saved = fs::exists(folder_.checkpoint("last"));
  throw Error(
      concat("the loss became NaN or infinite at about iteration ", state_.iteration, "; ",
             saved ? "the last good checkpoint is kept in " + folder_.checkpoints().string() : "no checkpoint was written yet",
             ". A lower optimiser.learning_rate or optimiser.clip_norm = 1 often helps"));
}

std::unique_ptr<WeightAverage::Use> Trainer::predicting_weights() {
  return average_ ? std::make_unique<WeightAverage::Use>(*average_, *method_) : nullptr;
}

void Trainer::validate_now() {
  const auto predicting = predicting_weights();
  const ValidationScore score = validate(*method_, dataset_, scored_, config_.inference, device_);
  Json line;
  line["iteration"] = state_.iteration;
  const char* what = config_.train.protocol == "published" ? "test" : selects_ ? "validation" : "labelled";
  line[what] = {{"dice", score.mean}, {"per_class", score.dice}};
  std::string followed = concat("iteration ", state_.iteration, ": ", what, " Dice ", fixed(score.mean, 4), " (",
                                describe(score, dataset_.class_names()), ")");
  std::string warning;
  if (!watched_.empty()) {
    const double share = foreground_share(*method_, dataset_, watched_, config_.inference, device_);
    line["unlabelled"] = {{"foreground", share}};
    followed += concat("; foreground in ", watched_.size(), " unlabelled cases: ", fixed(share, 2), " of the labels'");
    warning = collapse_.after_foreground(share, watched_.size(), score.mean);
  } else if (selects_ && state_.best_score) {
    warning = collapse_.after_score(what, score.mean, *state_.best_score, state_.best_iteration);
  }
  log_->write(line);
  log_info(followed);
  if (!warning.empty()) log_warning(warning);
  if (!selects_ || (state_.best_score && score.mean <= *state_.best_score)) return;
  state_.best_score = score.mean;
  state_.best_iteration = state_.iteration;
  save("best");
}

void Trainer::report_text_probe() {
  if (!method_->class_texts().defined()) return;
  const auto predicting = predicting_weights();
  // One case, and only what needs no encoder: `text probe` does the rest.
  const TextProbe probe =
      probe_texts(*method_, dataset_, {scored_.front()},
                  plain_replacements(method_->class_texts(), static_cast<uint64_t>(config_.seed)), config_.inference, device_);
  log_->write({{"iteration", state_.iteration}, {"text_probe", to_json(probe)}});
  log_info("effect of the class texts on " + scored_.front() + ":");
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

void Trainer::run_phase(const PhaseSpan& span) {
  if (state_.phases_begun <= static_cast<int64_t>(span.index)) begin_phase(span);
  const TrainOptions& train = config_.train;
  const int64_t validate_every = train.validate_every > 0 ? train.validate_every : std::max<int64_t>(1, state_.iterations / 15);
  SamplerOptions sampling = config_.sampler;
  if (!span.phase.uses_unlabelled) sampling.unlabelled = 0;
  const Sampler sampler(dataset_, sampling, static_cast<uint64_t>(config_.seed));
  BatchLoader loader(sampler, state_.iteration, sampling.threads, sampling.queue);
  while (state_.iteration < span.end) {
    const AtHand step(concat("training step ", state_.iteration + 1));
    const Stopwatch watch;
    optimisation_->step(to_tensors(loader.next(), device_), static_cast<uint64_t>(config_.seed), state_.iteration,
                        state_.iterations);
    if (average_) average_->update(*method_, state_.iteration - span.begin);
    step_seconds_.push_back(watch.seconds());
    ++state_.iteration;
    log_->add(optimisation_->logged());
    const bool last = state_.iteration == state_.iterations, phase_ends = state_.iteration == span.end;
    if (phase_ends || state_.iteration % train.log_every == 0) {
      check_finite();
      loss_ = log_->write_step(state_.iteration, optimisation_->learning_rate(), seconds_before_ + clock_.seconds());
    }
    progress_->update(state_.iteration, std::isnan(loss_) ? "" : "loss " + fixed(loss_, 4));
    const bool stop = interrupted();
    if (phase_ends || state_.iteration % validate_every == 0) {
      check_finite();
      validate_now();
    }
    if (phase_ends || stop || state_.iteration % train.checkpoint_every == 0) {
      check_finite();
      save("last");
    }
    if (stop && !last)
      throw Interrupted(concat("stopped at iteration ", state_.iteration, " of ", state_.iterations,
                               "; a checkpoint was written, --resume continues"));
  }
}

TrainResult Trainer::run() {
  const HeldFolder held(folder_.path);
  const bool exists = fs::exists(folder_.checkpoint("last"));
  const bool holds_run = exists || fs::exists(folder_.config());
  if (mode_ == StartMode::kFresh && holds_run)
    throw InputError(folder_.path.string(), "holds a run already", "another --run, or --resume to continue this one");
  if (exists)
    resume();
  else
    start_fresh();
  set_log_file(folder_.messages().string());
  if (hooks_.begun) hooks_.begun(state_.iteration);
  catch_interrupts();
  log_info(concat(config_.method, " on ", dataset_.name(), ": ", dataset_.split().describe(), "; selection: ", selection_rule()));
  progress_ = std::make_unique<Progress>(config_.method, state_.iterations, state_.iteration);
  clock_.restart();
  const bool trains = state_.iteration < state_.iterations;
  for (const PhaseSpan& span : phases_) {
    if (state_.iteration < span.end) run_phase(span);
  }
  if (trains) {
    report_text_probe();
    write_costs(folder_.path, config_, *method_, dataset_.channels(), step_seconds_, device_);
  }
  set_log_file("");
  return {state_.iteration, clock_.seconds(), state_.best_score, state_.best_iteration};
}

}  // namespace

TrainResult train(const RunConfig& config, const fs::path& run, StartMode mode, const TrainHooks& hooks) {
  Trainer trainer(config, run, mode, hooks);
  return trainer.run();
}

}  // namespace tss
