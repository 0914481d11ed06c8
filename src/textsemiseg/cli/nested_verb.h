// A verb that has verbs of its own ("text encode"): they share one set of arguments.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

namespace tss {

template <class Arguments>
class NestedVerb {
 public:
  explicit NestedVerb(CLI::App& app) : app_(app) { app.require_subcommand(1); }

  // Its options are added to what comes back; they may refer to arguments().
  CLI::App* declare(const char* name, const char* summary, const char* example, void (*run)(const Arguments&)) {
    CLI::App* sub = app_.add_subcommand(name, summary);
    sub->footer(std::string("Example:\n  ") + example);
    sub->callback([state = state_, run] { state->run = run; });
    return sub;
  }
  Arguments& arguments() { return state_->arguments; }
  // What a verb's declaration returns: runs the one that was typed.
  std::function<void()> action() const {
    return [state = state_] { state->run(state->arguments); };
  }

 private:
  struct State {
    Arguments arguments;
    void (*run)(const Arguments&) = nullptr;
  };
  CLI::App& app_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace tss
