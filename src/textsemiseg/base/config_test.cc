#include "textsemiseg/base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/testing.h"

namespace tss::config_test {

using ::testing::HasSubstr;
using testing::input_error_of;

struct Inner {
  double rate = 0.01;
  bool nesterov = false;
  template <class V>
  void visit(V& v) {
    v("learning_rate", rate);
    v("nesterov", nesterov);
  }
};

struct Outer {
  int64_t iterations = 30000;
  uint64_t seed = 0;
  int small = 1;
  std::string method = "supervised";
  std::vector<int64_t> patch{96, 96, 96};
  std::vector<std::string> names;
  std::vector<std::vector<double>> table;
  Inner optimiser;
  template <class V>
  void visit(V& v) {
    v("iterations", iterations);
    v("seed", seed);
    v("small", small);
    v("method", method);
    v("patch", patch);
    v("names", names);
    v("table", table);
    v("optimiser", optimiser);
  }
};

class Config : public ::testing::Test {
 protected:
  Json parse(const std::string& toml) {
    write_text_file(folder / "run.toml", toml);
    return read_toml(folder / "run.toml");
  }
  Outer options(const std::string& toml) {
    Outer out;
    read_options(parse(toml), "run.toml", out);
    return out;
  }
  std::string error(const std::string& toml) {
    return input_error_of([&] { options(toml); });
  }
  testing::TemporaryFolder folder;
};

TEST_F(Config, FillsGivenFieldsAndKeepsDefaults) {
  const Outer out = options(
      "iterations = 1500\nseed = 7\npatch = [32, 48, 32]\nnames = ['a', \"b\"]\ntable = [[1, 2.5], "
      "[]]\n[optimiser]\nlearning_rate = 1\n");
  EXPECT_EQ(out.iterations, 1500);
  EXPECT_EQ(out.seed, 7u);
  EXPECT_EQ(out.method, "supervised");
  EXPECT_EQ(out.patch, (std::vector<int64_t>{32, 48, 32}));
  EXPECT_EQ(out.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(out.table, (std::vector<std::vector<double>>{{1, 2.5}, {}}));
  EXPECT_EQ(out.optimiser.rate, 1);
  EXPECT_FALSE(out.optimiser.nesterov);
}

TEST_F(Config, UnknownKeyNamesTheNearest) {
  EXPECT_THAT(error("iteratons = 3"),
              HasSubstr("run.toml: iteratons: is not a known key (did you mean 'iterations'?); expected one of iterations"));
  EXPECT_THAT(error("[optimiser]\nlearning_rat = 1"),
              HasSubstr("optimiser.learning_rat: is not a known key (did you mean 'learning_rate'?)"));
  EXPECT_THAT(error("[optimizer]\n"), HasSubstr("(did you mean 'optimiser'?)"));
  EXPECT_THAT(error("zzz = 1"), HasSubstr("zzz: is not a known key; expected one of"));
}

TEST_F(Config, WrongTypeNamesFileAndField) {
  EXPECT_EQ(error("iterations = 'many'"), "run.toml: iterations: found \"many\" (text); expected an integer");
  EXPECT_EQ(error("iterations = 1.5"), "run.toml: iterations: found 1.5 (a number); expected an integer");
  EXPECT_EQ(error("iterations = true"), "run.toml: iterations: found true (true or false); expected an integer");
  EXPECT_EQ(error("seed = -1"), "run.toml: seed: found -1 (an integer); expected an integer from 0");
  EXPECT_EQ(error("small = 3000000000"), "run.toml: small: found 3000000000 (an integer); expected an integer");
  EXPECT_EQ(error("method = 3"), "run.toml: method: found 3 (an integer); expected text");
  EXPECT_EQ(error("patch = [96, 96.5, 96]"),
            "run.toml: patch: found [96,96.5,96] (a list); expected a list, each item an integer");
  EXPECT_EQ(error("patch = 96"), "run.toml: patch: found 96 (an integer); expected a list, each item an integer");
  EXPECT_EQ(error("optimiser = 3"), "run.toml: optimiser: found 3 (an integer); expected a section");
  EXPECT_EQ(error("[optimiser]\nlearning_rate = true"),
            "run.toml: optimiser.learning_rate: found true (true or false); expected a number");
  EXPECT_EQ(error("[optimiser]\nnesterov = 1"), "run.toml: optimiser.nesterov: found 1 (an integer); expected true or false");
}

TEST_F(Config, SyntaxErrorsNameThePlace) {
  EXPECT_THAT(input_error_of([&] { parse("a = 1\nb = [1, 2\nc = 3\n"); }), HasSubstr("run.toml, line 3"));
  EXPECT_THAT(input_error_of([&] { parse("a = 1\na = 2\n"); }), HasSubstr("run.toml, line 2"));
  EXPECT_THAT(input_error_of([&] { read_toml(folder / "none.toml"); }), HasSubstr("none.toml: cannot be opened"));
  write_text_file(folder / "a.json", "{\"a\": 1,\n\"b\" 2}\n");
  EXPECT_THAT(input_error_of([&] { read_json(folder / "a.json"); }), HasSubstr("a.json, line 2: is not JSON"));
  write_text_file(folder / "a.json", "");
  EXPECT_THAT(input_error_of([&] { read_json(folder / "a.json"); }), HasSubstr("a.json, line 1: is not JSON"));
}

TEST_F(Config, SyntaxErrorsOfJsonSayWhy) {
  const auto why = [&](const std::string& text) {
    write_text_file(folder / "a.json", text);
    return input_error_of([&] { read_json(folder / "a.json"); });
  };
  EXPECT_THAT(why("{\"a\": 1,\n \"b\": NaN}"), HasSubstr("line 2: is not JSON: found NaN"));
  EXPECT_THAT(why("{\"a\": 1,\n}"), HasSubstr("line 2: is not JSON: found a comma before }"));
  EXPECT_THAT(why("{\n# why\n}"), HasSubstr("line 2: is not JSON: found a comment"));
  EXPECT_THAT(why("{\"a\": 1 // why\n}"), HasSubstr("found a comment"));
  EXPECT_THAT(why("{'a': 1}"), HasSubstr("double quotation marks"));
  EXPECT_THAT(why("{\"a\": True}"), HasSubstr("found True"));
  EXPECT_THAT(why("{\"a\": [1"), HasSubstr("the file ends too early"));
  EXPECT_THAT(why(std::string("\xff\xfe{\0}\0", 6)), HasSubstr("is UTF-16 text"));
  EXPECT_THAT(why("{\n\"a\": \"M\xfcller\"}"), HasSubstr("line 2: holds the byte \\xfc, which is not UTF-8"));
  write_text_file(folder / "a.toml", std::string("\xff\xfe"
                                                 "a\0",
                                                 4));
  EXPECT_THAT(input_error_of([&] { read_toml(folder / "a.toml"); }), HasSubstr("is UTF-16 text"));
}

TEST_F(Config, OptionsOutAndInAgain) {
  Outer out;
  out.method = "quote \" backslash \\ newline \n tab \t bell \a é";
  out.optimiser.rate = 1e-20;
  out.seed = uint64_t{1} << 62;
  out.table = {{1, 2}, {0.1}};
  const Json tree = write_options(out);
  const Json back = parse(to_toml(tree));
  Outer again;
  read_options(back, "", again);
  EXPECT_EQ(write_options(again).dump(), tree.dump());
}

TEST_F(Config, TomlKeepsOrderTypesAndOddKeys) {
  const Json tree = Json::parse(R"({"z": 1.0, "a b": true, "list": [{"x": 1}, [2, "t"]], "s": {"k.l": {"v": 2}}, "e": {}})");
  const std::string text = to_toml(tree);
  EXPECT_EQ(text, "z = 1.0\n\"a b\" = true\nlist = [{x = 1}, [2, \"t\"]]\n\n[s]\n\n[s.\"k.l\"]\nv = 2\n\n[e]\n");
  const Json back = parse(text);
  EXPECT_TRUE(back["z"].is_number_float());
  EXPECT_EQ(nlohmann::json(back), nlohmann::json(tree));
  const Json special{{"n", std::nan("")}, {"i", -std::numeric_limits<double>::infinity()}};
  EXPECT_EQ(to_toml(special), "n = nan\ni = -inf\n");
  EXPECT_THROW(to_toml(Json{{"a", nullptr}}), Error);
}

TEST_F(Config, MergeGoesSectionBySection) {
  Json base = Json::parse(R"({"a": {"x": 1, "y": [1, 2]}, "b": 2})");
  merge(base, Json::parse(R"({"a": {"y": [3]}, "c": {"z": 1}, "b": {"n": 1}})"));
  EXPECT_EQ(base.dump(), R"({"a":{"x":1,"y":[3]},"b":{"n":1},"c":{"z":1}})");
}

TEST_F(Config, OverridesAreReadAsToml) {
  Json tree = Json::object();
  for (const std::string assignment :
       {"train.iterations=100", "train.rate = 1e-3", "train.name=left atrium", "train.quoted=\"3\"", "flag=true",
        "patch=[32, 32, 16]", "train.path=a=b", "empty=", "date=2024-01-02", "odd=1\nx = 2"})
    apply_override(tree, assignment);
  EXPECT_EQ(tree["train"]["iterations"], 100);
  EXPECT_EQ(tree["train"]["rate"], 1e-3);
  EXPECT_EQ(tree["train"]["name"], "left atrium");
  EXPECT_EQ(tree["train"]["quoted"], "3");
  EXPECT_EQ(tree["flag"], true);
  EXPECT_EQ(tree["patch"], Json::parse("[32, 32, 16]"));
  EXPECT_EQ(tree["train"]["path"], "a=b");
  EXPECT_EQ(tree["empty"], "");
  EXPECT_EQ(tree["date"], "2024-01-02");
  EXPECT_EQ(tree["odd"], "1\nx = 2");
  apply_override(tree, "train.rate=2");
  EXPECT_EQ(tree["train"]["rate"], 2);

  EXPECT_THAT(input_error_of([&] { apply_override(tree, "train.iterations"); }),
              HasSubstr("--set: found 'train.iterations'; expected section.key=value"));
  EXPECT_THAT(input_error_of([&] { apply_override(tree, "=3"); }), HasSubstr("expected section.key=value"));
  EXPECT_THAT(input_error_of([&] { apply_override(tree, "a..b=3"); }), HasSubstr("expected section.key=value"));
  EXPECT_THAT(input_error_of([&] { apply_override(tree, "flag.x=3"); }),
              HasSubstr("--set: flag.x: 'flag' is true or false; expected a section"));
}

TEST_F(Config, JsonFiles) {
  const Json tree = Json::parse(R"({"b": 1, "a": [1, null], "s": "é"})");
  write_json(folder / "sub/a.json", tree);
  EXPECT_EQ(read_json(folder / "sub/a.json").dump(), tree.dump());
  write_json(folder / "sub/a.json", Json{{"n", std::nan("")}, {"bad", "\xff"}});
  EXPECT_TRUE(read_json(folder / "sub/a.json")["n"].is_null());
}

}  // namespace tss::config_test
