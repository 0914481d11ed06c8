"""What the program's exit codes are in Python (docs/commands.md). Each carries the program's one line."""
from __future__ import annotations


class Error(RuntimeError):
    """The work failed."""

    exit_code = 1


class UsageError(Error, ValueError):
    """Options that do not go together, or that there are not."""

    exit_code = 2


class InputError(Error, ValueError):
    """Something that was given cannot be used: the line names it, what was found and what was expected."""

    exit_code = 3


INTERRUPTED = 130


def exception_of(exit_code: int, line: str) -> BaseException:
    if exit_code == INTERRUPTED:
        return KeyboardInterrupt(line)
    for kind in (UsageError, InputError):
        if kind.exit_code == exit_code:
            return kind(line)
    return Error(line)
