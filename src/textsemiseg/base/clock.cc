#include "textsemiseg/base/clock.h"

#include <cmath>
#include <ctime>

#include "textsemiseg/base/strings.h"

namespace tss {

std::string format_duration(double seconds) {
  const long whole = std::lround(seconds);
  const auto two = [](long v) { return concat(v < 10 ? "0" : "", v); };
  if (whole < 60) return concat(whole, " s");
  if (whole < 3600) return concat(whole / 60, " min ", two(whole % 60), " s");
  return concat(whole / 3600, " h ", two(whole % 3600 / 60), " min");
}

std::string timestamp() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace tss
