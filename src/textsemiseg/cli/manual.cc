#include "textsemiseg/cli/manual.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>

#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/version.h"
#include "textsemiseg/cli/command_line.h"
#include "textsemiseg/cli/verbs.h"

namespace tss {
namespace {

// The next character of UTF-8, advancing `at`; a broken byte comes out as U+FFFD.
char32_t next_character(const std::string& text, size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) return first;
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  char32_t out = more == 3 ? first & 0x07 : more == 2 ? first & 0x0f : first & 0x1f;
  for (int i = 0; i < more; ++i) {
    if (at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80) return 0xfffd;
    out = out << 6 | (static_cast<unsigned char>(text[at++]) & 0x3f);
  }
  return more == 0 ? 0xfffd : out;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return text;
}

std::string bold(const std::string& text) { return "\\fB" + roff_text(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + roff_text(text) + "\\fR"; }

std::string page_name(const std::string& full) {
  const std::vector<std::string> words = split(full, ' ');
  return words.size() == 1 ? words[0] : words[0] + "-" + words[1];
}

void write_options(std::ostringstream& out, const CommandFacts& command) {
  for (const OptionFacts& positional : command.positionals) {
    out << ".TP\n"
        << italic(positional.names.front()) << (positional.repeated ? " ..." : "") << "\n"
        << roff_text(positional.description) << "\n";
  }
  for (const OptionFacts& option : command.options) {
    std::vector<std::string> names;
    for (const std::string& name : option.names) names.push_back(bold(name));
    out << ".TP\n" << join(names, ", ");
    if (option.values.kind != ValueKind::kNone) out << " " << italic(option.values.label);
    out << "\n" << roff_text(option.description);
    std::vector<std::string> notes;
    if (option.required) notes.emplace_back("required");
    if (option.repeated) notes.emplace_back("may be given several times");
    if (!option.preset.empty()) notes.push_back("default: " + option.preset);
    if (!notes.empty()) out << " (" << roff_text(join(notes, "; ")) << ")";
    out << "\n";
  }
}

void write_example(std::ostringstream& out, const std::string& example) {
  if (!example.empty()) out << ".PP\n.nf\n.RS\n" << roff_text(example) << "\n.RE\n.fi\n";
}

// A verb, and the verbs it has of its own.
std::string page_of(const CommandFacts& command) {
  std::ostringstream out;
  out << ".TH " << upper(page_name(command.full)) << " 1 \"\" \"textsemiseg " << kVersion << "\" \"textsemiseg\"\n"
      << ".SH NAME\n"
      << roff_text(page_name(command.full)) << " \\- " << roff_text(command.summary) << "\n.SH SYNOPSIS\n"
      << bold(command.full);
  if (!command.commands.empty()) out << " " << italic("VERB");
  out << " [" << italic("OPTION") << "]...";
  for (const OptionFacts& positional : command.positionals)
    out << " " << italic(positional.names.front()) << (positional.repeated ? "..." : "");
  out << "\n";
  for (const CommandFacts& sub : command.commands) {
    out << ".SH VERB " << upper(roff_text(sub.name)) << "\n" << roff_text(sub.summary) << ".\n";
    write_options(out, sub);
    write_example(out, sub.example);
  }
  out << ".SH OPTIONS\n";
  write_options(out, command);
  if (!command.example.empty()) {
    out << ".SH EXAMPLES\n";
    write_example(out, command.example);
  }
  out << ".SH SEE ALSO\n" << bold("textsemiseg") << "(1)\n";
  return out.str();
}

std::string main_page(const CommandFacts& program) {
  std::ostringstream out;
  out << ".TH TEXTSEMISEG 1 \"\" \"textsemiseg " << kVersion << "\" \"textsemiseg\"\n"
      << ".SH NAME\ntextsemiseg \\- " << roff_text(program.summary) << "\n.SH SYNOPSIS\n"
      << bold("textsemiseg") << " " << italic("VERB") << " [" << italic("OPTION") << "]...\n.SH VERBS\n";
  for (const CommandFacts& sub : program.commands)
    out << ".TP\n" << bold(page_name(sub.full)) << "(1)\n" << roff_text(sub.summary) << "\n";
  out << ".SH OPTIONS\n";
  write_options(out, program);
  out << ".SH EXIT STATUS\n"
         ".TP\n0\ndone\n.TP\n1\nfailed\n.TP\n2\nthe command line is wrong\n.TP\n3\nan input is wrong: the message names file or "
         "option, what was found and what was expected\n.TP\n130\ninterrupted, after a checkpoint was written\n"
         ".SH ENVIRONMENT\n"
         ".TP\nNO_COLOR, CLICOLOR, CLICOLOR_FORCE\ncolours of messages; without them: only on a terminal\n"
         ".TP\nOMP_NUM_THREADS\nthreads, where \\fB\\-\\-threads\\fR is not given\n";
  return out.str();
}

void run_manual(const std::filesystem::path& folder) {
  CommandLine line;
  std::filesystem::create_directories(folder);
  const auto pages = manual_pages(facts_of(line.app()));
  for (const auto& [name, text] : pages) write_text_file(folder / name, text);
  log_info(concat("written: ", pages.size(), " pages in ", folder.string()));
}

}  // namespace

std::string roff_text(const std::string& text) {
  std::string out;
  bool line_start = true;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = next_character(text, at);
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c < 0x80) {
      out += static_cast<char>(c);
    } else {
      char code[16];
      std::snprintf(code, sizeof code, "\\[u%04X]", static_cast<unsigned>(c));
      out += code;
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> manual_pages(const CommandFacts& program) {
  std::vector<std::pair<std::string, std::string>> out{{"textsemiseg.1", main_page(program)}};
  for (const CommandFacts& sub : program.commands) out.emplace_back(page_name(sub.full) + ".1", page_of(sub));
  return out;
}

std::function<void()> declare_manual(CLI::App& app) {
  auto folder = std::make_shared<std::string>();
  app.add_option("--output", *folder, "folder for the pages")->required();
  return [folder] { run_manual(*folder); };
}

}  // namespace tss
