"""The program of this package: the command `textsemiseg`."""
from __future__ import annotations

import os
import sys

from ._files import BUILD, HERE, PROGRAM, torch_elsewhere


def environment() -> dict[str, str]:
    """For the program: where it finds LibTorch, and packages with text encoders, which pip puts beside this one."""
    out = dict(os.environ)
    if not BUILD:
        out["TSS_PACKAGES"] = os.pathsep.join(filter(None, [out.get("TSS_PACKAGES"), str(HERE.parent)]))
    torch = torch_elsewhere()
    if torch is not None:
        out["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, [str(torch), out.get("LD_LIBRARY_PATH")]))
    return out


def main() -> None:
    """Becomes the program, with this process's arguments."""
    try:
        os.execve(PROGRAM, ["textsemiseg", *sys.argv[1:]], environment())
    except (OSError, ImportError) as error:
        sys.exit(f"error: {error}")
