"""Every verb that writes, with one call after another failing that writes: as on a disk that is full or a server that is gone.

    faults_test.py PROGRAM LIBRARY [--every] [--only VERB]... [--keep FOLDER]

LIBRARY is faults.c, which names the kinds of calls. A first run counts the calls. Then the verb runs once for each of them (--every), or
once for each kind of call on each kind of file (the default), with that call failing. It must

  end with exit code 1 or 3, never 0 and never by a signal, and say so in a message with the name of the file or folder;
  leave no file that is neither as before nor complete, and no temporary one;
  do its work when it is run again.
"""
import argparse
import filecmp
import gzip
import json
import os
import re
import shutil
import struct
import sys
import tempfile
import zlib

from scans import TINY, make_source, run

TEMPORARY = re.compile(r"\.tmp-[0-9a-f]+-\d+-[0-9a-f]+-")

CLASSES = ["--classes", "background,ball"]


def verbs(base):
    """name: (words in the working folder, words to go on with or None: the same ones)"""
    train = ["train", "--dataset", "data", "--method", "ua_mt", "--run", "new", "--iterations", 2, "--threads", 1, "--set",
             "train.checkpoint_every=1", "--set", "train.validate_every=2", *TINY]
    out = {
        "prepare": (["prepare", "--source", "source", "--dataset", "made", "--labelled", 2, "--threads", 1, "--folds", 2, *CLASSES],
                    ["prepare", "--source", "source", "--dataset", "made", "--labelled", 2, "--threads", 1, "--folds", 2, *CLASSES, "--overwrite"]),
        "train": (train, train + ["--resume"]),
        "evaluate": (["evaluate", "--run", "run", "--csv", "out/scores.csv", "--text-probe", 0], None),
        "compare": (["compare", "run", "run2", "--out", "out"], None),
        "report": (["report", "run", "--output", "out/page.html", "--figure", "out/figure.png"],
                   ["report", "run", "--output", "out/page.html", "--figure", "out/figure.png", "--overwrite"]),
        "export": (["export", "--run", "run", "--output", "out/w.safetensors", "--names", "own"],
                   ["export", "--run", "run", "--output", "out/w.safetensors", "--names", "own", "--overwrite"]),
        "export onnx": (["export", "--run", "run", "--output", "out/graph.onnx"],
                        ["export", "--run", "run", "--output", "out/graph.onnx", "--overwrite"]),
        "import": (["import", "weights", "weights.safetensors", "--run", "imported", "--classes", "background,ball", "--recipe", "generic"],
                   None),
        "check --out": (["check", "--source", "source", "--out", "out/found.json", "--threads", 1], None),
        "check --fix": (["check", "--source", "crooked", "--fix", "fixed", "--threads", 1], None),
        "text": (["text", "encode", "liver", "--source", "learned", "--output", "out/table.safetensors", "--threads", 1], None),
        "study": (["study", "--plan", "plan.toml", "--dataset", "data", "--out", "study", "--iterations", 1, "--threads", 1], None),
        "demo": (["demo", "--output", "demo", "--iterations", 1], None),
    }
    for format in ("nii.gz", "nii", "mha", "nrrd", "seg.nrrd"):
        words = ["predict", "--run", "run", "--input", "source/imagesTr/case5.nii.gz", "--output", f"out/labels.{format}"]
        if format == "nii.gz":
            words = ["predict", "--run", "run", "--input", "source/imagesTr", "--output", "out", "--probabilities", "--preview"]
        out["predict " + format] = (words, words + ["--overwrite"])
    return out


def whole(path):
    """A file of this kind is complete as far as its own form tells."""
    with open(path, "rb") as file:
        data = file.read()
    name = os.path.basename(path)
    if name.endswith(".gz"):
        try:
            gzip.decompress(data)
            return True
        except (OSError, EOFError, zlib.error):
            return False
    if name.endswith(".json"):
        try:
            json.loads(data)
            return True
        except ValueError:
            return False
    if name.endswith(".jsonl"):  # lines are added; one that was cut is dropped when a run goes on
        return all(json.loads(line) is not None for line in data.split(b"\n")[:-1])
    if name.endswith(".safetensors"):
        if len(data) < 8:
            return False
        length = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:8 + length])
        return len(data) == 8 + length + max([t["data_offsets"][1] for n, t in header.items() if n != "__metadata__"] or [0])
    if name.endswith((".html", ".svg")):
        return data.rstrip().endswith((b"</html>", b"</svg>"))
    if name.endswith(".png"):
        return data[-8:-4] == b"IEND"
    return None


def files_of(folder):
    return {os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names}


def kind_of(line, work):
    """What calls are taken together: one kind on files of one name, apart from numbers and ids."""
    _, kind, path = line.split(" ", 2)
    path = TEMPORARY.sub(".tmp-", os.path.relpath(path, work))
    return kind, re.sub(r"\d+", "#", path)


