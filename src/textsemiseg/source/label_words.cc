#include "textsemiseg/source/label_words.h"

#include <algorithm>
#include <cctype>

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// laendo: the left atrium's endocardium, as the 2018 Atrial Segmentation Challenge calls its labels; wmh: white matter hyperintensities,
// as the challenge of that name; dseg, probseg: BIDS; aseg, aparc: FreeSurfer; gtv, ctv, ptv: radiotherapy.
const std::set<std::string>& label_word_list() {
  static const std::set<std::string> words = {
      "annot",    "annotation", "annotations", "aparc",        "aseg",          "brainmask", "consensus", "contour",
      "contours", "ctv",        "delineation", "dseg",         "groundtruth",   "gt",        "gts",       "gtv",
      "label",    "labelmap",   "labelmaps",   "labels",       "laendo",        "lbl",       "lbls",      "lesion",
      "lesions",  "manual",     "mask",        "masks",        "msk",           "msks",      "outline",   "parcellation",
      "pred",     "prediction", "predictions", "preds",        "probseg",       "ptv",       "rater",     "roi",
      "rois",     "seg",        "segm",        "segmentation", "segmentations", "segmented", "segs",      "segment",
      "segments", "truth",      "truths",      "tumor",        "tumors",        "tumour",    "tumours",   "voi",
      "wmh"};
  return words;
}

const std::set<std::string>& image_word_list() {
  static const std::set<std::string> words = {"image", "images", "img",    "imgs",    "im",  "input",
                                              "scan",  "scans",  "volume", "volumes", "vol", "vols"};
  return words;
}

// Two words of which the first alone says nothing.
bool goes_with_label_word(const std::string& word) {
  static const std::set<std::string> words = {"brain", "ground", "gold", "reference", "binary"};
  return words.contains(word);
}

struct Word {
  size_t begin = 0, end = 0;
  std::string text;  // small letters
};

bool is_letter(char c) { return static_cast<unsigned char>(c) >= 0x80 || std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_capital(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool is_small(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }

std::vector<Word> name_words(std::string_view stem) {
  std::vector<Word> words;
  const auto starts = [&](size_t i) {
    if (i == 0 || (!is_letter(stem[i - 1]) && !is_digit(stem[i - 1])) || is_letter(stem[i]) != is_letter(stem[i - 1]))
      return true;
    return is_small(stem[i - 1]) && is_capital(stem[i]);
  };
  for (size_t i = 0; i < stem.size(); ++i) {
    if (!is_letter(stem[i]) && !is_digit(stem[i])) continue;
    if (starts(i)) words.push_back({i, i, ""});
    words.back().end = i + 1;
  }
  for (Word& word : words) word.text = to_lower_ascii(stem.substr(word.begin, word.end - word.begin));
  return words;
}

// The stem without the marked words and the signs between them and their neighbours: a separator stays only between two words that stay.
std::string without(const std::string& stem, const std::vector<Word>& words, const std::vector<bool>& marked) {
  std::string out;
  bool gap = false;
  for (size_t i = 0; i < words.size(); ++i) {
    if (marked[i]) {
      gap = true;
      continue;
    }
    if (!out.empty()) {
      const size_t before = words[i - 1].end;
      out += gap ? "_" : stem.substr(before, words[i].begin - before);
    } else if (i == 0) {
      out += stem.substr(0, words[0].begin);
    }
    out += stem.substr(words[i].begin, words[i].end - words[i].begin);
    gap = false;
  }
  if (!words.empty() && !marked.back()) out += stem.substr(words.back().end);
  return out;
}

// Digits that stand right behind a marked word belong to it ("rater2"), but for a word at the head ("label0001").
std::string cut(const std::string& stem, const std::vector<Word>& words, std::vector<bool> marked) {
  for (size_t i = 1; i < words.size(); ++i) {
    if (marked[i - 1] && i > 1 && is_digit(words[i].text.front()) && words[i].begin == words[i - 1].end) marked[i] = true;
  }
  return without(stem, words, marked);
}

}  // namespace

bool is_label_word(std::string_view word) { return label_word_list().contains(to_lower_ascii(word)); }
bool is_image_word(std::string_view word) { return image_word_list().contains(to_lower_ascii(word)); }

std::vector<std::string> words_in_name(std::string_view name) {
  std::vector<std::string> out;
  for (const Word& word : name_words(name)) out.push_back(word.text);
  return out;
}

std::set<std::string> label_words_of(const std::string& stem) {
  std::set<std::string> found;
  const auto words = name_words(stem);
  for (size_t i = 0; i < words.size(); ++i) {
    if (is_label_word(words[i].text)) found.insert(words[i].text);
    if (i > 0 && words[i - 1].text == "gold" && words[i].text == "standard") found.insert("gold standard");
  }
  return found;
}

std::set<std::string> words_of_all(const std::vector<std::string>& stems) {
  if (stems.size() < 2) return {};
  std::set<std::string> common = label_words_of(stems.front());
  for (const std::string& stem : stems) {
    const auto own = label_words_of(stem);
    std::erase_if(common, [&](const std::string& word) { return !own.contains(word); });
  }
  return common;
}

std::optional<std::string> scan_of_label(const std::string& stem, const std::set<std::string>& ignored) {
  const auto found = label_words_of(stem);
  if (std::all_of(found.begin(), found.end(), [&](const std::string& word) { return ignored.contains(word); }))
    return std::nullopt;
  const auto words = name_words(stem);
  std::vector<bool> marked(words.size());
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& text = words[i].text;
    const bool standard = i > 0 && words[i - 1].text == "gold" && text == "standard";
    marked[i] = (is_label_word(text) && !ignored.contains(text)) || standard;
    if (!marked[i] || i == 0) continue;
    if (goes_with_label_word(words[i - 1].text)) marked[i - 1] = true;
  }
  for (size_t i = 1; i < words.size(); ++i) {
    if (marked[i - 1] && words[i].text == "map") marked[i] = true;  // "label_map"
  }
  return cut(stem, words, marked);
}

std::string scan_of_image(const std::string& stem) {
  const auto words = name_words(stem);
  std::vector<bool> marked(words.size());
  for (size_t i = 0; i < words.size(); ++i) marked[i] = is_image_word(words[i].text);
  const std::string rest = without(stem, words, marked);
  return rest.empty() ? stem : rest;
}

bool ends_word(std::string_view stem, size_t length) {
  if (length == 0 || length > stem.size()) return false;
  if (length == stem.size()) return true;
  const char last = stem[length - 1], next = stem[length];
  if (!is_letter(next) && !is_digit(next)) return true;
  return is_digit(last) && is_letter(next);
}

}  // namespace tss
