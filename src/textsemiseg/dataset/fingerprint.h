// Is a scan on disk still the one that was prepared? Cheap to ask: path, size, time of change and sampled bytes; only where the time
// alone differs, as it does for a copy, the whole content is read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/source/source.h"

namespace tss {

// Of a file: sampled bytes are both ends and blocks between, at most 256 KiB; a header's (.mhd, .nhdr) go on in the data files that it
// names, sizes added up and the latest time. Of a DICOM series (a folder, or FOLDER#series): all files in
// it and below it as one, their sizes added up, the latest time, their names and sizes and the ends of 16 of them.
struct Fingerprint {
  std::string path;
  int64_t bytes = 0;
  int64_t modified_ns = 0;  // since 1970
  std::string sample;       // hash
  std::string content;      // hash of everything; only in what fingerprints_of() gives

  template <class V>
  void visit(V& v) {
    v("path", path);
    v("bytes", bytes);
    v("modified_ns", modified_ns);
    v("sample", sample);
    v("content", content);
  }
  bool operator==(const Fingerprint&) const = default;
};

Fingerprint fingerprint_of(const std::filesystem::path& path);  // throws InputError when it is missing
std::string content_of(const std::filesystem::path& path);
// now: taken just now, of the same path as stored.
bool same_content(const Fingerprint& now, const Fingerprint& stored);

// Images and label of a case; a label in its image's file counts once.
std::vector<std::filesystem::path> source_files(const SourceCase& item);
// With content.
std::vector<Fingerprint> fingerprints_of(const SourceCase& item);

}  // namespace tss
