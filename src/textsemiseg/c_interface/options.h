// Options as the caller gives them.
#pragma once

#include "textsemiseg/base/config.h"

namespace tss {

// A JSON object; none where the text is NULL or empty. Throws InputError where it is something else.
Json options_of(const char* text);

}  // namespace tss
