// R/run.json: what a run was made of and on. Training and import write it; whoever reads a run reads it here.
//
//   {"dataset", "dataset_folder", "classes": [names], "channels", "recipe", "texts": [{"class", "source", "texts", "learned"}], "protocol",
//    "selection", "split": {"labelled": number of cases, ...}, "cases": {"labelled": [ids], ...}, "phases": [{"name", "iterations"}],
//    "initial_weights", "training_facts", "environment", "origin"}
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/recipe/recipe.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {

// What was behind a class's text features; as text/text_source.h says it.
struct RecordedText {
  std::string name;                     // of the class
  std::string source;                   // "learned unit vector", "table organs.pth, row 3 'Pancreas'", ...
  std::vector<std::string> texts = {};  // what was read in place of the name; empty: the name itself
  bool learned = false;                 // no word enters the vector

  template <class V>
  void visit(V& v) {
    v("class", name);
    v("source", source);
    v("texts", texts);
    v("learned", learned);
  }
};

struct RecordedTexts {
  std::vector<RecordedText> list;

  void read_config(const Json& json, const std::string& field, const std::string& source);
  Json write_config() const;
};

struct RunRecord {
  std::string name;     // of the run: its folder's name; not in the file
  std::string dataset;  // name of the data set
  std::string dataset_folder;
  std::vector<std::string> class_names;  // class 0 is the background
  int64_t channels = 1;
  Recipe recipe;
  RecordedTexts texts;             // empty for methods without text
  std::string protocol;            // honest | published | imported (nothing is claimed on the choice of the weights)
  std::string selection;           // how the checkpoint is chosen, one sentence
  Json split;                      // numbers of cases per role
  Json cases = nullptr;            // their ids per role; null: a run of an earlier version, or imported
  Json phases = nullptr;           // [{"name", "iterations"}], in order; null: imported
  Json initial_weights = nullptr;  // engine/initial_weights.h; null: drawn from the seed
  Json training_facts = nullptr;   // engine/training_facts.h; null: a run of an earlier version, or imported
  Json environment;                // of the program that made the run
  Json origin = nullptr;           // of imported weights: file, format, network; null for runs of train

  template <class V>
  void visit(V& v) {
    v("dataset", dataset);
    v("dataset_folder", dataset_folder);
    v("classes", class_names);
    v("channels", channels);
    v("recipe", recipe);
    v("texts", texts);
    v("protocol", protocol);
    v("selection", selection);
    v("split", split);
    v("cases", cases);
    v("phases", phases);
    v("initial_weights", initial_weights);
    v("training_facts", training_facts);
    v("environment", environment);
    v("origin", origin);
  }
};

// Throws InputError naming file and field: no such file, a field that every version has written is missing, a wrong type. Fields that
// are not known are left alone.
RunRecord read_run_record(const RunFolder& run);
// As the file has it; without what is null.
Json run_record_json(const RunRecord& record);
// Atomic.
void write_run_record(const RunFolder& run, const RunRecord& record);

}  // namespace tss
