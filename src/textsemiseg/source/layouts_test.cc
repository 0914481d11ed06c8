// Folders as people have them. Names decide, so most files here are empty.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dataset_files.h"
#include "support/testing.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/label_content.h"
#include "textsemiseg/source/label_words.h"
#include "textsemiseg/source/source.h"

namespace tss::layouts_test {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using ::testing::Not;

SourceOptions labels_like(const std::string& pattern) {
  SourceOptions options;
  options.label_file = pattern;
  return options;
}
SourceOptions fold_of(int64_t fold) {
  SourceOptions options;
  options.fold = fold;
  return options;
}
SourceOptions all_images() {
  SourceOptions options;
  options.unlabelled_test_images = true;
  return options;
}
SourceOptions with_folder(const fs::path& folder) {
  SourceOptions options;
  options.unlabelled = {folder};
  return options;
}

class Layouts : public ::testing::Test {
 protected:
  void files(const std::vector<std::string>& names) const {
    for (const std::string& name : names) write_text_file(folder_ / name, "");
  }
  void list(const char* json) const { write_text_file(folder_ / "dataset.json", json); }
  // "id+" has a label, "id+v" and "id+t" are kept apart.
  std::vector<std::string> ids(const SourceOptions& options = {}) {
    set_log_file((folder_ / "log.txt").string());
    const Source source = open_source(folder_.path(), options);
    set_log_file("");
    std::vector<std::string> out;
    for (const SourceCase& item : source.cases) {
      out.push_back(item.id + (item.label.empty() ? "" : "+") + (item.test ? "t" : "") + (item.validation ? "v" : ""));
      if (item.images.size() > 1) out.back() += concat("/", item.images.size());
    }
    source_ = source;
    return out;
  }
  std::string log() const { return read_text_file(folder_ / "log.txt"); }
  std::string label(size_t i) const { return source_.cases.at(i).label.lexically_relative(source_.folder).string(); }

