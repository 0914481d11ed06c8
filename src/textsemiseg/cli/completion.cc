#include "textsemiseg/cli/completion.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <sstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/command_line.h"
#include "textsemiseg/cli/verbs.h"

namespace tss {
namespace {

// In single quotes of a shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// The verbs that lead to it, without the program's name: "", "predict", "text encode".
std::string path_of(const CommandFacts& command) {
  const size_t blank = command.full.find(' ');
  return blank == std::string::npos ? "" : command.full.substr(blank + 1);
}

template <class Action>
void visit_commands(const CommandFacts& command, const Action& action) {
  action(command);
  for (const CommandFacts& sub : command.commands) visit_commands(sub, action);
}

// ---- bash -----------------------------------------------------------------------------------------------------------

std::string bash_values(const OptionValues& values) {
  const std::string words = values.words.empty() ? "" : "_textsemiseg_words " + quoted(join(values.words, " ")) + "; ";
  switch (values.kind) {
    case ValueKind::kFile:
    case ValueKind::kPath:
      return words + "_textsemiseg_files -f";
    case ValueKind::kFolder:
      return words + "_textsemiseg_files -d";
    default:
      return words.empty() ? ":" : words.substr(0, words.size() - 2);
  }
}

constexpr const char* kBashHead = R"sh(# bash completion of textsemiseg, made by: textsemiseg completion bash
_textsemiseg_words() {
  local word
  for word in $1; do [[ $word == "$current"* ]] && COMPREPLY+=("$word"); done
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2> /dev/null
  return 0
}
_textsemiseg_files() {
  local found
  compopt -o filenames 2> /dev/null
  while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen "$1" -- "$current")
}
_textsemiseg() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb='' i
  COMPREPLY=()
  if [[ $current == '=' ]]; then current=''; elif [[ $before == '=' ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$verb/${COMP_WORDS[i]}" in
)sh";

}  // namespace

std::string bash_completion(const CommandFacts& program) {
  std::ostringstream out;
  out << kBashHead;
  visit_commands(program, [&](const CommandFacts& command) {
    for (const CommandFacts& sub : command.commands)
      out << "      " << quoted(path_of(command) + "/" + sub.name) << ") verb=" << quoted(path_of(sub)) << " ;;\n";
  });
  out << "    esac\n  done\n  case \"$verb $before\" in\n";
  visit_commands(program, [&](const CommandFacts& command) {
    for (const OptionFacts& option : command.options) {
      if (option.values.kind == ValueKind::kNone) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(quoted(path_of(command) + " " + name));
      out << "    " << join(patterns, "|") << ") " << bash_values(option.values) << "; return ;;\n";
    }
  });
  out << "  esac\n  case \"$verb\" in\n";
  visit_commands(program, [&](const CommandFacts& command) {
    std::vector<std::string> names;
    for (const OptionFacts& option : command.options) names.insert(names.end(), option.names.begin(), option.names.end());
    out << "    " << quoted(path_of(command)) << ")\n      if [[ $current == -* ]]; then _textsemiseg_words "
        << quoted(join(names, " ")) << "; else ";
    if (!command.commands.empty()) {
      std::vector<std::string> verbs;
      for (const CommandFacts& sub : command.commands) verbs.push_back(sub.name);
      out << "_textsemiseg_words " << quoted(join(verbs, " "));
    } else {
      out << (command.positionals.empty() ? ":" : bash_values(command.positionals.back().values));
    }
    out << "; fi ;;\n";
  });
  out << "  esac\n}\ncomplete -F _textsemiseg textsemiseg\n";
  return out.str();
}

// ---- zsh ------------------------------------------------------------------------------------------------------------

namespace {

// Inside the brackets and between the colons of a specification of _arguments.
std::string zsh_text(const std::string& text, const char* special) {
  std::string out;
  for (const char c : text) {
    if (std::string(special).find(c) != std::string::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_values(const OptionValues& values) {
  if (values.kind == ValueKind::kNone) return "";
  std::vector<std::string> escaped;
  for (const std::string& word : values.words) escaped.push_back(zsh_text(word, ":"));
  const std::string words = join(escaped, " "), files = values.kind == ValueKind::kFolder ? "_files -/" : "_files";
  const std::string label = ":" + zsh_text(values.label, ":") + ":";
  // Keys that a value is still to be typed behind.
  if (values.kind == ValueKind::kWords && !words.empty() && words.back() == '=')
    return label + "{compadd -S '' -- " + words + "}";
  if (values.kind == ValueKind::kWords) return label + "(" + words + ")";
  if (values.kind == ValueKind::kText) return label;
  return label + (words.empty() ? files : "{compadd -- " + words + "; " + files + "}");
}

std::string zsh_function_name(const CommandFacts& command) {
  std::string out = "_textsemiseg";
  for (const char c : path_of(command)) {
    if (out.size() == 12 || c == ' ') out += '_';
    if (c != ' ') out += c;
  }
  return out;
}

void write_zsh_function(std::ostringstream& out, const CommandFacts& command) {
  out << zsh_function_name(command) << "() {\n  local context state state_descr line\n  typeset -A opt_args\n  _arguments -C";
  for (const OptionFacts& option : command.options) {
    const std::string body = "[" + zsh_text(option.description, "[]\\") + "]" + zsh_values(option.values);
    const std::string many = option.repeated ? "*" : "";
    for (const std::string& name : option.names) out << " \\\n    " << quoted(many + name + body);
  }
  if (!command.commands.empty()) {
    out << " \\\n    '1: :->verb' '*:: :->rest'\n  case $state in\n    verb)\n      local -a verbs=(";
    for (const CommandFacts& sub : command.commands) out << "\n        " << quoted(zsh_text(sub.name, ":") + ":" + sub.summary);
    out << "\n      )\n      _describe verb verbs ;;\n    rest)\n      case $line[1] in\n";
    for (const CommandFacts& sub : command.commands)
      out << "        " << quoted(sub.name) << ") " << zsh_function_name(sub) << " ;;\n";
    out << "      esac ;;\n  esac\n}\n";
    return;
  }
  for (const OptionFacts& positional : command.positionals)
    out << " \\\n    " << quoted((positional.repeated ? "*" : "") + zsh_values(positional.values));
  out << "\n}\n";
}

void run_completion(const std::string& shell) {
  CommandLine line;
  const CommandFacts program = facts_of(line.app());
  std::cout << (shell == "bash" ? bash_completion(program) : zsh_completion(program));
}

}  // namespace

std::string zsh_completion(const CommandFacts& program) {
  std::ostringstream out;
  out << "#compdef textsemiseg\n# zsh completion of textsemiseg, made by: textsemiseg completion zsh\n";
  visit_commands(program, [&](const CommandFacts& command) { write_zsh_function(out, command); });
  // Loaded from a folder of $fpath it is called at once; read with source it is registered.
  out << "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n  _textsemiseg \"$@\"\nelse\n  compdef _textsemiseg "
         "textsemiseg\nfi\n";
  return out.str();
}

std::function<void()> declare_completion(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("shell", *shell, "bash or zsh")->type_name("bash|zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
  return [shell] { run_completion(*shell); };
}

}  // namespace tss
