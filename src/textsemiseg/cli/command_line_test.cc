// What there is to type: help, completion in real shells, mistyped words, Slicer's description.
#include "textsemiseg/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <set>
#include <sstream>

#include "support/testing.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/version.h"
#include "textsemiseg/cli/completion.h"
#include "textsemiseg/cli/slicer.h"

namespace tss::command_line_test {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

struct Result {
  int code = -1;
  std::string out, err;
};

Result program(std::vector<std::string> words, const std::string& name = "textsemiseg") {
  words.insert(words.begin(), name);
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Result result;
  result.code = run_program(static_cast<int>(argv.size()), argv.data());
  result.out = ::testing::internal::GetCapturedStdout();
  result.err = ::testing::internal::GetCapturedStderr();
  return result;
}

// What a command of the system prints, errors included.
std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer;
  while (const size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), n);
  ::pclose(pipe);
  return out;
}

bool has_program(const std::string& name) { return output_of("command -v " + name) != ""; }

void visit(const CommandFacts& command, const std::function<void(const CommandFacts&)>& action) {
  action(command);
  for (const CommandFacts& sub : command.commands) visit(sub, action);
}

CommandFacts all_facts() {
  CommandLine line;
  return facts_of(line.app());
}

TEST(CommandLine, EveryVerbHasAnExampleOfItselfAndTheMessageOptions) {
  visit(all_facts(), [](const CommandFacts& command) {
    if (command.full == "textsemiseg") return;
    EXPECT_THAT(command.example, HasSubstr(command.full)) << command.full;
    std::set<std::string> names;
    for (const OptionFacts& option : command.options) {
      for (const std::string& name : option.names) EXPECT_TRUE(names.insert(name).second) << command.full << " " << name;
      EXPECT_NE(option.description, "") << command.full << " " << option.names.front();
    }
    EXPECT_THAT(names, IsSupersetOf({"--help", "--quiet", "--verbose", "--log-format"})) << command.full;
  });
}

