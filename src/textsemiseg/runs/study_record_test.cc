#include "textsemiseg/runs/study_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/base/files.h"

namespace tss::study_record_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// As version 1.0 wrote it.
constexpr const char* kWritten = R"({
  "title": "Table 1",
  "source": "Huang et al., MICCAI 2025, Table 1",
  "protocol": "honest",
  "plan": "table1",
  "dataset": "Pancreas-CT",
  "plan_dataset": "pancreas_ct",
  "labelled": 6,
  "published_labelled": 6,
  "settings": {
    "train": {
      "iterations": 2000,
      "log_every": 50
    }
  },
  "split": "fold_0",
  "evaluate": {
    "keep_largest": true,
    "min_component": 0
  },
  "rows": [
    {
      "name": "dtc",
      "title": "DTC",
      "method": "dtc",
      "note": "as released",
      "published": {
        "dice": 56.43,
        "jaccard": 41.71,
        "hd95": 26.15,
        "asd": 9.51
      },
      "runs": [
        "dtc-seed0",
        "dtc-seed1"
      ]
    },
    {
      "name": "mcf",
      "title": "MCF",
      "method": "mcf",
      "note": "",
      "published": null,
      "runs": [
        "mcf-seed0"
      ]
    }
  ],
  "notes": [
    "all of it"
  ]
}
)";

TEST(StudyRecord, WhatEarlierVersionsWroteIsReadAndWrittenAgain) {
  const testing::TemporaryFolder folder;
  const StudyFolder study{folder.path()};
  write_text_file(study.record(), kWritten);
  const StudyRecord record = read_study_record(study);
  EXPECT_EQ(record.title, "Table 1");
  EXPECT_EQ(record.plan_dataset.value, "pancreas_ct");
  EXPECT_EQ(record.labelled.value, 6);
  EXPECT_EQ(record.split.value, "fold_0");
  ASSERT_EQ(record.rows.list.size(), 2u);
  EXPECT_EQ(record.rows.list[0].published.at("hd95"), 26.15);
  EXPECT_THAT(record.rows.list[0].runs, ElementsAre("dtc-seed0", "dtc-seed1"));
  EXPECT_TRUE(record.rows.list[1].published.is_null());
  write_study_record(study, record);
  Json again = read_json(study.record());
  for (const char* later : {"published_setting", "text_encoder"}) {
    EXPECT_TRUE(again.at(later).is_null()) << later;
    again.erase(later);
  }
  EXPECT_EQ(again.dump(), Json::parse(kWritten).dump());
}

TEST(StudyRecord, AbsentAndNullFieldsKeepTheirDefaults) {
  const testing::TemporaryFolder folder;
  const StudyFolder study{folder.path()};
  write_text_file(study.record(), R"({"plan_dataset": null, "labelled": null, "title": null, "of_a_later_version": 1,
                                      "rows": [{"name": "a", "title": null, "runs": []}]})");
  const StudyRecord record = read_study_record(study);
  EXPECT_EQ(record.title, "");
  EXPECT_FALSE(record.plan_dataset.value || record.labelled.value || record.split.value);
  EXPECT_EQ(record.rows.list[0].title, "");
}

TEST(StudyRecord, ErrorsNameTheField) {
  const testing::TemporaryFolder folder;
  const StudyFolder study{folder.path()};
  const auto error = [&](const char* text) {
    write_text_file(study.record(), text);
    return testing::input_error_of([&] { read_study_record(study); });
  };
  EXPECT_THAT(error(R"({"labelled": "six", "rows": [{"name": "a", "runs": []}]})"),
              HasSubstr("study.json: labelled: found \"six\""));
  EXPECT_THAT(error(R"({"notes": "x", "rows": [{"name": "a", "runs": []}]})"), HasSubstr("study.json: notes: found \"x\""));
  EXPECT_THAT(error(R"({"rows": [{"name": "a", "runs": [], "note": 3}]})"), HasSubstr("study.json: rows[0].note: found 3"));
  EXPECT_THAT(error(R"({"rows": [{"name": "a", "runs": []}, 5]})"), HasSubstr("study.json: rows[1].name: found null"));
}

}  // namespace tss::study_record_test
