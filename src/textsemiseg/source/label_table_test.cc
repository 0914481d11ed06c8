#include "textsemiseg/source/label_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "textsemiseg/source/label_files.h"

namespace tss::label_table_test {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<std::string> kOrgans{"background", "liver", "spleen"};

Volume<int32_t> values(std::vector<int32_t> voxels) {
  Volume<int32_t> out(Geometry{.size = {static_cast<int64_t>(voxels.size()), 1, 1}});
  out.voxels = std::move(voxels);
  return out;
}

std::vector<uint8_t> read(const StoredLabel& label, const std::vector<std::string>& names = kOrgans,
                          const std::vector<std::string>& label_map = {}) {
  const auto table = label_map.empty() ? LabelTable::identity(std::ssize(names))
                                       : LabelTable::of(parse_label_rules(label_map), names, "--label-map");
  return table.apply(label, "x", names).voxels;
}

TEST(LabelTable, ValuesOfAnySize) {
  const LabelClasses classes = classes_of_rules(
      parse_label_rules({"1001,2035=cortex", "-1=background", "17=hippocampus", "614454277=thalamus"}), "--label-map");
  EXPECT_THAT(classes.class_names, ElementsAre("background", "hippocampus", "cortex", "thalamus"));
  EXPECT_THAT(classes.table.apply(single_layer(values({0, -1, 17, 2035, 1001, 614454277})), "x", classes.class_names).voxels,
              ElementsAre(0, 0, 1, 2, 2, 3));
  const LabelClasses others = classes_of_rules(parse_label_rules({">0=tissue", "-1000=cavity"}), "--label-map");
  EXPECT_THAT(others.class_names, ElementsAre("background", "cavity", "tissue"));
  EXPECT_THAT(others.table.apply(single_layer(values({0, 70000, -1000})), "x", others.class_names).voxels, ElementsAre(0, 2, 1));
  EXPECT_THAT(input_error_of([&] { others.table.apply(single_layer(values({0, -1})), "x", others.class_names); }),
              HasSubstr("x: label values -1 (1 voxel), 0 (1 voxel); expected values -1000, 0, >0 (background, cavity, tissue), "
                        "as the label map "
                        "says; say which classes other values are: --label-map \"-1=name of its class\""));
}

TEST(LabelTable, ValuesWithoutAClassSayHowToMapThem) {
  const std::string error = input_error_of([] { read(single_layer(values({0, 500, 500, 600, 1}))); });
  EXPECT_THAT(error,
              HasSubstr("x: label values 0 (1 voxel), 1 (1 voxel), 500 (2 voxels), 600 (1 voxel); expected values 0 to 2"));
  EXPECT_THAT(error, HasSubstr("--label-map \"500=name of its class\" and so on"));
}

TEST(LabelTable, NamesInTheFileGoBeforeValues) {
  const StoredLabel exchanged = single_layer(values({0, 1, 2}), {{"Spleen", 1}, {"liver ", 2}});
  EXPECT_THAT(read(exchanged), ElementsAre(0, 2, 1));
  EXPECT_THAT(read(single_layer(values({0, 1, 7}), {{"spleen", 1}, {"liver", 7}, {"kidney", 3}})),
              ElementsAre(0, 2, 1));  // no kidney
  EXPECT_THAT(read(single_layer(values({0, 1, 2}), {{"Segment_1", 1}, {"Segment_2", 2}})), ElementsAre(0, 1, 2));
  const StoredLabel more = single_layer(values({0, 3, 3, 2}), {{"liver", 2}, {"kidney", 3}});
  EXPECT_THAT(
      input_error_of([&] { read(more); }),
      HasSubstr("x: its names are those of classes, but for 'kidney' (value 3, 2 voxels); expected background, liver, spleen; "
                "--label-map \"kidney=background\" drops one"));
  EXPECT_THAT(read(more, kOrgans, {"kidney=background"}), ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(input_error_of([&] { read(single_layer(values({0, 4}), {{"liver", 2}})); }),
              HasSubstr("the value 4, which has no name (1 voxel)"));
  EXPECT_THAT(read(single_layer(values({0, 4, 5}), {{"Leber", 4}, {"Milz", 5}}), kOrgans, {"Leber=liver", "Milz=spleen"}),
              ElementsAre(0, 1, 2));
}

TEST(LabelTable, LayersOfSegmentsBecomeOneMap) {
  StoredLabel label{{values({0, 1, 0}), values({0, 0, 1})}, {{"spleen", 1, 0}, {"liver", 1, 1}}};
  EXPECT_THAT(read(label), ElementsAre(0, 2, 1));
  label.layers[1].voxels[1] = 1;
  EXPECT_THAT(input_error_of([&] { read(label); }),
              HasSubstr("x: 'spleen' and 'liver' overlap; expected classes that exclude each other"));
  label.names[1].name = "abdomen";
  EXPECT_THAT(read(label, kOrgans, {"abdomen=background", "1=liver"}), ElementsAre(0, 2, 0));
  label.names[0].name = "lung";
  EXPECT_THAT(input_error_of([&] { read(label); }),
              HasSubstr("x: keeps 'lung', 'abdomen' in layers, and none of them is a class"));
}

TEST(LabelTable, MistakesInAMapAreNamed) {
  EXPECT_THAT(
      input_error_of([] { parse_label_rules({"liver=1"}); }),
      HasSubstr("'liver' stands where the value belongs, and 1 as its name; expected the value first, then the name: 1, liver"));
  for (const char* bad : {"1.5=x", "99999999999=x", ">3=x", "=x"})
    EXPECT_THAT(input_error_of([&] { parse_label_rules({bad}); }), HasSubstr("--label-map: found the value '")) << bad;
  EXPECT_EQ(parse_label_rules({"007=x"}).front().value, "7");
}

NamedFile file(const std::string& name, std::vector<LabelName> names) { return {name, std::move(names)}; }

std::string judged(const std::vector<NamedFile>& files, const std::vector<std::string>& names = kOrgans,
                   const std::vector<std::string>& label_map = {}) {
  const auto table = label_map.empty() ? LabelTable::identity(std::ssize(names))
                                       : LabelTable::of(parse_label_rules(label_map), names, "--label-map");
  return judge_label_files(files, table, names);
}

TEST(LabelFiles, NamesDecideWhereValuesDiffer) {
  const NamedFile a = file("a", {{"liver", 1}, {"spleen", 2}}), b = file("b", {{"liver", 2}, {"spleen", 1}});
  EXPECT_EQ(judged({a, a}), "");
  EXPECT_THAT(judged({a, b}),
              HasSubstr("labels are read by the names that their files have for them: 'liver' is the value 1 in a and 2 in b"));
  EXPECT_THAT(input_error_of([&] { judged({a, file("c", {{"Leber", 1}})}); }),
              HasSubstr("c: names 'Leber', and none is a class; expected names of classes as in a ('liver', 'spleen')"));
}

TEST(LabelFiles, NamesThatAreNoClassAreReadByValueWhereTheyAgree) {
  const std::vector<std::string> classes{"background", "L", "S"};
  const NamedFile a = file("a", {{"liver", 1}, {"spleen", 2}});
  EXPECT_THAT(judged({a, a}, classes), HasSubstr("they are read by value: 'liver' as 'L', 'spleen' as 'S'"));
  EXPECT_THAT(input_error_of([&] { judged({a, file("b", {{"liver", 2}, {"spleen", 1}})}, classes); }),
              HasSubstr("b: 'liver' is the value 2, in a it is 1, and no class has this name"));
  EXPECT_THAT(input_error_of([&] { judged({a, file("b", {{"kidney", 1}})}, classes); }),
              HasSubstr("the value 1 is 'liver' in a and 'kidney' in b, and no class has such a name"));
  EXPECT_THAT(judged({a, file("b", {{"tumour of patient 3", 1}})}, {"background", "x"}), Not(IsEmpty()));
  EXPECT_EQ(judged({file("a", {{"Segment_1", 1}}), file("b", {{"Segment_2", 1}})}, classes), "");
}

TEST(LabelFiles, ANameOfTheMapMustOccur) {
  const NamedFile a = file("a", {{"Leber", 1}});
  EXPECT_EQ(judged({a}, kOrgans, {"Leber=liver"}), "");
  EXPECT_THAT(input_error_of([&] { judged({a}, kOrgans, {"Leberr=liver"}); }),
              HasSubstr("names 'Leberr', which no label file has"));
  EXPECT_THAT(input_error_of([&] { judged({}, kOrgans, {"Leber=liver"}); }), HasSubstr("no label file names its values"));
}

}  // namespace tss::label_table_test
