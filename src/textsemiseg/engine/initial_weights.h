// The weights of another run as the start of a training (train.init_from, train --init-from).
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/methods/method.h"

namespace tss {

// from: the folder of a run, whose selected checkpoint is taken, or the file of a checkpoint. Tensors of the same name and shape are
// copied into the method, averaged ones where the checkpoint has them; the others stay as they were drawn. A message says how many, and
// names those that were not taken.
// Returns {"file", "iteration", "content_hash", "taken", "drawn"}, for run.json: the last two are numbers of tensors.
// Throws InputError, before anything was copied: no such run or file, other classes (both lists are named) or channels, no tensor that fits.
Json load_initial_weights(const std::string& from, Method& method, const std::vector<std::string>& class_names, int64_t channels);

}  // namespace tss
