// One declaration per verb; each verb has its own file.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace tss {

std::function<void()> declare_run(CLI::App& app);
std::function<void()> declare_prepare(CLI::App& app);
std::function<void()> declare_train(CLI::App& app);
std::function<void()> declare_predict(CLI::App& app);
std::function<void()> declare_evaluate(CLI::App& app);
std::function<void()> declare_compare(CLI::App& app);
std::function<void()> declare_report(CLI::App& app);
std::function<void()> declare_demo(CLI::App& app);
std::function<void()> declare_doctor(CLI::App& app);
std::function<void()> declare_text(CLI::App& app);
std::function<void()> declare_check(CLI::App& app);
std::function<void()> declare_import(CLI::App& app);
std::function<void()> declare_export(CLI::App& app);
std::function<void()> declare_study(CLI::App& app);
std::function<void()> declare_list(CLI::App& app);
std::function<void()> declare_completion(CLI::App& app);

}  // namespace tss
