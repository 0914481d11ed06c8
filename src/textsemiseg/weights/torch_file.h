// A file of torch.save or torch.jit.save, opened: the values of its pickle, and its tensors on demand.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "textsemiseg/weights/restricted_pickle.h"

namespace tss {

class TorchFile {
 public:
  virtual ~TorchFile() = default;

  const std::string& subject() const { return subject_; }  // the file's path, for messages
  const std::string& format() const { return format_; }    // "torch zip", "torch legacy" or "TorchScript"
  const Pickle& pickle() const { return pickle_; }

  // On the CPU, of the stored type; tensors of one storage share its memory. Throws InputError: the storage is missing, has another
  // size than the pickle says, or fails its checksum.
  torch::Tensor tensor(const PickleTensor& tensor);
  torch::Tensor tensor(const PickleValue& value) { return tensor(pickle_.tensors[static_cast<size_t>(value.integer)]); }
  // Reads what was not read, for the sake of its checksums.
  virtual void check_rest() {}

 protected:
  TorchFile(std::string subject, std::string format) : subject_(std::move(subject)), format_(std::move(format)) {}
  // Bytes of a storage that the file really has.
  virtual uint64_t storage_bytes(const std::string& key) const = 0;
  virtual void read_storage(const std::string& key, void* to) = 0;

  std::string subject_, format_;
  Pickle pickle_;

 private:
  const torch::Tensor& storage(const PickleStorage& storage);

  std::map<std::string, torch::Tensor> storages_;  // by key, one dimension
};

// Zip archives: torch.save since PyTorch 1.6, TorchScript. Compressed tensors are refused, code/ is not read.
std::unique_ptr<TorchFile> open_torch_zip(const std::filesystem::path& path);
// Several pickles one behind the other and the bare numbers behind them: torch.save before 1.6, or with
// _use_new_zipfile_serialization=False. The format has no checksums.
std::unique_ptr<TorchFile> open_torch_legacy(const std::filesystem::path& path);
// Whichever the first bytes say. Throws InputError for anything else.
std::unique_ptr<TorchFile> open_torch_file(const std::filesystem::path& path);

}  // namespace tss
