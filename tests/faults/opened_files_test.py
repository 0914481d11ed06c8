"""What training opens: no label of an unlabelled case, no file of a test case, whatever the method.

    opened_files_test.py PROGRAM LIBRARY

LIBRARY is faults.c, which lists the files that are opened. Every case of the source has a label.
"""
import json
import os
import sys
import tempfile

from scans import TINY, make_source, run


def opened(log):
    with open(log) as file:
        return [line.split(" ", 2)[2].strip() for line in file if line.startswith("0 read ")]


def case_of(path, ids):
    return next((one for one in ids if f"/{one}/" in path or os.path.basename(path).startswith(one + ".")), None)


def main():
    program, library = map(os.path.abspath, sys.argv[1:3])
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        def must(words, **more):
            result = run(program, words, cwd=folder, **more)
            if result.returncode != 0:
                sys.exit(f"{' '.join(map(str, words))}: exit code {result.returncode}\n{result.stderr}")
            return result.stdout

        make_source(os.path.join(folder, "source"), labelled=6)
        must(["prepare", "--source", "source", "--dataset", "data", "--labelled", 1, "--test", 1, "--validation", 1, "--classes",
              "background,ball"])
        with open(os.path.join(folder, "data", "split.json")) as file:
            split = json.load(file)
        methods = json.loads(must(["list", "--json"]))["methods"]
        for method in methods:
            log = os.path.join(folder, method + ".log")
            must(["train", "--dataset", "data", "--method", method, "--run", "run_" + method, "--iterations", 2, "--set", "text.source=learned",
                  "--set", "train.validate_every=2", *TINY],
                 environment={"LD_PRELOAD": library, "FAULT_ROOT": folder + "/", "FAULT_LOG": log, "FAULT_READS": "1",
                              "FAULT_COUNTER": os.path.join(folder, "counter")})
            files = opened(log)
            labels = [path for path in files if "label" in path]
            if not any(case_of(path, split["labelled"]) for path in labels):
                faults.append(f"{method}: no label of a labelled case was seen to be opened, so this test sees nothing")
            for path in labels:
                if case_of(path, split["unlabelled"]):
                    faults.append(f"{method}: opens {os.path.relpath(path, folder)}, a label of an unlabelled case")
            for path in files:
                if case_of(path, split["test"]):
                    faults.append(f"{method}: opens {os.path.relpath(path, folder)} of a test case")
            print(f"{method}: {len(files)} files opened, {len(labels)} of them labels", flush=True)
    print("\n".join(sorted(set(faults))))
    sys.exit(1 if faults or len(methods) < 10 else 0)


if __name__ == "__main__":
    main()
