#include "textsemiseg/c_interface/guarded_call.h"

#include <new>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/version.h"
#include "textsemiseg/c_interface/textsemiseg.h"

namespace tss {
namespace {

struct LastError {
  std::string line;
  int32_t code = 0;
};

LastError& last_error() {
  thread_local LastError error;
  return error;
}

int32_t keep(const std::string& line, ExitCode code) {
  last_error() = {printable(line), static_cast<int32_t>(code)};
  return last_error().code;
}

}  // namespace

int32_t guarded_call(const std::function<void()>& action) {
  try {
    action();
    return 0;
  } catch (const Error& error) {
    return keep(error.what(), error.code());
  } catch (const std::bad_alloc&) {
    return keep("out of memory; a smaller window batch, or a run with smaller patches, needs less", ExitCode::kFailed);
  } catch (const std::exception& error) {
    const std::string text = error.what();  // LibTorch's go on with the frames of the call
    return keep("unexpected failure: " + trim(text.substr(0, text.find('\n'))), ExitCode::kFailed);
  } catch (...) {
    return keep("unexpected failure", ExitCode::kFailed);
  }
}

}  // namespace tss

const char* tss_version() { return tss::kVersion; }
const char* tss_error() { return tss::last_error().line.c_str(); }
int32_t tss_error_code() { return tss::last_error().code; }
