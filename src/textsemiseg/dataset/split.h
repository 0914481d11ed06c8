// Which case plays which role. A role belongs to the split, never to a file's presence alone; only a case with a label can be
// anything but unlabelled.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"

namespace tss {

enum class Role { kLabelled, kUnlabelled, kValidation, kTest };
inline constexpr Role kRoles[] = {Role::kLabelled, Role::kUnlabelled, Role::kValidation, Role::kTest};
const char* role_name(Role role);
Role role_from_name(const std::string& name);  // throws InputError

struct Split {
  std::map<Role, std::vector<std::string>> roles;  // ids in order; the order of labelled + unlabelled is the training list's
  Json made_by;                                    // how it was made; kept in the file for the record, may be null

  const std::vector<std::string>& cases(Role role) const;
  // "9 labelled, 81 unlabelled, 10 validation, 20 test"
  std::string describe() const;
  bool same_roles(const Split& other) const;
};

// Throws InputError naming file and field: unknown role, an id twice, not lists of ids.
Split read_split(const std::filesystem::path& path);
void write_split(const std::filesystem::path& path, const Split& split);

struct SplitCase {
  std::string id;
  bool has_label = false;
  bool test = false;        // the source's own test part
  bool validation = false;  // the source's own validation part
  bool added = false;       // unlabelled scans that were named beside the source: training cases whatever lists say
  bool merged = false;      // its label does not tell all classes apart
};

// Throws InputError naming subject, role and id: an id that no case has, a role besides unlabelled for a case without a label.
// remedy: what the message says to do instead of what the role should hold.
void check_roles(const Split& split, const std::vector<SplitCase>& cases, const std::string& subject,
                 const std::string& remedy = "");

}  // namespace tss
