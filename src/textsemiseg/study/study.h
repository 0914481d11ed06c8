// A study: a plan applied to one prepared dataset, in a folder of its own (runs/run_folder.h). Each run is one of train, with
// results/test of evaluate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/runs/study_record.h"
#include "textsemiseg/study/table_plan.h"

namespace tss {

struct StudyRequest {
  std::filesystem::path out, dataset;
  std::string split;              // a file or a fold's name; empty: split.json
  std::string plan_dataset;       // whose settings and figures apply; empty: the plan's only one, or none
  int64_t labelled = 0;           // which published count; 0: the number of the split, where the plan has it
  std::vector<std::string> rows;  // names; empty: all
  std::vector<int64_t> seeds = {0};
  Json over = Json::object();  // configuration over that of every row
};

struct StudyRun {
  std::string name;  // "<row>-seed<k>", a folder
  std::string row;
  int64_t seed = 0;
  Json configuration;  // as train --config reads it; the folder of the dataset is given apart
};

struct PlannedStudy {
  Plan plan;
  StudyRequest request;
  std::string dataset_name;                 // as dataset.json says
  std::optional<PlanDataset> plan_dataset;  // empty: only [common] applies, and no published figures
  std::optional<int64_t> published_count;   // labelled cases of the published figures that apply
  // Why no published figure applies though the plan has some for this dataset and count; empty: one does, or there is none.
  std::vector<std::string> not_as_published;
  Json data;                                   // data_setting.h, of the prepared dataset
  std::string text_encoder;                    // recorded_text_encoder.h, of the rows with class texts; the caller's to fill in
  int64_t labelled_cases = 0, test_cases = 0;  // of the split
  std::vector<StudyRun> runs;                  // seed by seed, so that every row is there once before any is there twice

  StudyFolder folder() const { return {request.out}; }
};

// Throws InputError: an unknown row or dataset, a folder that prepare did not make, --labelled and the split in disagreement.
PlannedStudy make_study(Plan plan, StudyRequest request);

// What study.json says of it, without the rows and runs of earlier calls. labelled: cases of the split, which published figures, where
// there are any, were made with too; figures as printed (percent).
StudyRecord study_record(const PlannedStudy& study);
// Writes OUT/study.json, with the rows and runs that are in it already. Throws InputError naming the field when that study is
// another one.
void write_study_record(const PlannedStudy& study);

}  // namespace tss
