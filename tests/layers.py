"""Holds the rooms of src/textsemiseg to their layers: layers.py ROOT

Reads the `#include "textsemiseg/..."` lines of every file and the tss_library(...) calls of src/textsemiseg, which CMake cannot compare:
all rooms share one include root. A room may include what its DEPENDS reach, its tests also what TESTS_NEED reach. Fails, with a line for
each fault, on an include that goes anywhere else, on a room that depends on one listed below it, on a test fixture between production
sources, and on a room of the disk that no library names.
"""
import pathlib
import re
import sys


def libraries(source):
    """{library: (folder, depends, tests_need)} from the bottom to the top."""
    text = (source / "CMakeLists.txt").read_text()
    text = re.sub(r"add_subdirectory\((\w+)\)", lambda m: (source / m[1] / "CMakeLists.txt").read_text(), text)
    found = {}
    for name, body in re.findall(r"^tss_library\((\w+)([^)]*)\)", text, re.M):
        words, lists, key = body.split(), {}, None
        for word in words:
            if word.isupper() and word not in ("TORCH",):
                key = word
                lists[key] = []
            elif key:
                lists[key].append(word)
        found[name] = (lists.get("FOLDER", [name])[0], lists.get("DEPENDS", []), lists.get("TESTS_NEED", []))
    return found


def main(root):
    source = root / "src/textsemiseg"
    known = libraries(source)
    faults, reach, order = [], {}, list(known)
    if len(known) < 20:
        faults.append(f"src/textsemiseg/CMakeLists.txt: only {len(known)} libraries found: tests/layers.py cannot read it any more")
    for name, (folder, depends, _) in known.items():
        reach[name] = {folder}
        for below in depends:
            if below not in order[: order.index(name)]:
                faults.append(f"src/textsemiseg/CMakeLists.txt: {name} depends on {below}, which is not listed below it")
                continue
            reach[name] |= reach[below]
    rooms, tests = {}, {}
    for name, (folder, _, need) in known.items():
        rooms.setdefault(folder, set()).update(reach[name])
        tests.setdefault(folder, set()).update(reach[name], *(reach[other] for other in need if "::" not in other))
    includes = 0
    for path in sorted(source.rglob("*")):
        if path.suffix not in (".h", ".cc", ".inc"):
            continue
        room, where = path.relative_to(source).parts[0], path.relative_to(root)
        if room not in rooms:
            faults.append(f"{where}: no tss_library names the room {room}")
            continue
        test = path.name.endswith("_test.cc")
        for line in path.read_text().splitlines():
            if match := re.match(r'#include "textsemiseg/(\w+)/', line):
                includes += 1
                if match[1] not in (tests if test else rooms)[room]:
                    faults.append(f"{where}: includes {match[1]}, which {room} does not reach")
            elif re.match(r'#include "support/', line) and not test:
                faults.append(f"{where}: a fixture of tests/support in a production source")
    if includes == 0:
        faults.append("no include line was found")
    print("\n".join(faults) or f"{len(rooms)} rooms, {includes} includes, no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
