// The whole command line: every verb with its options, and the options that all of them have.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "textsemiseg/cli/program.h"

namespace tss {

// On every verb, with the same meaning.
struct MessageOptions {
  bool quiet = false, verbose = false;
  std::string log_format = "text";  // text | json

  void apply() const;
};
void add_message_options(CLI::App& app, MessageOptions& options);

class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;

  // Throws UsageError (one line, with the nearest known word for a mistyped one); CLI::Success for --help and --version.
  void parse(int argc, const char* const* argv);
  void run() const { action_(); }

  CLI::App& app() { return app_; }
  std::string verb() const;  // that was typed
  const MessageOptions& messages() const { return messages_; }

 private:
  CLI::App app_{"Semi-supervised 3D medical image segmentation", "textsemiseg"};
  MessageOptions messages_;
  std::function<void()> action_;
};

// Declares a verb's options on app, names what their values are (cli/option_values.h) and adds its example.
std::function<void()> declare_verb(const Verb& verb, CLI::App& app);

// Why a command line was not understood, in one line: an unknown option or verb first, with what it may have been meant to be.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error);

}  // namespace tss
