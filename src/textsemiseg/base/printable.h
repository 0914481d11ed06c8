// Text from outside (names of files, ids, words of other programs) on its way to a terminal.
#pragma once

#include <cstddef>
#include <streambuf>
#include <string>
#include <string_view>

namespace tss {

// Bytes of the character that text begins with; 0 where that is not UTF-8 (Unicode, table 3-7) or text is empty.
size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);

// What would move the cursor, change colours, ring, break the line or turn the reading direction becomes visible: "\x1b", "\n", "\u202e".
// Bytes that are not UTF-8 become "\xff". Tabs and everything else stay.
std::string printable(std::string_view text);

// Passes lines on to another buffer, each printable. For standard output where it is a terminal; files and pipes get results as they are.
class PrintableLines : public std::streambuf {
 public:
  explicit PrintableLines(std::streambuf& to) : to_(to) {}

 protected:
  int_type overflow(int_type c) override;
  int sync() override;  // passes on what there is of a line, a character that is not complete excepted

 private:
  bool pass_on(size_t bytes);

  std::streambuf& to_;
  std::string line_;
};

}  // namespace tss