TEST(CommandLine, HelpShowsTheExampleAndWhatValuesAre) {
  for (const Verb& verb : verbs()) {
    const Result help = program({verb.name, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, HasSubstr("Example:\n  ")) << verb.name;
  }
  EXPECT_THAT(program({"predict", "--help"}).out,
              AllOf(HasSubstr("--weights gaussian|constant"), HasSubstr("--run RUN"), HasSubstr("(required)")));
}

// Every option that an example uses exists, so that examples do not rot.
TEST(CommandLine, ExamplesUseOptionsThatExist) {
  visit(all_facts(), [](const CommandFacts& command) {
    std::set<std::string> known;
    visit(command, [&](const CommandFacts& inner) {
      for (const OptionFacts& option : inner.options) known.insert(option.names.begin(), option.names.end());
    });
    std::istringstream words(command.example);
    for (std::string word; words >> word;) {
      if (starts_with(word, "--")) {
        EXPECT_THAT(known, Contains(word)) << command.example;
      }
    }
  });
}

TEST(CommandLine, VerbsThatPrintResultsHaveJson) {
  visit(all_facts(), [](const CommandFacts& command) {
    static const std::set<std::string> results = {"predict", "evaluate", "compare",  "check", "doctor",
                                                  "list",    "encode",   "tokenize", "probe", "study"};
    if (!results.contains(command.name)) return;
    EXPECT_TRUE(std::any_of(command.options.begin(), command.options.end(), [](const OptionFacts& option) {
      return option.names.front() == "--json";
    })) << command.full;
  });
}

TEST(CommandLine, MistypedWordsAreOneLineWithTheNearestKnownOne) {
  const auto usage_error = [](const std::vector<std::string>& words) {
    const Result result = program(words);
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    return result.err;
  };
  EXPECT_THAT(usage_error({"trian"}), HasSubstr("textsemiseg: unknown verb 'trian' (did you mean 'train'?)"));
  EXPECT_THAT(usage_error({"predict", "--ouput", "x"}),
              HasSubstr("predict: unknown option '--ouput' (did you mean '--output'?)"));
  EXPECT_THAT(usage_error({"text", "encod", "x"}), HasSubstr("text: unknown verb 'encod' (did you mean 'encode'?)"));
  EXPECT_THAT(usage_error({"text", "encode", "x", "--sorce=auto"}), HasSubstr("text encode: unknown option '--sorce'"));
  EXPECT_THAT(usage_error({}), HasSubstr("a verb is missing: demo, run, prepare"));
  EXPECT_THAT(usage_error({"predict", "--output", "x"}), HasSubstr("--run is required"));
  EXPECT_THAT(usage_error({"train", "--run", "x", "--iterations", "many"}), HasSubstr("--iterations"));
  EXPECT_THAT(usage_error({"doctor", "extra"}), HasSubstr("'extra' was not expected"));
  const Json event = Json::parse(usage_error({"predict", "--log-format", "json", "--ouput", "x"}));
  EXPECT_EQ(event["level"], "error");
}

TEST(CommandLine, VersionForPeopleAndMachines) {
  EXPECT_THAT(program({"--version"}).out, HasSubstr("textsemiseg 0."));
  EXPECT_TRUE(Json::parse(program({"--version", "--json"}).out).contains("textsemiseg"));
}

// ---- completion -----------------------------------------------------------------------------------------------------

class Completion : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "scans of today");
    write_text_file(folder_ / "scan.nii.gz", "");
  }
  // The words that bash offers for the last one.
  std::vector<std::string> bash(const std::vector<std::string>& words) {
    write_text_file(folder_ / "completion", bash_completion(all_facts()));
    std::string array;
    for (const std::string& word : words) array += " '" + word + "'";
    const std::string out = output_of(
        "cd " + folder_.path().string() + " && bash --norc -c \"set -u; source ./completion; COMP_WORDS=(textsemiseg" + array +
        "); COMP_CWORD=" + std::to_string(words.size()) + "; _textsemiseg; printf '%s\\n' \\\"\\${COMPREPLY[@]-}\\\"\"");
    std::vector<std::string> lines = split(trim(out), '\n');
    if (lines == std::vector<std::string>{""}) lines.clear();
    return lines;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Completion, BashOffersVerbsOptionsAndValues) {
  if (!has_program("bash")) GTEST_SKIP() << "skipped: no bash";
  EXPECT_THAT(bash({"pre"}), ElementsAre("prepare", "predict"));
  EXPECT_THAT(bash({"text", ""}), ElementsAre("tokenize", "encode", "probe"));
  EXPECT_THAT(bash({"predict", "--ov"}), UnorderedElementsAre("--overlap", "--overwrite"));
  EXPECT_THAT(bash({"predict", "--weights", ""}), ElementsAre("gaussian", "constant"));
  EXPECT_THAT(bash({"predict", "--weights", "=", "c"}), ElementsAre("constant"));
  EXPECT_THAT(bash({"evaluate", "--role", "t"}), ElementsAre("test"));
  EXPECT_THAT(bash({"train", "--method", "mc_"}), ElementsAre("mc_net", "mc_net_plus"));
  EXPECT_THAT(bash({"predict", "--run", ""}), ElementsAre("scans of today"));  // folders alone
  EXPECT_THAT(bash({"predict", "--input", "sc"}), UnorderedElementsAre("scan.nii.gz", "scans of today"));
  EXPECT_THAT(bash({"predict", "--overlap", ""}), ElementsAre());
  EXPECT_THAT(bash({"text", "tokenize", "--tokenizer", ""}), ElementsAre("clip", "wordpiece"));
  // A value that is called like a verb does not change what is offered.
  EXPECT_THAT(bash({"predict", "--output", "train", "--ov"}), UnorderedElementsAre("--overlap", "--overwrite"));
  EXPECT_THAT(bash({"completion", ""}), ElementsAre("bash", "zsh"));
}

