// textsemiseg doctor: what this machine offers, and whether convolutions are right here.
#include <ATen/Version.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/memory.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/version.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/io/library_versions.h"
#include "textsemiseg/report/png.h"
#include "textsemiseg/workflows/convolution_check.h"

namespace tss {
namespace {

using Json = nlohmann::ordered_json;

// The first value of a key in a file of "key : value" lines.
std::string value_in(const char* path, const std::string& key) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && trim(line.substr(0, colon)) == key) return trim(line.substr(colon + 1));
  }
  return "";
}

// Only those that decide how fast convolutions are.
std::string instruction_sets() {
  const std::string text = value_in("/proc/cpuinfo", "flags");
  std::istringstream flags(text);
  const std::set<std::string> present{std::istream_iterator<std::string>(flags), {}};
  std::vector<std::string> found;
  for (const char* name : {"avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16"}) {
    if (present.count(name)) found.emplace_back(name);
  }
  return found.empty() ? "none of AVX2, AVX-512, AMX" : join(found, ", ");
}

// "oneDNN v3.7.1 (Git Hash ...)" and the like: from its first digit to the next blank.
std::string version_in(const std::string& text) {
  const size_t first = text.find_first_of("0123456789");
  return first == std::string::npos ? text : text.substr(first, text.find_first_of(" \n", first) - first);
}

Json machine() {
  Json facts;
  facts["processor"] = value_in("/proc/cpuinfo", "model name");
  facts["instruction sets"] = instruction_sets();
  facts["used by torch"] = at::get_cpu_capability();
  facts["processors"] = std::thread::hardware_concurrency();
  facts["threads"] = at::get_num_threads();
  const char* omp = std::getenv("OMP_NUM_THREADS");
  facts["OMP_NUM_THREADS"] = omp ? omp : "not set";
  facts["memory"] = value_in("/proc/meminfo", "MemTotal") + ", " + value_in("/proc/meminfo", "MemAvailable") + " available";
  facts["allocator"] = allocator_settings();
  const auto devices = torch::cuda::is_available() ? torch::cuda::device_count() : 0;
  if (devices > 0) {
    facts["CUDA"] = concat(devices, devices == 1 ? " device" : " devices");
  } else if (std::filesystem::exists("/proc/driver/nvidia/version")) {
    facts["CUDA"] = "a driver is there, but this build of LibTorch does not reach it (CPU build, or too old a driver)";
  } else {
    facts["CUDA"] = "no device";
  }
  return facts;
}

Json libraries() {
  Json versions;
  versions["textsemiseg"] = kVersion;
  versions["LibTorch"] = TORCH_VERSION;
  versions["oneDNN"] = at::globalContext().hasMKLDNN() ? version_in(at::get_mkldnn_version()) : "not built in";
  versions["MKL"] = at::globalContext().hasMKL() ? version_in(at::get_mkl_version()) : "not built in";
  for (const auto& [name, version] : io_library_versions()) versions[name] = version;
  versions["libpng"] = png_library_version();
  versions["CLI11"] = CLI11_VERSION;
  return versions;
}

Json to_json(const SelfTest& test) {
  Json result = {{"checks", Json::array()}, {"timings", Json::array()}};
  for (const SelfCheck& check : test.checks) {
    result["checks"].push_back(
        {{"name", check.name}, {"passed", check.passed()}, {"error", check.error}, {"tolerance", check.tolerance}});
  }
  for (const Timing& timing : test.timings) {
    result["timings"].push_back({{"name", timing.name}, {"milliseconds", timing.milliseconds}, {"gflops", timing.gflops}});
  }
  return result;
}

void print_facts(const char* title, const Json& facts) {
  std::cout << title << "\n";
  for (const auto& [name, value] : facts.items()) {
    std::cout << "  " << name << std::string(name.size() < 20 ? 20 - name.size() : 1, ' ')
              << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
  }
}

void print_self_test(const SelfTest& test) {
  std::cout << "3D convolution\n";
  for (const SelfCheck& check : test.checks) {
    std::ostringstream numbers;
    numbers.precision(2);
    numbers << check.error << " (at most " << check.tolerance << ")";
    std::cout << (check.passed() ? "  pass  " : "  FAIL  ") << check.name << ": largest relative difference " << numbers.str()
              << "\n";
  }
  for (const Timing& timing : test.timings) {
    std::cout << "  time  " << timing.name << ": " << fixed(timing.milliseconds, 1) << " ms, " << fixed(timing.gflops, 0)
              << " GFLOP/s\n";
  }
}

void run_doctor(bool json) {
  const SelfTest test = convolution_self_test();
  if (json) {
    Json result = {{"machine", machine()}, {"libraries", libraries()}};
    result.update(to_json(test));
    std::cout << result.dump(2) << "\n";
  } else {
    print_facts("Machine", machine());
    print_facts("Libraries", libraries());
    print_self_test(test);
  }
  const auto failed = std::count_if(test.checks.begin(), test.checks.end(), [](const SelfCheck& c) { return !c.passed(); });
  if (failed > 0) {
    throw Error(concat("doctor: ", failed, " of ", test.checks.size(),
                       " convolution checks failed: do not trust results computed with this LibTorch on this machine"));
  }
}

}  // namespace

std::function<void()> declare_doctor(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "for machines");
  return [json] { run_doctor(*json); };
}

}  // namespace tss
