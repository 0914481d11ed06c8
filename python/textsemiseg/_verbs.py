"""The verbs of the program, run as a child process with the same options as on the command line."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any, Callable, Iterable

from ._errors import exception_of
from ._files import HERE, PROGRAM
from ._program import environment

Progress = Callable[[dict], Any]


def _value(value: Any) -> str:
    """As the program reads it: TOML for numbers, truth and lists, anything else as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(json.dumps(item) if isinstance(item, str) else _value(item) for item in value) + "]"
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def _words(options: dict[str, Any]) -> Iterable[str]:
    for name, value in options.items():
        option = "--" + name.strip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            yield option
        elif isinstance(value, dict):  # --set
            for key, item in value.items():
                yield from (option, f"{key}={_value(item)}")
        elif isinstance(value, (list, tuple)):  # an option that may be repeated
            for item in value:
                yield from (option, _value(item))
        else:
            yield from (option, _value(value))


class _Messages:
    """Shows what the program says on sys.stderr, which in a notebook is no file of the system."""

    def __init__(self, progress: Progress | None):
        self.progress = progress
        self._drawn = False
        self.last_error = ""

    def take(self, line: str) -> None:
        try:
            event = json.loads(line)
            kind = event["event"]
        except (ValueError, TypeError, KeyError):
            return self._print(line)
        if kind == "message":
            if event["level"] == "error":
                self.last_error = event["text"]  # raised, not shown
            else:
                self._print(f"{event['level']}: {event['text']}")
        elif kind == "progress":
            if self.progress is not None:
                self.progress(event)
            elif sys.stderr.isatty():
                self._draw(event)

    def _draw(self, event: dict) -> None:
        bar = "#" * int(28 * event["share"])
        note = f"  {event['note']}" if event.get("note") else ""
        sys.stderr.write(f"\r\x1b[K{event['title']} [{bar:.<28}] {event['done']}/{event['total']}{note}")
        sys.stderr.flush()
        self._drawn = True

    def _print(self, line: str) -> None:
        self.end()
        print(line, file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._drawn:
            sys.stderr.write("\n")
            self._drawn = False


def call(verb: str, *words: str | os.PathLike[str], progress: Progress | None = None, **options: Any) -> Any:
    """Runs a verb and gives what it prints: the parsed document with json=True, else its text.

    Options are the verb's (`textsemiseg VERB --help`) with "_" for "-": True is a flag, False and None leave an option out, a list gives it
    once per item, and set={"sampler.patch": [96, 96, 96]} is --set. words: what stands without an option, runs of `report` for instance.
    Messages go to sys.stderr; progress is drawn there on a terminal, or given to `progress`, a dict each (docs/commands.md).

    Ctrl-C reaches the program, which saves its state first; a second one ends it at once. A failure raises Error, UsageError or InputError
    with the program's line.
    """
    arguments = [verb, *map(_value, words), *_words(options), "--log-format", "json"]
    # A group of its own: a terminal's Ctrl-C would reach the program a second time, beside the one that is passed on below.
    child = subprocess.Popen([sys.executable, "-I", str(HERE / "_child.py"), str(PROGRAM), *arguments], env=environment(),
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    printed: list[bytes] = []
    reader = threading.Thread(target=lambda: printed.append(child.stdout.read()), daemon=True)
    reader.start()
    messages = _Messages(progress)
    raised: BaseException | None = None
    while True:
        try:
            line = child.stderr.readline()
            if not line:
                child.wait()
                break
            messages.take(line.decode(errors="replace").rstrip("\n"))
        except BaseException as error:  # Ctrl-C, or what `progress` raised
            raised = raised or error
            messages.progress = None  # it has said enough
            child.send_signal(signal.SIGINT)
    reader.join()
    child.stdout.close()
    child.stderr.close()
    messages.end()
    if raised is not None:
        raise raised
    if child.returncode != 0:
        reason = f"ended by signal {-child.returncode}" if child.returncode < 0 else f"failed with exit code {child.returncode}"
        raise exception_of(child.returncode, messages.last_error or f"textsemiseg {verb}: {reason}")
    text = printed[0].decode(errors="replace")
    return json.loads(text) if options.get("json") is True else text


def check(**options: Any) -> Any:
    """Looks through scans or a dataset before training: grids, labels, duplicates, outliers, leaks between roles."""
    return call("check", **options)


def prepare(**options: Any) -> Any:
    """Turns a folder of scans into a dataset: checks, recipe, cache, split."""
    return call("prepare", **options)


def train(**options: Any) -> Any:
    """Trains one method into a run folder."""
    return call("train", **options)


def study(**options: Any) -> Any:
    """Trains and scores a whole plan of methods, run by run."""
    return call("study", **options)


def compare(*folders: str | os.PathLike[str], **options: Any) -> Any:
    """Rows of a study, or runs, in one table: intervals, paired tests, ranks."""
    return call("compare", *folders, **options)


def report(*runs: str | os.PathLike[str], **options: Any) -> Any:
    """One HTML file to look at runs: scores, curves, cases in a viewer; or a figure."""
    return call("report", *runs, **options)


def demo(**options: Any) -> Any:
    """Trains two methods on made-up scans and leaves one page to look at."""
    return call("demo", **options)


def doctor(**options: Any) -> Any:
    """What this machine offers, and whether convolutions are right here."""
    return call("doctor", **options)
