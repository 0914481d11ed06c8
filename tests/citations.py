"""Names of pages, sections, anchors and source files that lead nowhere.

    python3 tests/citations.py ROOT

1. Sources (src, tests, bench, apps, cmake, configs, tools, web) name pages as docs/x.md or docs/x.md#anchor, and sections as
   `FOLDER/x.md section N`. Page, anchor and section must exist.
2. Links of the pages (README.md, CONTRIBUTING.md, CHANGELOG.md, docs/) must lead to a file, and to an anchor where they name one.
3. Source files and tests that the pages name must exist: src/..., tests/..., textsemiseg/<room>/file.h, <room>/file.cc, `x_test`, `x_tests`.

One line per fault; exit code 1 if there is any. Standard library only.
"""
import functools
import glob
import os
import re
import sys

SOURCES = ("src", "tests", "bench", "apps", "cmake", "configs", "tools", "web")
SKIPPED = {"node_modules", "__pycache__", "build", ".deps", ".git"}
OWN = "tests/citations.py"

PAGE = re.compile(r"(?<!\w)(?<!\w/)docs/([\w./-]*\w)(?:#([\w-]+))?")
BARE_PAGE = re.compile(r"(?<![\w/.-])([\w-]+\.md)\b")
WRAP = r"(?:\s+(?://|#|\*)?\s*)"  # between two words of a comment, which may stand on two lines
SECTION = re.compile(r"([\w./-]+\.md)(?:'s)?,?" + WRAP + r"(?:sections?" + WRAP + r")?(\d+(?:\.\d+)?)((?:,? (?:to|and) \d+(?:\.\d+)?)*)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SOURCE_PATH = re.compile(r"(?<![\w/.}-])((?:" + "|".join(SOURCES) + r"|docs)/[\w./*-]*[\w*])")
TEST_NAME = re.compile(r"`(?:[\w./]*/)?(\w+_tests?)(?:\.\w+)?`")
SOURCE_FILE = re.compile(r"(?<![\w/.-])((?:textsemiseg/)?[a-z0-9_]+/[a-z0-9_]+\.(?:h|cc))\b")


def files_below(root, folder):
    for place, folders, names in os.walk(os.path.join(root, folder)):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for name in sorted(names):
            yield os.path.relpath(os.path.join(place, name), root)


@functools.lru_cache(maxsize=None)
def text_of(path):
    """None for what is no text."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (UnicodeDecodeError, OSError):
        return None


def without_code(text):
    """Fenced blocks are blanked, line by line, so that line numbers stay; of `code` in a line only the brackets go."""
    lines, fenced = [], False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            line = ""
        lines.append("" if fenced else re.sub(r"`[^`]*`", lambda m: re.sub(r"[\[\]()]", " ", m.group()), line))
    return "\n".join(lines)


@functools.lru_cache(maxsize=None)
def headings(path):
    return [re.sub(r"\s*#*$", "", line.lstrip("#").strip()) for line in without_code(text_of(path) or "").split("\n")
            if re.match(r"#{1,6} ", line)]


@functools.lru_cache(maxsize=None)
def anchors(path):
    found, seen = set(), {}
    for heading in headings(path):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = seen.get(slug, 0)
        seen[slug] = number + 1
        found.add(slug if number == 0 else f"{slug}-{number}")
    return found


def line_of(text, position):
    return text.count("\n", 0, position) + 1


class Check:
    def __init__(self, root):
        self.root, self.faults, self.checked, self.tests = root, [], 0, set()

    def fault(self, path, text, position, message):
        self.faults.append(f"{path}:{line_of(text, position)}: {message}")

    def full(self, path):
        return os.path.join(self.root, path)

    def source(self, path):
        text = text_of(self.full(path))
        if text is None or path == OWN:
            return
        for match in PAGE.finditer(text):
            self.checked += 1
            page, anchor = "docs/" + match.group(1), match.group(2)
            if not os.path.exists(self.full(page)):
                self.fault(path, text, match.start(), f"{page}: no such page")
            elif anchor and page.endswith(".md") and anchor not in anchors(self.full(page)):
                self.fault(path, text, match.start(), f"{page}#{anchor}: no such anchor")
        for match in BARE_PAGE.finditer(text):
            beside = os.path.join(os.path.dirname(self.full(path)), match.group(1))
            if os.path.exists(self.full("docs/" + match.group(1))) and not os.path.exists(beside):
                self.fault(path, text, match.start(), f"{match.group(1)}: name it as docs/{match.group(1)}")
        if path.endswith((".h", ".cc")):
            self.commented_files(path, text)
        for match in SECTION.finditer(text):
            self.checked += 1
            places = [os.path.join(os.path.dirname(self.full(path)), match.group(1)), self.full(match.group(1))]
            page = next((p for p in places if os.path.isfile(p)), None)
            if page is None:
                self.fault(path, text, match.start(), f"{match.group(1)}, section {match.group(2)}: no such page")
                continue
            for number in [match.group(2)] + re.findall(r"\d+(?:\.\d+)?", match.group(3)):
                if not any(re.match(re.escape(number) + r"\.?(?:\s|$)", h) for h in headings(page)):
                    self.fault(path, text, match.start(), f"{match.group(1)} has no section {number}")

    # Files of other rooms that a comment names: room/file.h.
    def commented_files(self, path, text):
        for comment in re.finditer(r"//[^\n]*", text):
            for match in re.finditer(r"(?<![\w/.<])((?:\w+/)+\w+\.(?:h|cc))\b", comment.group(0)):
                self.checked += 1
                roots = ("", "src", "src/textsemiseg", "tests")
                if not any(os.path.exists(self.full(os.path.join(root, match.group(1)))) for root in roots):
                    self.fault(path, text, comment.start(), f"{match.group(1)}: no such file")

    def page(self, path):
        text = text_of(self.full(path))
        folder = os.path.dirname(self.full(path))
        plain = without_code(text)
        for match in LINK.finditer(plain):
            target, _, anchor = match.group(1).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            self.checked += 1
            goal = os.path.normpath(os.path.join(folder, target)) if target else self.full(path)
            if not os.path.exists(goal):
                self.fault(path, plain, match.start(), f"link to {target}: no such file")
            elif anchor and goal.endswith(".md") and anchor not in anchors(goal):
                self.fault(path, plain, match.start(), f"link to {target}#{anchor}: no such anchor")
        for match in SOURCE_PATH.finditer(text):
            self.checked += 1
            name = match.group(1)  # a benchmark is named as its program is: without the .cc
            if not glob.glob(self.full(name)) and not (name.startswith("bench/") and os.path.exists(self.full(name + ".cc"))):
                self.fault(path, text, match.start(), f"{name}: no such file")
        for match in SOURCE_FILE.finditer(text):
            self.checked += 1
            name = match.group(1)
            places = (self.full(name), os.path.join(folder, name), os.path.join(self.root, "src", name),
                      os.path.join(self.root, "src", "textsemiseg", name))
            if not any(os.path.exists(place) for place in places):
                self.fault(path, text, match.start(), f"{name}: no such file")

        for match in TEST_NAME.finditer(text):
            self.checked += 1
            if match.group(1) not in self.tests:
                self.fault(path, text, match.start(), f"{match.group(1)}: no such test")

    def all(self):
        for folder in SOURCES:
            for path in files_below(self.root, folder):
                self.source(path)
                stem = os.path.basename(path).partition(".")[0]
                if stem.endswith(("_test", "_tests")):
                    self.tests.add(stem)
                elif stem == "CMakeLists":
                    self.tests |= {f"{name}_tests" for name in re.findall(r"tss_library\((\w+)", text_of(self.full(path)))}
                    self.tests |= set(re.findall(r"tss_test\((\w+)", text_of(self.full(path))))
        pages = [p for p in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md") if os.path.exists(self.full(p))]
        pages += [p for p in files_below(self.root, "docs") if p.endswith(".md")]
        for path in pages:
            self.page(path)


def main():
    if len(sys.argv) != 2 or not os.path.isfile(os.path.join(sys.argv[1], "docs", "README.md")):
        sys.exit(f"usage: {sys.argv[0]} ROOT   (the repository, with docs/README.md)")
    check = Check(os.path.abspath(sys.argv[1]))
    check.all()
    if check.checked == 0:
        check.faults.append("nothing was found to check")
    print("\n".join(check.faults + [f"{check.checked} names checked, {len(check.faults)} lead nowhere"]))
    sys.exit(1 if check.faults else 0)


if __name__ == "__main__":
    main()
