#!/usr/bin/env python3
"""Prints what a build is made of as an SPDX 2.3 document in JSON: every library that the program loads, every package whose headers were
compiled into it, and what it carries inside (the page's scripts, the font).

    tools/sbom.py [BUILD] > textsemiseg.spdx.json        BUILD: build/release

Nothing is listed by hand: libraries come from ldd, headers from the build's own record of dependencies (.ninja_deps), names, versions and
licences from Debian's package records, from LibTorch's and from npm's. Standard library only.
"""
import glob
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import time

SPDX = {"expat": "MIT", "mit": "MIT", "mit/x11": "MIT", "apache-2.0": "Apache-2.0", "apache-2": "Apache-2.0", "bsd-3-clause": "BSD-3-Clause",
        "bsd-3-clauses": "BSD-3-Clause", "bsd-2-clause": "BSD-2-Clause", "bsd-4-clause": "BSD-4-Clause", "zlib": "Zlib", "isc": "ISC",
        "bsl-1.0": "BSL-1.0", "libpng": "Libpng", "curl": "curl", "gpl-2": "GPL-2.0-only", "gpl-2+": "GPL-2.0-or-later",
        "gpl-3": "GPL-3.0-only", "gpl-3+": "GPL-3.0-or-later", "lgpl-2": "LGPL-2.0-only", "lgpl-2+": "LGPL-2.0-or-later",
        "lgpl-2.1": "LGPL-2.1-only", "lgpl-2.1+": "LGPL-2.1-or-later", "lgpl-3+": "LGPL-3.0-or-later", "mpl-1.1": "MPL-1.1", "ftl": "FTL",
        "unlicense": "Unlicense", "cc0-1.0": "CC0-1.0", "openldap-2.8": "OLDAP-2.8"}


def output_of(words):
    return subprocess.run(words, capture_output=True, text=True, env=dict(os.environ, LC_ALL="C")).stdout


def loaded(program):
    """Paths of the libraries that the program loads. The one of the kernel has no file."""
    return [match.group(1) for match in re.finditer(r"(?:=> )?(/\S+) \(0x", output_of(["ldd", program]))]


def compiled_headers(build):
    """Headers outside the project that the objects of the program and its libraries were made from. .ninja_deps: records of paths and of
    dependencies, each a 32-bit size whose highest bit marks the latter, as the manual of ninja's source describes them."""
    with open(os.path.join(build, ".ninja_deps"), "rb") as file:
        data = file.read()
    start = b"# ninjadeps\n"
    if not data.startswith(start) or struct.unpack_from("<i", data, len(start))[0] not in (3, 4):
        sys.exit(f"{build}/.ninja_deps: is of another version of ninja; expected 3 or 4")
    at, paths, needs = len(start) + 4, [], {}
    wide = struct.unpack_from("<i", data, len(start))[0] == 4  # times of 64 bits
    while at + 4 <= len(data):
        size = struct.unpack_from("<I", data, at)[0]
        record = data[at + 4:at + 4 + (size & 0x7FFFFFFF)]
        at += 4 + len(record)
        if size >> 31:
            numbers = struct.unpack(f"<{len(record) // 4}i", record)
            needs[numbers[0]] = numbers[3 if wide else 2:]
        else:
            paths.append(record[:-4].rstrip(b"\0").decode())
    of_program = [number for number in needs if not re.search(r"(^|/)(tests|bench)/|_tests\.dir/", paths[number])]
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
    found = {os.path.normpath(os.path.join(build, paths[need])) for number in of_program for need in needs[number]}
    return sorted(path for path in found if not path.startswith((root + "src", root + "apps", root + "build", os.path.abspath(build))))


def debian_packages(paths):
    """{package: paths}, and the paths that no package holds. /lib stands for /usr/lib since Debian merged them."""
    names = {}
    for path in paths:
        for one in {path, os.path.realpath(path)}:
            names[one] = path
            names[one[4:] if one.startswith("/usr/lib") else "/usr" + one] = path
    found, known = {}, set()
    queries = sorted(names)
    for begin in range(0, len(queries), 500):
        for line in output_of(["dpkg", "-S", *queries[begin:begin + 500]]).splitlines():
            package, _, path = line.rpartition(": ")
            if path in names and not package.startswith("diversion"):
                found.setdefault(package.split(",")[0].split(":")[0], set()).add(names[path])
                known.add(names[path])
    return found, [path for path in paths if path not in known]