  testing::TemporaryFolder folder_;
  Source source_;
};

TEST_F(Layouts, TheWordsPeopleUseMakeALabel) {
  for (const char* word : {"label",        "labels",      "seg",
                           "segmentation", "mask",        "gt",
                           "GT",           "groundtruth", "ground_truth",
                           "manual",       "annotation",  "labelmap",
                           "truth",        "roi",         "ROI",
                           "contour",      "lesion",      "tumor",
                           "tumour",       "msk",         "wmh",
                           "rater2",       "pred",        "brain_mask",
                           "brainmask",    "laendo",      "Segmentation_final",
                           "dseg"}) {
    const testing::TemporaryFolder folder;
    for (const char* scan : {"p1", "p2"}) write_text_file(folder / (std::string(scan) + ".nii.gz"), "");
    write_text_file(folder / concat("p1_", word, ".nii.gz"), "");
    const Source source = open_source(folder.path());
    ASSERT_EQ(source.cases.size(), 2u) << word;
    EXPECT_EQ(source.cases[0].label.filename(), concat("p1_", word, ".nii.gz"));
  }
  EXPECT_EQ(scan_of_label("label0001"), "0001");
  EXPECT_EQ(scan_of_label("T1_masked"), std::nullopt);
  EXPECT_EQ(scan_of_label("p1BrainMask"), "p1");
  EXPECT_EQ(scan_of_image("volume-12"), "12");
}

TEST_F(Layouts, WordsThatAllNamesShareSayNothing) {
  files({"lesion_1.nii.gz", "lesion_2.nii.gz", "lesion_2_mask.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("lesion_1", "lesion_2+"));
}

TEST_F(Layouts, ChannelSuffixesBesidePlainLabels) {
  files({"images/x_0001_0000.nii.gz", "images/x_0002_0000.nii.gz", "labels/x_0001.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("x_0001+", "x_0002"));
}

TEST_F(Layouts, SeveralChannelsBesidePlainLabels) {
  files({"images/x_0000.nii.gz", "images/x_0001.nii.gz", "labels/x.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("x+/2"));
}

TEST_F(Layouts, TheDecathlonsFoldersWithoutItsList) {
  files({"ImagesTr/x_0001_0000.nii.gz", "ImagesTr/x_0002_0000.nii.gz", "labelsTr/x_0001.nii.gz", "labelsTr/x_0002.nii.gz",
         "imagesVa/y_0000.nii.gz", "labelsVa/y.nii.gz", "imagesTs/z_0000.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("x_0001+", "x_0002+", "y+v"));
  EXPECT_EQ(source_.test_without_label, 1);
  EXPECT_THAT(ids(all_images()), ElementsAre("x_0001+", "x_0002+", "y+v", "z"));
}

TEST_F(Layouts, ImagesAndLabelsByWords) {
  files({"ct_1_image.nii.gz", "ct_1_label.nii.gz", "ct_2_image.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("ct_1+", "ct_2"));
}

TEST_F(Layouts, LitsNames) {
  files({"volume-0.nii", "segmentation-0.nii", "volume-1.nii"});
  EXPECT_THAT(ids(), ElementsAre("volume-0+", "volume-1"));
}

TEST_F(Layouts, FoldersOfAnyNameForImagesAndLabels) {
  const std::vector<std::pair<std::string, std::string>> names[] = {
      {{"img/img0001", "label/label0001"}, {"img/img0002", ""}},
      {{"image/0001", "mask/0001"}, {"image/0002", ""}},
      {{"Images/0001", "Labels/0001"}, {"Images/0002", ""}},
      {{"images/a", "masks/a_mask"}, {"images/b", ""}},
      {{"a", "GroundTruth/a"}, {"b", ""}},
  };
  for (const auto& pairs : names) {
    const testing::TemporaryFolder folder;
    for (const auto& [image, label] : pairs) {
      write_text_file(folder / (image + ".nii.gz"), "");
      if (!label.empty()) write_text_file(folder / (label + ".nii.gz"), "");
    }
    const Source source = open_source(folder.path());
    ASSERT_EQ(source.cases.size(), 2u) << pairs.front().first;
    EXPECT_FALSE(source.cases[0].label.empty()) << pairs.front().first;
    EXPECT_TRUE(source.cases[1].label.empty());
  }
}

TEST_F(Layouts, LabelsLeftBetweenImagesAreNoScans) {
  files({"images/a.nii.gz", "images/a_pred.nii.gz", "images/b.nii.gz", "labels/a.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("a+", "b"));
  EXPECT_EQ(label(0), "labels/a.nii.gz");
  EXPECT_THAT(log(), HasSubstr("1 file is named like label maps and used for nothing: images/a_pred.nii.gz"));
}

TEST_F(Layouts, SeveralRatersAreAQuestion) {
  for (const std::string id : {"p1", "p2"}) {
    write_image(folder_ / (id + "/flair.nii.gz"), testing::noise_image({6, 5, 4}, 1));
    write_label_map(folder_ / (id + "/seg.nii.gz"), testing::box_labels({6, 5, 4}, 2));
    write_label_map(folder_ / (id + "/rater2.nii.gz"), testing::box_labels({6, 5, 4}, 1));
  }
  EXPECT_THAT(input_error_of([&] { ids(); }),
              AllOf(HasSubstr("p1: 2 files are named like its label: rater2.nii.gz, seg.nii.gz"), HasSubstr("--label-file")));
  EXPECT_THAT(ids(labels_like("seg*")), ElementsAre("p1+", "p2+"));
  EXPECT_EQ(label(0), "p1/seg.nii.gz");
  EXPECT_THAT(source_.channel_names, ElementsAre("flair"));
}

TEST_F(Layouts, CopiesOfOneLabelAreOne) {
  write_image(folder_ / "p1/flair.nii.gz", testing::noise_image({6, 5, 4}, 1));
  for (const char* name : {"p1/seg.nii.gz", "p1/consensus_gt.nii.gz"})
    write_label_map(folder_ / name, testing::box_labels({6, 5, 4}, 2));
  EXPECT_THAT(ids(), ElementsAre("p1+"));
  EXPECT_THAT(source_.channel_names, ElementsAre("flair"));
  EXPECT_THAT(log(), HasSubstr("p1/seg.nii.gz"));
}

TEST_F(Layouts, AcdcAsUnpacked) {
  for (const std::string id : {"patient001", "patient002"}) {
    const std::string stem = "training/" + id + "/" + id;
    files({stem + "_4d.nii.gz", stem + "_frame01.nii.gz", stem + "_frame01_gt.nii.gz", stem + "_frame12.nii.gz",
           stem + "_frame12_gt.nii.gz", "training/" + id + "/Info.cfg"});
  }
  files({"testing/patient101/patient101_4d.nii.gz", "testing/patient101/patient101_frame01.nii.gz",
         "testing/patient101/patient101_frame01_gt.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("patient001_frame01+", "patient001_frame12+", "patient002_frame01+", "patient002_frame12+",
                                 "patient101_frame01+t"));
  EXPECT_THAT(log(), AllOf(HasSubstr("3 other files are left out: "), HasSubstr("_4d.nii.gz")));
}

TEST_F(Layouts, WmhChallenge) {
  for (const std::string id : {"Utrecht/0", "Singapore/50"})
    files({id + "/pre/FLAIR.nii.gz", id + "/pre/T1.nii.gz", id + "/orig/FLAIR.nii.gz", id + "/orig/3DT1.nii.gz",
           id + "/wmh.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("0+/2", "50+/2"));
  EXPECT_EQ(source_.cases[0].images[0].parent_path().filename(), "pre");
}

TEST_F(Layouts, FoldersCalledTestAndValidationAreKeptApart) {
  files({"BraTS_TrainingData/a/a_flair.nii.gz", "BraTS_TrainingData/a/a_seg.nii.gz", "BraTS_ValidationData/b/b_flair.nii.gz",
         "BraTS_ValidationData/c/c_flair.nii.gz", "BraTS_ValidationData/c/c_seg.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("a+", "c+v"));
  EXPECT_EQ(source_.test_without_label, 1);
}

TEST_F(Layouts, Bids) {
  files({"sub-01/anat/sub-01_T1w.nii.gz", "sub-02/anat/sub-02_T1w.nii.gz", "sub-02/anat/sub-02_FLAIR.nii.gz",
         "sub-02/func/sub-02_task-rest_bold.nii.gz", "derivatives/manual/sub-01/anat/sub-01_desc-preproc_T1w.nii.gz",
         "derivatives/manual/sub-01/anat/sub-01_space-T1w_dseg.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("sub-01+", "sub-02"));
  EXPECT_EQ(source_.layout, "BIDS");
  EXPECT_THAT(source_.channel_names, ElementsAre("T1w"));
  EXPECT_THAT(log(), HasSubstr("not every subject has FLAIR; left out"));
}

TEST_F(Layouts, AMaskPerStructure) {
  LabelMap left(Geometry{{4, 3, 2}, {1, 1, 1}, {}, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}}), right = left;
  left.voxels[0] = 1;
  right.voxels[5] = 255;
  Image image(left.geometry);
  for (const std::string id : {"s1", "s2"}) {
    write_image(folder_ / (id + "/ct.nii.gz"), image);
    write_label_map(folder_ / (id + "/segmentations/liver.nii.gz"), left);
    if (id == "s1") write_label_map(folder_ / (id + "/segmentations/" + id + "_kidney_mask.nii.gz"), right);
  }
  write_label_map(folder_ / "s2/segmentations/spleen.nii.gz", right);
  EXPECT_THAT(ids(), ElementsAre("s1+", "s2+"));
  EXPECT_THAT(source_.class_names, ElementsAre("background", "kidney", "liver", "spleen"));
  const auto classes = [&](size_t i) {
    const fs::path file = source_.cases[i].label;
    return source_.label_table.apply(Scan::open(file)->read_stored_label(), file.string(), source_.class_names).voxels;
  };
  EXPECT_EQ(classes(0)[0], 2);
  EXPECT_EQ(classes(0)[5], 1);
  EXPECT_EQ(classes(1)[5], 3);
  right.voxels[0] = 255;
  write_label_map(folder_ / "s2/segmentations/spleen.nii.gz", right);
  EXPECT_THAT(input_error_of([&] { classes(1); }), HasSubstr("'liver' and 'spleen' overlap"));
  left.voxels[1] = 2;
  write_label_map(folder_ / "s2/segmentations/liver.nii.gz", left);
  EXPECT_THAT(input_error_of([&] { classes(1); }), HasSubstr("liver.nii.gz: holds the values 1 and 2"));
}

TEST_F(Layouts, EveryListOfDatasetJsonHasItsRole) {
  for (int i = 0; i < 8; ++i) files({concat("imagesTr/c", i, ".nii.gz"), concat("labelsTr/c", i, ".nii.gz")});
  const std::string head =
      R"({"labels": {"0": "b", "1": "a"}, "training": [{"image": "imagesTr\\c0.nii.gz", "label": "labelsTr\\c0.nii.gz"},
      {"image": "imagesTr/c1.nii.gz", "label": "labelsTr/c1.nii.gz"}, {"image": "imagesTr/c2.nii.gz"}, {"image": "imagesTr/c3.nii.gz"}], )";
  list(
      (head +
       R"("val": [{"image": "imagesTr/c4.nii.gz", "label": "labelsTr/c4.nii.gz"}, "imagesTr/c3.nii.gz"], "testing": ["imagesTr/c5.nii.gz"],
      "unlabeled": ["imagesTr/c6.nii.gz"], "holdout": [{"image": "imagesTr/c7.nii.gz"}], "fancy": 3})")
          .c_str());
  EXPECT_THAT(ids(), ElementsAre("c0+", "c1+", "c2+", "c3+v", "c4+v", "c5+t", "c6"));
  EXPECT_EQ(source_.listed_without_label, 0);
  EXPECT_THAT(log(), AllOf(HasSubstr("the list \"holdout\" is not known here; the 1 case that is in it alone are left out"),
                           HasSubstr("nothing here reads the key fancy"), HasSubstr("1 case is in two lists and kept apart")));
}

TEST_F(Layouts, MonaiListsWithFoldsAndChannels) {
  for (int i = 0; i < 3; ++i)
    files({concat("imagesTr/c", i, ".nii.gz"), concat("imagesTr/c", i, "_t2.nii.gz"), concat("labelsTr/c", i, ".nii.gz")});
  std::string entries;
  for (int i = 0; i < 3; ++i)
    entries += concat(i > 0 ? ", " : "", R"({"fold": )", i, R"(, "image": ["imagesTr/c)", i, R"(.nii.gz", "imagesTr/c)", i,
                      R"(_t2.nii.gz"], "label": "labelsTr/c)", i, R"(.nii.gz"})");
  list(("{\"training\": [" + entries + "]}").c_str());
  EXPECT_THAT(ids(), ElementsAre("c0+/2", "c1+/2", "c2+/2"));
  EXPECT_TRUE(source_.class_names.empty());
  EXPECT_THAT(ids(fold_of(1)), ElementsAre("c0+/2", "c1+v/2", "c2+/2"));
  EXPECT_THAT(input_error_of([&] { ids(fold_of(7)); }), HasSubstr("has the folds 0, 1, 2"));
}

TEST_F(Layouts, LabelsOfOtherNamesInANnunetFolder) {
  files({"imagesTr/c0_0000.nii.gz", "imagesTr/c1_0000.nii.gz", "labelsTr/c0_0000.nii.gz", "labelsTr/c9.nii.gz"});
  list(R"({"channel_names": {"0": "CT"}, "file_ending": ".nii.gz", "labels": {"background": 0, "liver": 1}})");
  EXPECT_THAT(ids(), ElementsAre("c0+", "c1"));
  EXPECT_THAT(log(), HasSubstr("labelsTr/c9.nii.gz"));
  list(
      R"({"labels": {"0": "background", "1": "liver"}, "training": [{"image": "imagesTr/c0_0000.nii.gz", "label": "labelsTr/c0.nii.gz"}]})");
  EXPECT_THAT(ids().front(), HasSubstr("+"));
  EXPECT_EQ(source_.listed_without_label, 0);
}

TEST_F(Layouts, FurtherUnlabelledScans) {
  files({"S/images/a.nii.gz", "S/labels/a.nii.gz", "more/a.nii.gz", "more/b.nii.gz", "more/b_seg.nii.gz"});
  const Source source = open_source(folder_ / "S", with_folder(folder_ / "more"));
  std::vector<std::string> found;
  for (const SourceCase& item : source.cases)
    found.push_back(item.id + (item.label.empty() ? "" : "+") + (item.added ? "!" : ""));
  EXPECT_THAT(found, ElementsAre("a+", "b!", "more_a!"));
}

TEST_F(Layouts, NamesThatAreNotUtf8AreRefused) {
  files({"images/M\xfcller.nii.gz"});
  EXPECT_THAT(input_error_of([&] { ids(); }), AllOf(HasSubstr("'M\\xfcller' is not UTF-8"), Not(HasSubstr("\xfc"))));
}

TEST_F(Layouts, WhyNoLabelIsKnown) {
  files({"p1.nii.gz", "p2.nii.gz"});
  ids();
  const NoLabel why = why_no_label(source_);
  EXPECT_EQ(why.found, "no label was recognised: 2 scans, the first is p1.nii.gz");
  EXPECT_THAT(why.expected, AllOf(HasSubstr("p1_seg.nii.gz"), HasSubstr("labels/p1.nii.gz"), HasSubstr("--label-file")));
}

TEST_F(Layouts, FewWholeNumbersInAreasAreALabelMap) {
  Image image(testing::box_labels({8, 8, 8}, 2).geometry);
  const LabelMap labels = testing::box_labels({8, 8, 8}, 2);
  std::copy(labels.voxels.begin(), labels.voxels.end(), image.voxels.begin());
  EXPECT_NE(label_values_of(image), "");
  image.voxels[0] = 0.5F;
  EXPECT_EQ(label_values_of(image), "");
  EXPECT_EQ(label_values_of(testing::noise_image({8, 8, 8}, 1)), "");
  std::fill(image.voxels.begin(), image.voxels.end(), 3.0F);
  EXPECT_EQ(label_values_of(image), "") << "a constant";
  for (size_t i = 0; i < image.voxels.size(); ++i) image.voxels[i] = static_cast<float>((i * 7919 + i / 8 * 31) % 11);
  EXPECT_EQ(label_values_of(image), "") << "few values, but no areas";
}

TEST_F(Layouts, AFolderPerCaseOnBothSides) {
  files({"images/a/scan.nii.gz", "images/b/volume7.nii.gz", "images/c/x.nii.gz", "labels/a/organ.nii.gz", "labels/b.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("a+", "b+", "c"));
  EXPECT_EQ(label(0), "labels/a/organ.nii.gz");
  EXPECT_EQ(label(1), "labels/b.nii.gz");
  files({"labels/d/organ.nii.gz"});
  EXPECT_THAT(input_error_of([&] { ids(); }), AllOf(HasSubstr("is a label without an image"), HasSubstr("images/d")));
}

TEST_F(Layouts, AFolderPerCaseOnBothSidesTakesTheLabelsThatThePatternFits) {
  files({"images/a/scan.nii.gz", "images/b/scan.nii.gz", "labels/a/expert1.nii.gz", "labels/a/expert2.nii.gz",
         "labels/b/expert1.nii.gz", "labels/b/expert2.nii.gz"});
  EXPECT_THAT(ids(labels_like("*expert2.nii.gz")), ElementsAre("a+", "b+"));
  EXPECT_EQ(label(0), "labels/a/expert2.nii.gz");
  EXPECT_EQ(source_.unused_labels.size(), 2u);
  files({"labels/a.nii.gz"});
  EXPECT_THAT(input_error_of([&] { ids(); }), HasSubstr("labels/a.nii.gz: is a second label of its case"));
}

TEST_F(Layouts, AFolderPerCaseOnBothSidesWithChannels) {
  files({"img/p1/p1_t1.nii", "img/p1/p1_t2.nii", "img/p2/p2_t1.nii", "img/p2/p2_t2.nii", "gt/p1/whatever.nii"});
  EXPECT_THAT(ids(), ElementsAre("p1+/2", "p2/2"));
  EXPECT_THAT(source_.channel_names, ElementsAre("t1", "t2"));
  files({"img/p3/p3_t1.nii"});
  EXPECT_THAT(input_error_of([&] { ids(); }), HasSubstr("has no channel 't2'"));
}

TEST_F(Layouts, AFolderPerPart) {
  files({"train/images/a.nii.gz", "train/images/b.nii.gz", "train/labels/a.nii.gz", "val/images/c.nii.gz", "val/labels/c.nii.gz",
         "Test/images/d.nii.gz", "Test/labels/d.nii.gz", "Test/images/e.nii.gz", "doc/images/f.nii.gz"});
  EXPECT_THAT(ids(), ElementsAre("a+", "b", "c+v", "d+t"));
  EXPECT_EQ(source_.test_without_label, 1) << "offered by --unlabelled-test-images";
  EXPECT_THAT(ids(all_images()), ElementsAre("a+", "b", "c+v", "d+t", "e"));
  files({"val/images/a.nii.gz"});
  EXPECT_THAT(input_error_of([&] { ids(all_images()); }), HasSubstr("has the same case id as"));
}

TEST_F(Layouts, AFolderPerPartAndPerCase) {
  files({"training/images/a/s.nii", "training/labels/a/l.nii", "testing/images/b/s.nii", "testing/labels/b/l.nii"});
  EXPECT_THAT(ids(), ElementsAre("a+", "b+t"));
}

}  // namespace tss::layouts_test
