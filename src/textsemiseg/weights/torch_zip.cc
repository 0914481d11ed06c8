#include <set>

#include "textsemiseg/archive/zip_file.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/weights/torch_file.h"

namespace tss {
namespace {

class TorchZip : public TorchFile {
 public:
  explicit TorchZip(const std::filesystem::path& path) : TorchFile(path.string(), "torch zip"), zip_(path) {
    // Everything lies in one folder of the archive, named after the file when it was written.
    const ZipRecord* values = nullptr;
    for (const ZipRecord& record : zip_.records()) {
      const size_t slash = record.name.find('/');
      if (slash == std::string::npos || record.name.substr(slash) != "/data.pkl") continue;
      values = &record;
      folder_ = record.name.substr(0, slash + 1);
      break;
    }
    if (!values) throw InputError(subject_, "is a zip archive without data.pkl", "a file of torch.save or torch.jit.save");
    require_stored(*values);
    const ZipRecord* order = zip_.find(folder_ + "byteorder");
    if (order && zip_.text(*order, 64) != "little")
      throw InputError(subject_, "was saved on a big-endian machine", "little-endian numbers (load it in Python, save it again)");
    const bool script = zip_.find(folder_ + "constants.pkl") != nullptr;
    if (script) format_ = "TorchScript";
    const std::string bytes = zip_.text(*values, kLongestPickle);
    pickle_ = read_pickle(bytes, subject_, script);
    read_.insert(values->name);
  }

  void check_rest() override {
    for (const ZipRecord& record : zip_.records())
      if (!record.deflated && !read_.contains(record.name)) zip_.check(record);
  }

 protected:
  uint64_t storage_bytes(const std::string& key) const override { return record(key).size; }
  void read_storage(const std::string& key, void* to) override {
    const ZipRecord& place = record(key);
    zip_.read(place, to);
    read_.insert(place.name);
  }

 private:
  // torch.save never compresses what is read here.
  void require_stored(const ZipRecord& record) const {
    if (record.deflated)
      throw InputError(subject_, "record '" + record.name + "' is compressed", "stored records, as torch.save writes them");
  }
  const ZipRecord& record(const std::string& key) const {
    const ZipRecord* found = zip_.find(folder_ + "data/" + key);
    if (!found) throw InputError(subject_, "has no record '" + folder_ + "data/" + key + "'", "a complete file of torch.save");
    require_stored(*found);
    return *found;
  }

  ZipFile zip_;
  std::string folder_;
  std::set<std::string> read_;
};

}  // namespace

std::unique_ptr<TorchFile> open_torch_zip(const std::filesystem::path& path) { return std::make_unique<TorchZip>(path); }

}  // namespace tss
