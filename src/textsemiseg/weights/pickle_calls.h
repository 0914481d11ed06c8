// The names a pickle may use and what calling them gives: the other half of restricted_pickle.h.
//
//   collections.OrderedDict, defaultdict a dictionary; Counter too
//   builtins.set, frozenset              a set
//   torch._utils._rebuild_tensor(_v2)    a tensor; torch._utils._rebuild_parameter(_with_state): the tensor inside;
//                                        torch._tensor._rebuild_from_type_v2: a tensor whose class in Python was another
//   torch.Size                           a tuple
//   torch.*Storage                       the type of a storage
//   torch.device, torch.float32, ...     read and not needed
//   torch.jit._pickle.*                  typed lists of TorchScript
//   __torch__.*                          classes of TorchScript, where allowed
//
// Other names (NumPy's scalars, argparse.Namespace, pathlib.PosixPath, hyper-parameters of any class) give opaque values. Refused are
// modules and functions that reach out of Python (os, subprocess, eval, getattr, ...) and storages of numbers that are not known.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "textsemiseg/weights/restricted_pickle.h"

namespace tss {

class PickleCalls {
 public:
  PickleCalls(Pickle& pickle, const std::string& subject, bool script_classes)
      : pickle_(pickle), subject_(subject), script_classes_(script_classes) {}

  PickleId add(PickleValue value);
  // A class or function named in the pickle. Throws InputError "names 'posix.system'" for those that are refused.
  PickleId global(std::string_view module, std::string_view name);
  // What calling `function` with the tuple `arguments` gives; may be one of the arguments itself.
  PickleId call(PickleId function, PickleId arguments);
  // An object of a class, its state still missing.
  PickleId object(PickleId type, PickleId arguments);
  // What a persistent id means: ("storage", type, key, location, elements[, part]).
  PickleId storage(PickleId id);

 private:
  [[noreturn]] void fail(const std::string& found) const;
  // Copies cost memory that the file does not pay for with bytes: the sum is limited.
  void spend(size_t numbers);
  const PickleValue& argument(const PickleValue& arguments, size_t number, PickleKind kind, const std::string& function) const;
  int64_t integer(const PickleValue& arguments, size_t number, const std::string& function) const;
  PickleId tensor(const PickleValue& arguments, const std::string& function);
  PickleId opaque(const std::string& name, PickleId arguments);
  PickleId container(PickleKind kind, const PickleValue& arguments, const std::string& function);
  std::vector<PickleId> pairs(const PickleValue& list, const std::string& function) const;

  Pickle& pickle_;
  const std::string& subject_;
  bool script_classes_;
  size_t spent_ = 0;
  std::map<std::tuple<std::string, int64_t, int64_t>, uint32_t> storages_;
  std::map<std::string, std::pair<std::string, int64_t>> whole_;  // type and elements of each key
};

}  // namespace tss