TEST_F(Completion, EveryOptionIsInBothScripts) {
  const CommandFacts facts = all_facts();
  const std::string in_bash = bash_completion(facts), in_zsh = zsh_completion(facts);
  visit(facts, [&](const CommandFacts& command) {
    for (const OptionFacts& option : command.options) {
      EXPECT_THAT(in_bash, HasSubstr(option.names.back()));
      EXPECT_THAT(in_zsh, HasSubstr(option.names.back() + "["));
    }
  });
}

// zsh completes only in a terminal: one is made for it, with a tab typed at the end of the line.
TEST_F(Completion, ZshOffersThemToo) {
  if (!has_program("zsh")) GTEST_SKIP() << "skipped: no zsh";
  write_text_file(folder_ / "completion", zsh_completion(all_facts()));
  EXPECT_EQ(output_of("zsh -n " + (folder_ / "completion").string()), "");
  write_text_file(folder_ / "drive.zsh", R"(
zmodload zsh/zpty
zpty z "TERM=dumb PS1='ready> ' zsh -f -i"
zpty -w z "autoload -Uz compinit && compinit -u -d $PWD/dump; zstyle ':completion:*' list-prompt ''; setopt no_beep; source ./completion"
zpty -w z "echo set''up"
zpty -r z before '*setup*ready> '
zpty -w -n z "$1"$'\t\t'
sleep 1
out=''
while zpty -r -t z line; do out+=$line; done
print -r -- "$out"
zpty -d z
)");
  const auto zsh = [&](const std::string& typed) {
    return output_of("cd " + folder_.path().string() + " && timeout 30 zsh -f drive.zsh '" + typed + "'");
  };
  EXPECT_THAT(zsh("textsemiseg pred"), HasSubstr("textsemiseg predict"));
  EXPECT_THAT(zsh("textsemiseg predict --weights ga"), HasSubstr("--weights gaussian"));
  EXPECT_THAT(zsh("textsemiseg text tok"), HasSubstr("text tokenize"));
  EXPECT_THAT(zsh("textsemiseg predict --ov"), AllOf(HasSubstr("--overlap"), HasSubstr("--overwrite")));
  EXPECT_THAT(zsh("textsemiseg predict --device cu"), HasSubstr("cuda:0"));
  EXPECT_THAT(zsh("textsemiseg predict --run sc"), Not(HasSubstr("scan.nii.gz")));
}

// ---- Slicer ---------------------------------------------------------------------------------------------------------

// A reader of just the XML that is written here: names of elements with their path, and texts. Fails on what is not well-formed.
std::vector<std::pair<std::string, std::string>> xml_elements(const std::string& xml) {
  std::vector<std::pair<std::string, std::string>> out;
  std::vector<std::string> open;
  size_t at = xml.find("?>") + 2;
  std::string text;
  while (at < xml.size()) {
    if (xml[at] != '<') {
      text += xml[at++];
      continue;
    }
    const size_t end = xml.find('>', at);
    if (end == std::string::npos) {
      ADD_FAILURE() << "a tag does not end";
      break;
    }
    const std::string tag = xml.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) ADD_FAILURE() << "</" << tag.substr(1) << "> closes another element";
      if (!open.empty()) {
        out.emplace_back(join(open, "/"), trim(text));
        open.pop_back();
      }
    } else {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
    text.clear();
  }
  EXPECT_TRUE(open.empty());
  return out;
}

