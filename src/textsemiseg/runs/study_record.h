// OUT/study.json: what a study compares. `study` writes it, compare and report read it.
//
//   {"title", "source", "protocol", "plan", "dataset", "plan_dataset", "labelled", "published_labelled", "published_setting",
//    "text_encoder", "settings", "split", "evaluate", "rows": [{"name", "title", "method", "note", "published": {"dice", "jaccard", "hd95", "asd"} | null, "runs": [folders]}], "notes"}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {

// A field that is null where there is nothing to say.
template <class T>
struct OrNull {
  std::optional<T> value;

  void read_config(const Json& json, const std::string& field, const std::string& source) {
    value.reset();
    if (json.is_null()) return;
    if (!config_detail::convert(json, value.emplace()))
      config_detail::throw_wrong_type(source, field, json, config_detail::expected_type<T>());
  }
  Json write_config() const { return value ? Json(*value) : Json(); }
};

struct StudyRecordRow {
  std::string name;   // of the plan's row; unique
  std::string title;  // what tables show; empty: the name
  std::string method, note;
  Json published;                 // as the paper prints them (percent, voxels); null: none
  std::vector<std::string> runs;  // folders below OUT

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("title", title);
    v("method", method);
    v("note", note);
    v("published", published);
    v("runs", runs);
  }
};

struct StudyRecordRows {
  std::vector<StudyRecordRow> list;

  void read_config(const Json& json, const std::string& field, const std::string& source);
  Json write_config() const;
};

struct StudyRecord {
  std::string title, source, protocol;
  std::string plan;                    // where it came from: a file, or the name of one of the program's own
  std::string dataset;                 // name of the data set
  OrNull<std::string> plan_dataset;    // the plan's name for it; null: the plan was run on other data
  OrNull<int64_t> labelled;            // labelled cases of the split
  OrNull<int64_t> published_labelled;  // of the published figures; null: none apply
  Json published_setting;              // data_setting.h: the data that the figures may stand beside; null: none
  OrNull<std::string> text_encoder;    // of all rows with class texts, "": none has any; null: a study of an earlier version
  Json settings = Json::object();      // of all rows, without methods' sections and what runs/result_keys.h lets differ
  OrNull<std::string> split;           // as asked for, "": split.json; null: a study of an earlier version
  Json evaluate = Json::object();      // post-processing
  StudyRecordRows rows;
  std::vector<std::string> notes;

  template <class V>
  void visit(V& v) {
    v("title", title);
    v("source", source);
    v("protocol", protocol);
    v("plan", plan);
    v("dataset", dataset);
    v("plan_dataset", plan_dataset);
    v("labelled", labelled);
    v("published_labelled", published_labelled);
    v("published_setting", published_setting);
    v("text_encoder", text_encoder);
    v("settings", settings);
    v("split", split);
    v("evaluate", evaluate);
    v("rows", rows);
    v("notes", notes);
  }
};

// Fields that are null or absent keep their defaults, other fields are left alone. Throws InputError naming file and field: no list of
// rows, a row without name or runs, a wrong type.
StudyRecord read_study_record(const StudyFolder& study);
// Atomic.
void write_study_record(const StudyFolder& study, const StudyRecord& record);

}  // namespace tss
