// Pieces of HTML.
#pragma once

#include <string>
#include <string_view>

namespace tss {

// For text and for attribute values in double quotes.
std::string html_escape(std::string_view text);
std::string base64(std::string_view bytes);

}  // namespace tss
