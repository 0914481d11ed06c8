// A look at scans before hours are spent training on them: at a source folder as it came, or at a prepared dataset with its roles.
// docs/check.md says what is looked at and how it is judged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "textsemiseg/checks/case_facts.h"
#include "textsemiseg/checks/finding.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/source/label_table.h"
#include "textsemiseg/source/source.h"

namespace tss {

struct ClassPresence {
  std::map<Role, int64_t> cases;  // prepared datasets: cases of each role in which the class occurs
  int64_t labels = 0;             // labels in which it occurs
  int64_t voxels = 0;             // in all labels
};

struct CheckOptions {
  bool duplicates = true;
  bool full = false;    // prepared datasets: the scans they came from are read as a whole and compared with what was prepared
  int64_t threads = 0;  // 0: one per core
};

struct CheckReport {
  std::filesystem::path folder;
  std::string name, layout;          // layout: of the source; "prepared" for a dataset
  std::string roles;                 // "9 labelled, 81 unlabelled ..."; empty for a source
  std::vector<std::string> sources;  // of a dataset from several: what the labels of each tell apart
  std::vector<std::string> class_names;
  std::vector<ClassPresence> classes;  // by class, 0 is the background
  std::vector<CaseFacts> cases;
  std::vector<Finding> findings;  // errors first
  double seconds = 0;

  int64_t count(Severity severity) const;
  bool sound() const { return count(Severity::kError) == 0; }
  // Findings of one code, for tests and summaries.
  std::vector<Finding> of(const std::string& code) const;
};

// Reads every scan once. classes: names and values as the source or a recipe's file gives them; no names: values are classes.
CheckReport check_source(const Source& source, const LabelClasses& classes, const CheckOptions& options = {});

// Throws InputError as Dataset::open; what is wrong with single cases becomes a finding.
CheckReport check_dataset(const std::filesystem::path& folder, const std::string& split = "", const CheckOptions& options = {});

Json to_json(const CheckReport& report);

}  // namespace tss
