// Files written through a stream.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>

namespace tss {

// write_atomically with a stream. Throws InputError naming path where anything of it fails: servers and quotas tell of a write that
// failed when the file is closed.
void write_stream_file(const std::filesystem::path& path, const std::function<void(std::ostream&)>& writer);

}  // namespace tss
