// The names of the files that train, evaluate and study leave, in one place. Paths are made here, nothing on disk is touched.
#pragma once

#include <filesystem>
#include <string>

namespace tss {

// Label maps of the cases of a role, and what they were made with.
//
//   P/predictions.json   checkpoint and settings; written last, so that a folder with it is complete and of one kind
//   P/<case>.nii.gz
struct PredictionsFolder {
  std::filesystem::path path;

  std::filesystem::path record() const { return path / "predictions.json"; }
  std::filesystem::path label_map(const std::string& id) const { return path / (id + ".nii.gz"); }
};

// What evaluate and text probe leave of one role.
struct ResultsFolder {
  std::filesystem::path path;

  std::filesystem::path cases() const { return path / "cases.csv"; }       // a line per case and class
  std::filesystem::path summary() const { return path / "summary.json"; }  // means, intervals, every setting that decided them
  std::filesystem::path text_probe() const { return path / "text_probe.json"; }
  PredictionsFolder predictions() const { return {path / "predictions"}; }
};

// A run: what a training leaves behind and what prediction needs.
struct RunFolder {
  std::filesystem::path path;

  std::filesystem::path config() const { return path / "config.toml"; }  // every option, resolved
  // Data set, classes, recipe, text source of each class, environment, protocol, how the checkpoint is chosen.
  std::filesystem::path record() const { return path / "run.json"; }
  std::filesystem::path costs() const { return path / "costs.json"; }  // seconds per step and per window, memory, parameters
  std::filesystem::path log() const { return path / "log.jsonl"; }     // a line per log interval and per validation
  std::filesystem::path messages() const { return path / "train.log"; }
  std::filesystem::path page() const { return path / "page.html"; }  // of train --page
  std::filesystem::path tensorboard() const { return path / "tensorboard"; }
  std::filesystem::path checkpoints() const { return path / "checkpoints"; }
  // which: "last" or "best".
  std::filesystem::path checkpoint(const std::string& which) const { return checkpoints() / (which + ".safetensors"); }
  std::filesystem::path train_state(const std::string& which) const { return checkpoints() / (which + ".json"); }  // of that one
  std::filesystem::path results() const { return path / "results"; }
  ResultsFolder results(const std::string& role) const { return {results() / role}; }
};

// A study: a plan applied to one prepared data set. run: "<row>-seed<k>".
struct StudyFolder {
  std::filesystem::path path;

  std::filesystem::path record() const { return path / "study.json"; }  // what is compared (study_record.h)
  RunFolder run(const std::string& name) const { return {path / name}; }
  std::filesystem::path config(const std::string& run) const { return path / "configs" / (run + ".toml"); }  // as train gets it
  std::filesystem::path logs() const { return path / "logs"; }
  std::filesystem::path log(const std::string& run) const { return logs() / (run + ".log"); }  // what the run's programs said
  std::filesystem::path failure(const std::string& run) const {
    return logs() / (run + ".failed");
  }  // why the last attempt ended
  std::filesystem::path lock(const std::string& run) const {
    return path / "locks" / (run + ".lock");
  }  // while a process works on it
};

}  // namespace tss
