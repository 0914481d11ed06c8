#include "textsemiseg/cli/watch_training.h"

#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/page/run_page.h"

namespace tss {

Scalars scalars_of(const Json& line, const std::vector<std::string>& class_names) {
  Scalars out;
  for (const auto& [name, value] : line.items()) {
    if (value.is_number()) {
      if (name != "iteration") out.emplace_back("train/" + name, value.get<double>());
    } else if (value.is_object() && value.contains("dice") && value.at("dice").is_number()) {
      out.emplace_back(name + "/dice", value.at("dice").get<double>());
      const Json classes = value.value("per_class", Json::array());
      for (size_t k = 0; k < classes.size(); ++k) {
        if (classes[k].is_number())
          out.emplace_back(name + "/dice/" + (k + 1 < class_names.size() ? class_names[k + 1] : concat(k + 1)),
                           classes[k].get<double>());
      }
    }
  }
  return out;
}

TrainingWatch::TrainingWatch(std::filesystem::path run, const WatchOptions& options) : run_{std::move(run)}, options_(options) {}

TrainHooks TrainingWatch::hooks() {
  return {[this](int64_t iteration) { begun(iteration); }, [this](const Json& line) { logged(line); }};
}

void TrainingWatch::begun(int64_t iteration) {
  began_ = true;
  iteration_ = iteration;
  class_names_ = read_run_record(run_).class_names;
  iterations_ = read_toml(run_.config()).at("train").at("iterations").get<int64_t>();
  if (options_.tensorboard) tensorboard_ = std::make_unique<TensorBoardWriter>(run_.tensorboard(), iteration);
  if (!options_.page) return;
  write_page(static_cast<int64_t>(options_.page_seconds), "Training has begun.");
  log_info("page: " + run_.page().string());
}

void TrainingWatch::logged(const Json& line) {
  iteration_ = line.value("iteration", iteration_);
  if (tensorboard_) {
    const Scalars scalars = scalars_of(line, class_names_);
    if (!scalars.empty()) tensorboard_->add(iteration_, scalars);
  }
  if (options_.page && since_page_.seconds() >= options_.page_seconds)
    write_page(static_cast<int64_t>(options_.page_seconds), concat("Training: iteration ", iteration_, " of ", iterations_, "."));
}

void TrainingWatch::ended(const std::string& state) {
  if (began_ && options_.page) write_page(0, state);
}

void TrainingWatch::write_page(int64_t reload_seconds, const std::string& state) {
  try {
    tss::write_page(run_.page(), page_of_training(run_.path, reload_seconds, state));
  } catch (const std::exception& error) {
    if (!page_failed_) log_warning(std::string("the page could not be written: ") + error.what());
    page_failed_ = true;
  }
  since_page_.restart();
}

}  // namespace tss
