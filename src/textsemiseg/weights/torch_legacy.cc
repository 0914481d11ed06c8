#include <algorithm>

#include "textsemiseg/archive/random_access_file.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/weights/torch_file.h"

namespace tss {
namespace {

// 0x1950a86a20f9469cfc6c, the first value of such a file, as a pickle holds it.
constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
constexpr int64_t kProtocol = 1001;

uint64_t item_bytes(const std::string& type) {
  if (type == "Double" || type == "Long") return 8;
  if (type == "Float" || type == "Int") return 4;
  return type == "Half" || type == "BFloat16" || type == "Short" ? 2 : 1;
}

class TorchLegacy : public TorchFile {
 public:
  explicit TorchLegacy(const std::filesystem::path& path) : TorchFile(path.string(), "torch legacy"), file_(path) {
    const std::string head = file_.text(0, std::min<uint64_t>(file_.size(), kLongestPickle));
    std::string_view rest = head;
    const auto next = [&] {
      Pickle pickle = read_pickle(rest, subject_);
      rest.remove_prefix(pickle.bytes);
      return pickle;
    };
    const Pickle magic = next();
    if (magic.at(magic.root).kind != PickleKind::kBigInteger || magic.at(magic.root).text != kMagic)
      throw InputError(subject_, "is a pickle of something else", "a file of torch.save");
    const Pickle protocol = next();
    if (protocol.at(protocol.root).integer != kProtocol)
      throw InputError(subject_, concat("has version ", protocol.at(protocol.root).integer, " of the legacy format"),
                       concat(kProtocol));
    const Pickle machine = next();
    const PickleValue* little = machine.entry(machine.at(machine.root), "little_endian");
    if (little && little->integer == 0) throw InputError(subject_, "was saved on a big-endian machine", "little-endian numbers");
    pickle_ = next();
    const Pickle keys = next();
    place_storages(keys, head.size() - rest.size());
  }

 protected:
  uint64_t storage_bytes(const std::string& key) const override { return place(key).bytes; }
  void read_storage(const std::string& key, void* to) override { file_.read(place(key).begin, place(key).bytes, to); }

 private:
  struct Place {
    uint64_t begin = 0, bytes = 0;
  };

  // Behind the pickles, in the order of `keys`: the number of elements (8 bytes), then the elements.
  void place_storages(const Pickle& keys, uint64_t at) {
    std::map<std::string, uint64_t> items;
    for (const PickleStorage& storage : pickle_.storages) items[storage.key] = item_bytes(storage.type);
    for (const PickleId id : keys.at(keys.root).items) {
      const std::string& key = keys.at(id).text;
      const auto item = items.find(key);
      if (item == items.end())
        throw InputError(subject_, "lists a storage that its pickle does not name", "a file of torch.save");
      uint64_t elements = 0;
      file_.read(at, sizeof(elements), &elements);
      at += sizeof(elements);
      if (elements > (file_.size() - at) / item->second)
        throw InputError(subject_,
                         concat("is truncated: storage '", key, "' claims ", elements, " elements of ", item->second,
                                " bytes and ", file_.size() - at, " bytes are left"),
                         "a complete file of torch.save");
      if (!places_.emplace(key, Place{at, elements * item->second}).second)
        throw InputError(subject_, "lists storage '" + key + "' twice", "a file of torch.save");
      at += elements * item->second;
    }
  }
  const Place& place(const std::string& key) const {
    const auto found = places_.find(key);
    if (found == places_.end()) throw InputError(subject_, "has no storage '" + key + "'", "a complete file of torch.save");
    return found->second;
  }

  RandomAccessFile file_;
  std::map<std::string, Place> places_;
};

}  // namespace

std::unique_ptr<TorchFile> open_torch_legacy(const std::filesystem::path& path) { return std::make_unique<TorchLegacy>(path); }

}  // namespace tss
