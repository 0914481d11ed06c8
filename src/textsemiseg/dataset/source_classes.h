// The classes of one source among those of a dataset that is made of several (docs/partial_labels.md): by equal name, or as a rule says.
// Anything else is refused: names that nearly agree are no names that agree.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/source/label_table.h"
#include "textsemiseg/volume/class_groups.h"

namespace tss {

// What a source calls `name` is one class of the dataset (--synonym), or several that it does not tell apart (--merge).
struct ClassRule {
  std::string source;  // of this source alone; empty: of each that has the name
  std::string name;
  std::vector<std::string> classes;  // "background": the source's name means none of them
  std::string option;                // as given, for messages: "--merge Hippocampus=Anterior+Posterior"
};
// "Hippocampus=Anterior+Posterior", "B:Hippocampus=Anterior+Posterior"; source_names tell what may stand before the colon. Throws
// InputError naming the option.
ClassRule parse_class_rule(const std::string& option, const std::string& text, const std::vector<std::string>& source_names);

// One of the sources of a dataset, as dataset.json keeps it.
struct SourceRecord {
  std::string name;
  std::filesystem::path folder;  // absolute
  std::string layout;
  LabelTable label_table;  // stored values to classes of the dataset: to the lowest of a group
  ClassGroups groups;      // what its labels tell apart

  // "tells apart Anterior; Posterior may lie in its background"
  std::string describe(const std::vector<std::string>& class_names) const;
};

// Fills label_table and groups. own: the classes of the source itself, background first. Throws InputError naming source and class: a name
// that is no class and has no rule, a rule to a class that there is not, a class in two groups.
void match_classes(SourceRecord& source, const LabelClasses& own, const std::vector<std::string>& class_names,
                   const std::vector<ClassRule>& rules);
// Throws InputError where a rule is about a name that no source has; own: of every source.
void require_rules_used(const std::vector<ClassRule>& rules, const std::vector<SourceRecord>& sources,
                        const std::vector<LabelClasses>& own);

Json to_json(const SourceRecord& source, const std::vector<std::string>& class_names);
// Throws InputError naming subject and source.
SourceRecord source_record_from_json(const Json& json, const std::vector<std::string>& class_names, const std::string& subject);

}  // namespace tss
