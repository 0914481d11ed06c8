// The section of a page that says whether text does anything in a run (engine/text_probe.h).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/page/page.h"

namespace tss {

// Of results/<role>/text_probe.json or, where there is none or no role, of what training measured at its end. Absent: never measured.
std::optional<PageTable> probe_table(const std::string& name, const std::filesystem::path& run, const std::string& role);

PageSection text_section(std::vector<PageTable> tables);

}  // namespace tss
