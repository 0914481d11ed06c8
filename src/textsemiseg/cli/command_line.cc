#include "textsemiseg/cli/command_line.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/messages.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/version.h"
#include "textsemiseg/cli/option_values.h"

namespace tss {
namespace {

// The verbs that were typed: "textsemiseg", "text", "encode".
std::vector<const CLI::App*> typed_apps(const CLI::App& app) {
  std::vector<const CLI::App*> out{&app};
  while (!out.back()->get_subcommands().empty()) out.push_back(out.back()->get_subcommands().front());
  return out;
}

std::string name_of(const std::vector<const CLI::App*>& apps) {
  std::vector<std::string> names;
  for (const CLI::App* one : apps) {
    if (one->get_name() != "textsemiseg") names.push_back(one->get_name());
  }
  return names.empty() ? "textsemiseg" : join(names, " ");
}

void add_everywhere(CLI::App& app, MessageOptions& options) {
  add_message_options(app, options);
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) add_everywhere(*sub, options);
}

}  // namespace

void MessageOptions::apply() const {
  set_log_level(quiet ? LogLevel::kQuiet : verbose ? LogLevel::kVerbose : LogLevel::kNormal);
  set_message_format(log_format == "json" ? MessageFormat::kJson : MessageFormat::kText);
}

void add_message_options(CLI::App& app, MessageOptions& options) {
  app.add_flag("-q,--quiet", options.quiet, "only warnings and errors, no progress")->group("Messages");
  app.add_flag("--verbose", options.verbose, "more messages")->group("Messages");
  app.add_option("--log-format", options.log_format, "of messages and progress on standard error")
      ->type_name("text|json")
      ->check(CLI::IsMember({"text", "json"}))
      ->group("Messages");
}

std::function<void()> declare_verb(const Verb& verb, CLI::App& app) {
  app.footer(std::string("Example:\n  ") + verb.example);
  std::function<void()> action = verb.declare(app);
  label_values(app);
  return action;
}

CommandLine::CommandLine() {
  app_.set_version_flag("--version", std::string("textsemiseg ") + kVersion, "print the version and exit");
  app_.get_formatter()->column_width(34);
  app_.require_subcommand(1);
  app_.fallthrough();
  app_.footer("textsemiseg VERB --help: a verb's options, with an example.");
  for (const Verb& verb : verbs()) {
    CLI::App* sub = app_.add_subcommand(verb.name, verb.summary);
    std::function<void()> action = declare_verb(verb, *sub);
    sub->callback([this, action = std::move(action)] { action_ = action; });
  }
  add_everywhere(app_, messages_);
  label_values(app_);
}

void CommandLine::parse(int argc, const char* const* argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::Success&) {
    throw;
  } catch (const CLI::ParseError& error) {
    throw UsageError(usage_message(app_, error));
  }
}

std::string CommandLine::verb() const {
  const auto typed = app_.get_subcommands();
  return typed.empty() ? "" : typed.front()->get_name();
}

std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<const CLI::App*> apps = typed_apps(app);
  const std::string name = name_of(apps);
  const auto verb_names = [&] {
    std::vector<std::string> out;
    for (const CLI::App* sub : apps.back()->get_subcommands([](const CLI::App*) { return true; })) out.push_back(sub->get_name());
    return out;
  };
  for (const std::string& word : app.remaining(true)) {
    if (word.size() > 1 && word.front() == '-') {
      std::vector<std::string> known;
      for (const CLI::App* one : apps) {
        for (const CLI::Option* option : one->get_options()) {
          for (const std::string& long_name : option->get_lnames()) known.push_back("--" + long_name);
        }
      }
      const std::string option = word.substr(0, word.find('='));
      return name + ": unknown option '" + option + "'" + did_you_mean(option, known);
    }
    const std::vector<std::string> verbs = verb_names();
    if (!verbs.empty()) return name + ": unknown verb '" + word + "'" + did_you_mean(word, verbs);
    return name + ": '" + word + "' was not expected";
  }
  if (error.get_name() == "RequiredError" && !verb_names().empty())
    return name + ": a verb is missing: " + join(verb_names(), ", ");
  return name + ": " + trim(error.what());
}

}  // namespace tss
