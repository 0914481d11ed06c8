// One array in NumPy's format with its bytes, out of a file of its own or an .npz archive. The header is read first: memory is taken only
// for arrays whose size is the one that their header promises.
#pragma once

#include <filesystem>
#include <string>

#include "textsemiseg/archive/npy_header.h"
#include "textsemiseg/archive/zip_file.h"

namespace tss {

struct NpyBytes {
  NpyHeader header;
  std::string bytes;  // the whole, header included; empty where only the header was asked for
};

enum class NpyContent { kNumbers, kNumbersOrText };  // text: "<U12", "|S12"
enum class NpyPart { kAll, kHeader };

// Throw InputError(subject, ...): no .npy, another type, pickled objects (which are never read), more or fewer bytes than the shape needs,
// a wrong checksum.
NpyBytes read_npy_bytes(const std::filesystem::path& path, const std::string& subject, NpyPart part = NpyPart::kAll);
NpyBytes read_npy_bytes(const ZipFile& zip, const ZipRecord& record, const std::string& subject,
                        NpyContent content = NpyContent::kNumbers, NpyPart part = NpyPart::kAll);

// "<U12", "|S12".
bool is_npy_text(const NpyHeader& header);

}  // namespace tss
