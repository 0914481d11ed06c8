"""The list of what the program is made of: complete against ldd, and a sound SPDX document.

    sbom_test.py ROOT BUILD
"""
import json
import os
import re
import subprocess
import sys


def main():
    root, build = sys.argv[1:3]
    if subprocess.run(["sh", "-c", "command -v dpkg-query ldd"], capture_output=True).returncode != 0:
        print("skipped: no dpkg")
        return
    if not os.path.exists(os.path.join(build, ".ninja_deps")):
        print("skipped: no ninja")
        return
    made = subprocess.run([sys.executable, "-B", os.path.join(root, "tools", "sbom.py"), build], capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(made.stderr)
    document = json.loads(made.stdout)
    faults = []
    for field in ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages", "relationships"):
        if not document.get(field):
            faults.append(f"{field} is missing")
    packages = {package["SPDXID"]: package for package in document["packages"]}
    names = {package["name"] for package in document["packages"]}
    if len(packages) != len(document["packages"]):
        faults.append("two packages have one SPDXID")
    for identifier, package in packages.items():
        if not re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", identifier):
            faults.append(f"{identifier}: expected letters, digits, points and hyphens")
        if not package["versionInfo"] or package["versionInfo"] == "unknown":
            faults.append(f"{package['name']}: has no version")
    for relationship in document["relationships"]:
        for end in ("spdxElementId", "relatedSpdxElement"):
            if relationship[end] not in packages and relationship[end] != "SPDXRef-DOCUMENT":
                faults.append(f"{relationship[end]} is named by a relationship, not by a package")
    related = {relationship["relatedSpdxElement"] for relationship in document["relationships"]}
    faults += [f"{package['name']}: has no relationship" for identifier, package in packages.items() if identifier not in related]
    # Each library that is loaded is of a package in the list.
    for line in subprocess.run(["ldd", os.path.join(build, "textsemiseg")], capture_output=True, text=True).stdout.splitlines():
        match = re.search(r"(?:=> )?(/\S+) \(0x", line)
        if not match or "/torch/" in match.group(1):
            continue
        path = os.path.realpath(match.group(1))
        owner = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True).stdout or subprocess.run(
            ["dpkg", "-S", path[4:] if path.startswith("/usr/lib") else "/usr" + path], capture_output=True, text=True).stdout
        if owner.split(":")[0].split(",")[0] not in names and os.path.basename(match.group(1)) not in names:
            faults.append(f"{match.group(1)} of {owner.split(':')[0] or 'no package'} is not in the list")
    for name in ("libtorch", "nlohmann-json3-dev", "libinsighttoolkit5.2", "fonts-dejavu-core"):
        if name not in names:
            faults.append(f"{name} is not in the list")
    print("\n".join(faults + [f"{len(names)} packages"]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
