#include "textsemiseg/cli/failure.h"

#include <filesystem>
#include <new>

#include "textsemiseg/base/at_hand.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// Of LibTorch's errors the sentence alone: lines with the frames of the call follow it.
std::string first_line(const std::string& text) { return trim(text.substr(0, text.find('\n'))); }

// LibTorch's allocators throw errors of their own kind.
bool is_lack_of_memory(const std::string& text) {
  const std::string words = to_lower_ascii(text);
  for (const char* sign : {"can't allocate memory", "cannot allocate memory", "not enough memory", "out of memory"}) {
    if (words.find(sign) != std::string::npos) return true;
  }
  return false;
}

std::string memory_advice(const std::string& verb) {
  if (verb == "train" || verb == "study" || verb == "demo" || verb == "run")
    return "a smaller sampler.patch, or fewer sampler.labelled and sampler.unlabelled, need less";
  if (verb == "prepare") return "prepare --threads 1 needs less";
  if (verb == "predict") return "--window-batch 1 needs less, and so does a run with smaller patches";
  if (verb == "report") return "fewer runs, or a lower --megabytes, need less";
  return "a machine with more memory is needed, or fewer and smaller files";
}

std::string out_of_memory(const std::string& verb) {
  const std::string at_hand = left_at_hand();
  return concat("out of memory", at_hand.empty() ? "" : " while " + at_hand, ": ", memory_advice(verb));
}

}  // namespace

Failure failure_of(const std::exception_ptr& error, const std::string& verb) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return {known.what(), known.code()};
  } catch (const std::bad_alloc&) {
    return {out_of_memory(verb), ExitCode::kFailed};
  } catch (const std::filesystem::filesystem_error& failed) {
    const std::string path = failed.path1().string();
    return {concat(path.empty() ? "file system" : path, ": cannot be used (", failed.code().message(),
                   "); expected a place that can be read, and written where results go"),
            ExitCode::kBadInput};
  } catch (const std::exception& failed) {
    const std::string text = failed.what();
    if (is_lack_of_memory(text)) return {out_of_memory(verb), ExitCode::kFailed};
    log_debug(text);
    return {"unexpected failure: " + first_line(text), ExitCode::kFailed};
  } catch (...) {
    return {"unexpected failure", ExitCode::kFailed};
  }
}

}  // namespace tss
