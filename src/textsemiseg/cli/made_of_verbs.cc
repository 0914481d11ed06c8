#include "textsemiseg/cli/made_of_verbs.h"

#include <iterator>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/shell_words.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/program.h"

namespace tss {
namespace fs = std::filesystem;

void claim_folder(const fs::path& folder, const std::string& verb, const std::string& marker, const Json& wanted) {
  const fs::path file = folder / marker;
  if (fs::exists(file)) {
    const Json found = read_json(file);
    if (found == wanted) return;
    // A word that was mistyped: until anything else is made, another may be given.
    if (std::distance(fs::directory_iterator(folder), {}) > 1)
      throw InputError(file.string(), concat("a ", verb, " with other options (", found.dump(), ")"),
                       "the same options, or another --output");
    return write_json(file, wanted);
  }
  if (fs::exists(folder) && !(fs::is_directory(folder) && fs::is_empty(folder)))
    throw InputError(folder.string(), concat("exists and was not made by ", verb), "a new or empty folder (--output)");
  fs::create_directories(folder);
  write_json(file, wanted);
}

void show_and_run(const std::vector<std::string>& words) {
  log_info("$ textsemiseg " + shell_command(words));
  run_verb(words);
}

}  // namespace tss
