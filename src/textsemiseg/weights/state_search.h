// Where in a checkpoint the weights are: networks are saved bare, under a key ("net", "model", "state_dict"), beside an optimiser's state
// (which holds tensors of the same shapes), beside an averaged teacher, or as attributes of a TorchScript object.
//
// A dictionary counts as weights when it holds tensors under names. An optimiser's state (a dictionary with "state" and "param_groups") is
// passed over. Of several dictionaries only those count that have a name ending in "weight", if any has; then there must be one.
#pragma once

#include <map>
#include <string>

#include "textsemiseg/weights/restricted_pickle.h"

namespace tss {

struct FoundState {
  std::map<std::string, PickleId> tensors;  // names joined with dots
  std::string where;                        // keys that led there
};

// key: the way to the weights ("net", "model.state_dict"); empty: searched. Throws InputError(subject, ...): none, several (listed), no
// such key (those there are listed).
FoundState find_state(const Pickle& pickle, const std::string& key, const std::string& subject);

}  // namespace tss
