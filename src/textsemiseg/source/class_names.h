// What the classes of a dataset are called, for people and for text encoders.
#pragma once

#include <string>
#include <vector>

namespace tss {

// One or more texts per class, class 0 is the background: its name, a synonym, a sentence on its appearance.
using ClassTexts = std::vector<std::vector<std::string>>;

// What the spellings of one name share: capitals, blanks at the ends, and _ for a blank make no other name.
std::string name_key(const std::string& name);

// Whether a text says nothing about what it names: empty, only digits and single letters, or a word for any structure ("label1",
// "ROI_2", "class 3", "mask", "foreground", "object A").
bool is_meaningless(const std::string& text);

// Names of the foreground classes all of whose texts are meaningless.
std::vector<std::string> meaningless_classes(const std::vector<std::string>& class_names, const ClassTexts& texts);

// The warning on them, empty where there is nothing to say.
std::string meaningless_warning(const std::vector<std::string>& class_names, const ClassTexts& texts);

}  // namespace tss
