// Small damage to a file's bytes, as disks, networks, editors and people do it; the same for the same key.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "textsemiseg/base/random.h"

namespace tss::testing {

// One to four changes. The first bytes are hit more often: that is where headers are.
inline std::string mutated(std::string bytes, uint64_t seed, uint64_t number) {
  Random random(seed, Stream::kPhantom, number);
  const auto place = [&](size_t room) {
    if (room == 0) return size_t{0};
    const size_t end = random.chance(0.6) ? std::min<size_t>(room, 400) : room;
    return static_cast<size_t>(random.below(static_cast<int64_t>(end)));
  };
  const int64_t changes = 1 + random.below(4);
  for (int64_t change = 0; change < changes && !bytes.empty(); ++change) {
    const size_t at = place(bytes.size());
    switch (random.below(9)) {
      case 0:  // a bit
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 1: {  // a telling byte
        constexpr unsigned char kTelling[] = {0, 1, 9, 10, 32, '"', '-', '0', '9', 'E', '[', '{', 127, 128, 254, 255};
        bytes[at] = static_cast<char>(kTelling[random.below(std::size(kTelling))]);
        break;
      }
      case 2: {  // a telling number in four or eight bytes
        constexpr uint64_t kNumbers[] = {0,
                                         1,
                                         0x7f,
                                         0x80,
                                         0xff,
                                         0x7fff,
                                         0xffff,
                                         0x7fffffff,
                                         0x80000000,
                                         0xffffffff,
                                         0x7f800000 /* inf */,
                                         0x7fc00000 /* NaN */,
                                         0x7fffffffffffffff,
                                         0xffffffffffffffff};
        const uint64_t number_there = kNumbers[random.below(std::size(kNumbers))];
        const size_t width = random.chance(0.5) ? 4 : 8;
        for (size_t i = 0; i < width && at + i < bytes.size(); ++i) bytes[at + i] = static_cast<char>(number_there >> (8 * i));
        break;
      }
      case 3:  // the end is missing
        bytes.resize(place(bytes.size()));
        break;
      case 4:  // a piece is missing
        bytes.erase(at, static_cast<size_t>(1 + random.below(16)));
        break;
      case 5:  // a piece is there twice
        bytes.insert(at, bytes.substr(at, static_cast<size_t>(1 + random.below(32))));
        break;
      case 6:  // a digit or letter is another one
        bytes[at] = static_cast<char>('0' + random.below(75));
        break;
      case 7:  // two pieces change places
        if (const size_t other = place(bytes.size()); at + 8 < bytes.size() && other + 8 < bytes.size())
          std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(at + 8),
                           bytes.begin() + static_cast<std::ptrdiff_t>(other));
        break;
      default:  // something follows
        bytes += std::string(static_cast<size_t>(1 + random.below(600)), static_cast<char>(random.below(256)));
    }
  }
  return bytes;
}

}  // namespace tss::testing
