#include "golden_check/golden.h"

namespace golden {

const std::map<std::string, Runner>& runners() {
  static const std::map<std::string, Runner> table = {
      // clang-format off
      // clang-format on
  };
  return table;
}

}  // namespace golden