class Verb:
    def __init__(self, arguments, base, name, words, again):
        self.a, self.base, self.name, self.words, self.again = arguments, base, name, words, again or words
        self.work = os.path.join(arguments.scratch, "work")
        self.faults = []

    def fresh(self):
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.base, self.work, symlinks=True)

    def run(self, words, at, log):
        counter = os.path.join(self.a.scratch, "counter")
        for path in (counter, log):
            if os.path.exists(path):
                os.remove(path)
        return run(self.a.program, words, cwd=self.work, environment={
            "LD_PRELOAD": self.a.library, "FAULT_ROOT": self.work + "/", "FAULT_COUNTER": counter, "FAULT_AT": str(at), "FAULT_LOG": log})

    def chosen(self, lines):
        if self.a.every:
            return list(range(1, len(lines) + 1))
        first = {}
        for number, line in enumerate(lines, 1):
            first.setdefault(kind_of(line, self.work), number)
        return sorted(first.values())

    def fault(self, number, line, what, messages=""):
        self.faults.append(f"{self.name}: call {number} ({line}): {what}" + (f"\n    {messages.strip()[:600]}" if messages else ""))

    def check(self):
        log = os.path.join(self.a.scratch, "log")
        self.fresh()
        result = self.run(self.words, 0, log)
        if result.returncode != 0:
            self.fault(0, "none failing", f"exit code {result.returncode}", result.stderr)
            return 0
        with open(log) as file:
            lines = file.read().splitlines()
        done = os.path.join(self.a.scratch, "done")
        shutil.rmtree(done, ignore_errors=True)
        os.rename(self.work, done)
        chosen = self.chosen(lines)
        for number in chosen:
            self.fresh()
            result = self.run(self.words, number, log)
            with open(log) as file:
                line = next((one for one in file.read().splitlines() if one.startswith(f"{number} ")), None)
            if line is None:
                continue  # fewer calls than before
            self.judge(number, line, result, done)
        return len(chosen)

    def judge(self, number, line, result, done):
        kind, path = line.split(" ", 2)[1:]
        shown = f"{kind} {TEMPORARY.sub('', os.path.relpath(path, self.work))}"
        if result.returncode not in (1, 3):
            self.fault(number, shown, f"exit code {result.returncode}", result.stderr)
            return
        # A folder that was being made under a temporary name, or one in which a file was, may stand for the file.
        names = [part for part in TEMPORARY.sub("", os.path.relpath(path, self.work)).split("/") if part not in (".", "lock")]
        if not any(name in result.stderr for name in names):
            self.fault(number, shown, "the message does not name it", result.stderr)
        if "unexpected failure" in result.stderr:
            self.fault(number, shown, "unexpected failure", result.stderr)
        for name in sorted(files_of(self.work)):
            at = os.path.join(self.work, name)
            if TEMPORARY.search(name) or name.endswith("/lock"):
                self.fault(number, shown, f"leaves {name}")
                continue
            if any(os.path.isfile(os.path.join(where, name)) and filecmp.cmp(at, os.path.join(where, name), shallow=False)
                   for where in (self.base, done)):
                continue
            try:
                sound = whole(at)
            except ValueError:
                sound = False
            if sound is None:
                sound = os.path.exists(os.path.join(done, name)) and os.path.getsize(at) > 0 and not name.endswith((".nii", ".mha", ".nrrd", ".npy"))
            if not sound:
                self.fault(number, shown, f"leaves half of {name}")
        again = run(self.a.program, self.again, cwd=self.work)
        if again.returncode != 0 and self.again != self.words:  # where the first try had not begun, there is nothing to go on with
            again = run(self.a.program, self.words, cwd=self.work)
        if again.returncode != 0:
            self.fault(number, shown, "cannot be run again", again.stderr)
        missing = files_of(done) - files_of(self.work)
        if again.returncode == 0 and missing:
            self.fault(number, shown, f"run again it does not make {sorted(missing)[:3]}")


PLAN = """title = "two rows"
[[rows]]
name = "supervised"
method = "supervised"
[[rows]]
name = "ua_mt"
method = "ua_mt"
"""


def make_base(program, base):
    def must(words):
        result = run(program, words, cwd=base)
        if result.returncode != 0:
            sys.exit(f"{' '.join(map(str, words))}: exit code {result.returncode}\n{result.stderr}")

    os.makedirs(base)
    make_source(os.path.join(base, "source"))
    shutil.copytree(os.path.join(base, "source"), os.path.join(base, "crooked"))
    crook(os.path.join(base, "crooked", "labelsTr", "case0.nii.gz"))
    must(["prepare", "--source", "source", "--dataset", "data", "--labelled", 1, "--test", 1, "--validation", 1, *CLASSES])
    for name, seed in (("run", 0), ("run2", 1)):
        must(["train", "--dataset", "data", "--method", "mc_net", "--run", name, "--iterations", 1, "--seed", seed, *TINY])
        must(["evaluate", "--run", name, "--text-probe", 0])
    must(["export", "--run", "run", "--output", "weights.safetensors"])
    with open(os.path.join(base, "plan.toml"), "w") as file:
        file.write(PLAN)


def crook(path):
    """The place of a label, off by rounding: what check --fix corrects."""
    with gzip.open(path) as file:
        data = bytearray(file.read())
    struct.pack_into("<f", data, 292, 0.003)
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(bytes(data))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("library")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    arguments.program, arguments.library = os.path.abspath(arguments.program), os.path.abspath(arguments.library)
    with tempfile.TemporaryDirectory() as folder:
        arguments.scratch = arguments.keep or folder
        base = os.path.join(arguments.scratch, "base")
        if not os.path.isdir(base):
            make_base(arguments.program, base)
        faults, calls = [], 0
        for name, (words, again) in verbs(base).items():
            if arguments.only and not any(name.startswith(only) for only in arguments.only):
                continue
            if name == "demo" and not arguments.only and not arguments.every:
                continue  # minutes for each call; it runs the other verbs
            verb = Verb(arguments, base, name, words, again)
            count = verb.check()
            calls += count
            print(f"{name}: {count} calls failed, {len(verb.faults)} faults", flush=True)
            for fault in verb.faults:
                print("  " + fault, flush=True)
            faults += verb.faults
    print(f"{calls} calls failed, {len(faults)} faults")
    sys.exit(1 if faults or calls == 0 else 0)


if __name__ == "__main__":
    main()