def licence_of(package):
    """SPDX expression, and the names as the package has them: of 'Files: *' in its copyright file, or of the whole file."""
    try:
        with open(f"/usr/share/doc/{package}/copyright", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return "NOASSERTION", ""
    names = [name.strip() for name in re.findall(r"^License: *(\S.*)$", text, re.M)]
    main = re.search(r"^Files: *\*.*?^License: *(\S.*?)$", text, re.M | re.S)
    spdx = "NOASSERTION"
    if main:
        parts = [SPDX.get(part.strip().lower()) for part in re.split(r"\s+and\s+|\s+or\s+", main.group(1))]
        if all(parts) and not (" or " in main.group(1) and " and " in main.group(1)):
            spdx = (" OR " if " or " in main.group(1) else " AND ").join(parts)
            spdx = f"({spdx})" if len(parts) > 1 else spdx
    return spdx, ", ".join(sorted(set(names)))


class Document:
    def __init__(self, name, version):
        self.packages, self.relationships = [], []
        self.root = self.add(name, version, "Apache-2.0", "", "", "")
        self.relationships.append({"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": self.root})

    def add(self, name, version, licence, purl, comment, relation):
        """relation: the program's to it."""
        identifier = "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)
        package = {"SPDXID": identifier, "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
                   "licenseConcluded": "NOASSERTION", "licenseDeclared": licence, "copyrightText": "NOASSERTION"}
        if comment:
            package["licenseComments"] = comment
        if purl:
            package["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]
        self.packages.append(package)
        if relation:
            self.relationships.append({"spdxElementId": self.root, "relationshipType": relation, "relatedSpdxElement": identifier})
        return identifier


def add_debian(document, packages, relation):
    if not packages:
        return
    form = "${Package}\t${Version}\t${source:Package}\n"
    for line in output_of(["dpkg-query", "-W", "-f", form, *sorted(packages)]).splitlines():
        name, version, source = line.split("\t")
        if any(package["name"] == name for package in document.packages):
            continue
        licence, names = licence_of(name)
        document.add(name, version, licence, f"pkg:deb/debian/{name}@{version.replace('+', '%2B')}",
                     f"Debian's copyright file of source package {source} names: {names}" if names else "", relation)


def add_torch(document, paths):
    """LibTorch as its wheel or archive says; the libraries beside it are parts of it. Paths that are none of it come back."""
    beside = [path for path in paths if "/torch/" in path]
    if beside:
        folder = beside[0][:beside[0].index("/torch/") + len("/torch")]
        version = "unknown"
        for record in glob.glob(folder + "-*.dist-info/METADATA"):
            with open(record, encoding="utf-8") as file:
                version = re.search(r"^Version: (\S+)", file.read(), re.M).group(1)
        for record in glob.glob(folder + "/build-version"):
            with open(record) as file:
                version = file.read().strip()
        document.add("libtorch", version, "BSD-3-Clause", f"pkg:pypi/torch@{version.replace('+', '%2B')}",
                     "What is built into it: LICENSE and NOTICE of its package", "DYNAMIC_LINK")
    return [path for path in paths if path not in beside]


def add_page(document, modules):
    lock = os.path.join(modules, ".package-lock.json")
    if not os.path.exists(lock):
        return
    with open(lock) as file:
        packages = json.load(file)["packages"]
    for place, package in sorted(packages.items()):
        name = place.split("node_modules/")[-1]
        if name.startswith("@rollup") or not os.path.isdir(os.path.join(modules, "..", place)):
            continue
        document.add(name, package["version"], package.get("license", "NOASSERTION"), f"pkg:npm/{name.replace('@', '%40')}@{package['version']}", "",
                     "CONTAINS")


def cache_of(build):
    with open(os.path.join(build, "CMakeCache.txt")) as file:
        return dict(re.findall(r"^([A-Za-z_0-9]+):[A-Z]+=(.*)$", file.read(), re.M))


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/release")
    program = os.path.join(build, "textsemiseg")
    if not os.path.exists(program):
        sys.exit(f"{program}: is not there; expected a finished build")
    cache = cache_of(build)
    document = Document("textsemiseg", cache.get("CMAKE_PROJECT_VERSION", "unknown"))
    libraries = add_torch(document, loaded(program))
    packages, strange = debian_packages(libraries)
    add_debian(document, packages, "DYNAMIC_LINK")
    packages, headers = debian_packages(compiled_headers(build))
    add_debian(document, packages, "DEPENDS_ON")
    strange += [path for path in headers if "/torch/" not in path and "/.deps/" not in path]
    packages, fonts = debian_packages([cache["TSS_FONT"]] if cache.get("TSS_FONT") else [])
    add_debian(document, packages, "CONTAINS")
    add_page(document, cache.get("TSS_WEB_MODULES", ""))
    for path in sorted(set(strange + fonts)):
        document.add(os.path.basename(path), "unknown", "NOASSERTION", "", "no package of this machine holds it", "DEPENDS_ON")
    with open(program, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    document.packages[0]["checksums"] = [{"algorithm": "SHA256", "checksumValue": digest}]
    document.packages[0]["primaryPackagePurpose"] = "APPLICATION"
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", os.path.getmtime(program)))))
    json.dump({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "textsemiseg",
               "documentNamespace": f"https://spdx.org/spdxdocs/textsemiseg-{digest[:32]}",
               "creationInfo": {"created": made, "creators": ["Tool: textsemiseg tools/sbom.py"]},
               "packages": document.packages, "relationships": document.relationships}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
