// What the name of a file says: whether it is a label map, and of which scan. The words that people use stand here and nowhere else.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tss {

// Whole words in any capitalisation: "seg", "GT", "groundtruth", "manual", "dseg", ...
bool is_label_word(std::string_view word);
// "image", "img", "volume", "scan", ...
bool is_image_word(std::string_view word);

// The words of a name, in small letters.
std::vector<std::string> words_in_name(std::string_view name);
// The label words of a stem, in small letters: "p1_GT_rater2" -> gt, rater. Words end at any sign, at a change between letters and digits,
// and before a capital ("p1BrainMask").
std::set<std::string> label_words_of(const std::string& stem);
// The words that each of these stems has say nothing: they belong to the name of the data set or of its cases. Empty for one stem.
std::set<std::string> words_of_all(const std::vector<std::string>& stems);

// "p1_seg" -> "p1", "label" -> "", "label0001" -> "0001", "p1_rater2" -> "p1": what the scan of a label's name is called; none where the
// name is no label's. ignored: words that say nothing here.
std::optional<std::string> scan_of_label(const std::string& stem, const std::set<std::string>& ignored = {});
// "x_image" -> "x", "img0001" -> "0001", "volume-0" -> "0"; the stem itself where it has no such word.
std::string scan_of_image(const std::string& stem);

// Whether what stands before `length` is a whole part of the name: "p1" of "p1_seg", not "p1" of "p12".
bool ends_word(std::string_view stem, size_t length);

}  // namespace tss
