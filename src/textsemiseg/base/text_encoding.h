// Text files of other programs: Windows writes a byte order mark, PowerShell UTF-16; and names that are no text.
#pragma once

#include <string>
#include <string_view>

namespace tss {

// As UTF-8 without a byte order mark; UTF-16 is known by its mark and converted. Throws InputError with subject on what is neither.
std::string decoded_text(std::string bytes, const std::string& subject);
// "UTF-16" or "UTF-32" where the bytes begin with its mark, or hold the zeros of such text; "" otherwise.
std::string wide_encoding(std::string_view bytes);

// Records hold text: throws InputError with the name, its foreign bytes escaped, where a name or path is not UTF-8.
void require_utf8(const std::string& name, const std::string& subject);

}  // namespace tss
