#include "textsemiseg/base/stream_file.h"

#include <cerrno>
#include <cstring>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"

namespace tss {

void write_stream_file(const std::filesystem::path& path, const std::function<void(std::ostream&)>& writer) {
  write_atomically(path, [&](const std::filesystem::path& temporary) {
    errno = 0;
    std::ofstream out(temporary, std::ios::binary);
    if (out) writer(out);
    out.close();
    if (out) return;
    const std::string reason = errno != 0 ? concat(" (", std::strerror(errno), ")") : "";
    throw InputError(path.string(), "cannot be written" + reason, "a writable place with room on the disk");
  });
}

}  // namespace tss