TEST(Slicer, DescriptionFollowsTheSchema) {
  for (const SlicerModule& module : slicer_modules()) {
    const Result result = program({"--xml"}, "/usr/lib/slicer/" + module.name);
    ASSERT_EQ(result.code, 0);
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(result.out.find("<?xml"), 0u);
    const auto elements = xml_elements(result.out);
    std::vector<std::string> top;
    std::set<std::string> names;
    std::set<int> positions;
    static const std::set<std::string> tags = {"directory",         "image", "file", "boolean", "integer", "string",
                                               "string-enumeration"};
    static const std::set<std::string> parts = {"name",    "longflag",    "description", "label", "default",
                                                "element", "constraints", "channel",     "index"};
    for (const auto& [path, text] : elements) {
      const std::vector<std::string> steps = split(path, '/');
      EXPECT_EQ(steps[0], "executable");
      if (steps.size() == 2) top.push_back(steps[1]);
      if (steps.size() == 3 && steps[2] != "label" && steps[2] != "description") {
        EXPECT_THAT(tags, Contains(steps[2]));
      }
      if (steps.size() == 4) {
        EXPECT_THAT(parts, Contains(steps[3])) << path;
        EXPECT_NE(text + (steps[3] == "constraints" ? "x" : ""), "") << path;
      }
      if (steps.back() == "name") {
        EXPECT_TRUE(names.insert(text).second) << text;
      }
      if (steps.back() == "index") {
        EXPECT_TRUE(positions.insert(std::stoi(text)).second);
      }
      if (steps.back() == "longflag") {
        EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), std::string::npos);
      }
    }
    EXPECT_THAT(std::vector<std::string>(top.begin(), top.begin() + 7),
                ElementsAre("category", "title", "description", "version", "documentation-url", "license", "contributor"));
    EXPECT_EQ(std::set<std::string>(top.begin() + 7, top.end()), std::set<std::string>{"parameters"});
    EXPECT_EQ(positions, (std::set<int>{0, 1, 1000}));
    EXPECT_THAT(result.out, HasSubstr(std::string("<version>") + kVersion + "</version>"));
  }
}

// The names of a description are those that the program reads.
TEST(Slicer, DescriptionsAndProgramAgree) {
  ASSERT_FALSE(slicer_modules().empty());
  EXPECT_EQ(slicer_descriptions().size(), slicer_modules().size());
  for (const SlicerModule& module : slicer_modules()) {
    std::vector<std::string> with_value, without, volumes;
    std::string name;
    for (const auto& [path, text] : xml_elements(slicer_descriptions().at(module.name))) {
      const std::vector<std::string> steps = split(path, '/');
      if (steps.back() == "name") name = text;
      if (steps.back() == "longflag") {
        EXPECT_EQ(text, name);
        (steps[2] == "boolean" ? without : with_value).push_back(text);
      }
      if (steps.back() == "index" && steps[2] == "image") volumes.push_back(name);
    }
    EXPECT_EQ(volumes, module.volumes);
    EXPECT_EQ(with_value, module.options);
    EXPECT_EQ(without, module.flags);
  }
}

TEST(Slicer, CallsAreRead) {
  const SlicerModule& predict = slicer_modules().front();
  const SlicerCall call = read_slicer_call(predict, {"--mirror", "x,y", "--run=/a b", "--keepLargest", "--secondRun", "",
                                                     "--returnparameterfile", "r", "in.nrrd", "out.nrrd"});
  EXPECT_EQ(call.value("mirror"), "x,y");
  EXPECT_EQ(call.value("run"), "/a b");
  EXPECT_EQ(call.value("keepLargest"), "true");
  EXPECT_EQ(call.value("secondRun"), "");
  EXPECT_EQ(call.value("inputVolume"), "in.nrrd");
  EXPECT_EQ(call.value("outputLabel"), "out.nrrd");
  EXPECT_EQ(call.return_file, "r");
  EXPECT_THROW(read_slicer_call(predict, {"in.nrrd"}), UsageError);
  EXPECT_THROW(read_slicer_call(predict, {"in.nrrd", "out.nrrd", "one too many"}), UsageError);
  EXPECT_THROW(read_slicer_call(predict, {"a", "b", "--device"}), UsageError);
  EXPECT_THROW(read_slicer_call(predict, {"a", "b", "--help"}), UsageError);
  EXPECT_EQ(read_slicer_call(predict, {"a", "b"}).value("keepLargest"), "");
  const Result threads = program({"--run", "r", "--threads", "two", "a.nrrd", "b.nrrd"}, "TextSemiSegPredict");
  EXPECT_EQ(threads.code, 2);
  EXPECT_THAT(threads.err, HasSubstr("--threads"));
}

}  // namespace tss::command_line_test
