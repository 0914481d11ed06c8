"""Derives the tables of docs/results again from the records that are kept there.

    python3 tests/results.py ROOT

cases.csv        scores of each case and class of a run: means over cases, and over the classes defined in a case
validation.csv   Dice on the validation cases during training: the best one, the last one, the curves
losses.csv       the loss every ten iterations;  costs.csv: what a run cost
Intervals and p values are not derived again. One line per cell that differs; exit code 1 if there is any, or if a table or record is
missing or left over. Standard library only.
"""
import csv
import os
import re
import sys

FIRST_LOOK = {
    "VNet (labelled cases only)": "supervised", "UA-MT": "ua_mt", "DTC": "dtc", "MC-Net": "mc_net", "MC-Net+": "mc_net_plus", "URPC": "urpc",
    "MCF": "mcf", "BCP": "bcp", "BS-Net": "bs_net", "MLRP": "mlrp", "VClipSeg": "vclip_seg", "Text-SemiSeg": "text_semiseg",
    "Text-SemiSeg, repeated text": "text_semiseg_repeat"}
SCORES = {"Dice": "dice", "Jaccard": "jaccard", "HD95": "hd95", "ASD": "asd"}
COSTS = {"s / step": ("seconds_per_step", 1), "peak memory (GiB)": ("peak_memory_gib", 1), "trained parameters (M)": ("trained_parameters", 1e-6),
         "parameters at prediction (M)": ("prediction_parameters", 1e-6), "s / window": ("seconds_per_window", 1)}


def mean(values):
    values = [v for v in values if v is not None]
    return sum(values) / len(values) if values else None


class Records:
    def __init__(self, folder):
        self.folder, self.used = folder, set()

    def rows(self, path):
        self.used.add(path)
        with open(os.path.join(self.folder, path), newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def cases(self, run, score, name=None):
        """One value per case: of the class of that name, or the mean over the classes defined."""
        of_case = {}
        for row in self.rows(f"{run}/cases.csv"):
            if name is None or row["name"] == name:
                of_case.setdefault(row["case"], []).append(float(row[score]) if row[score] else None)
        return {case: mean(values) for case, values in of_case.items()}

    def score(self, run, score, name=None):
        return mean(self.cases(run, score, name).values())

    def validation(self, run):
        study, _, name = run.partition("/")
        return [(int(r["iteration"]), float(r["dice"])) for r in self.rows(f"{study}/validation.csv") if r["run"] == name]

    def of_run(self, study, file, run):
        return [r for r in self.rows(f"{study}/{file}") if r["run"] == run]


class Page:
    def __init__(self, records, name):
        self.records, self.name, self.faults, self.cells = records, name, [], 0
        with open(os.path.join(records.folder, name), encoding="utf-8") as file:
            self.lines = file.read().split("\n")

    def fault(self, line, message):
        self.faults.append(f"docs/results/{self.name}:{line}: {message}")

    def tables(self, *columns):
        """Every table with these columns: [(line, {column: cell})]. A missing one is a fault."""
        found, i = [], 0
        while i < len(self.lines):
            if not self.lines[i].startswith("|"):
                i += 1
                continue
            j = i
            while j < len(self.lines) and self.lines[j].startswith("|"):
                j += 1
            cells = [[c.strip().replace("**", "") for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in self.lines[i:j]]
            if all(any(c.startswith(column) for c in cells[0]) for column in columns):
                found.append([(i + 1 + k, dict(zip(cells[0], cells[k]))) for k in range(2, len(cells))])
            i = j
        if not found:
            self.fault(1, f"no table with the columns {', '.join(columns)}")
        return found

    def compare(self, line, what, text, value, slack=1e-8):
        match = re.match(r"[+−-]?\d+(?:\.(\d+))?", text)
        self.cells += 1
        if match is None or value is None:
            if match is not None or value is not None or text not in ("-", ""):
                self.fault(line, f"{what}: the page says '{text}', the records {value}")
            return
        digits = len(match.group(1) or "")
        printed = float(match.group().replace("−", "-"))
        if abs(printed - value) > 0.5 * 10 ** -digits * (1 + 1e-9) + slack:
            self.fault(line, f"{what}: the page says {match.group()}, the records {value:.{digits + 2}f}")

    def scores(self, line, row, run, factor, name=None):
        for column, cell in row.items():
            for title, score in SCORES.items():
                if column.removeprefix("test ").startswith(title):
                    value = self.records.score(run, score, name)
                    percent = factor if score in ("dice", "jaccard") else 1
                    self.compare(line, f"{run} {column}", cell, None if value is None else percent * value)

    def best(self, line, what, cell, run):
        curve = self.records.validation(run)
        iteration, dice = max(curve, key=lambda point: point[1])
        self.compare(line, what, cell, dice, 1e-6)
        if f"({iteration})" not in cell:
            self.fault(line, f"{what}: the page says '{cell}', the records iteration {iteration}")


def methods_page(page, study):
    records = page.records
    (table,) = page.tables("method", "test Dice", "best validation Dice (iteration)")[:1]
    for line, row in table:
        run = f"{study}/{FIRST_LOOK[row['method']]}-seed0"
        page.best(line, f"{run} best validation Dice", row["best validation Dice (iteration)"], run)
        if "at the end" in row:
            page.compare(line, f"{run} at the end", row["at the end"], records.validation(run)[-1][1], 1e-6)
            page.scores(line, row, run, 1)
        else:
            page.compare(line, f"{run} test Dice", row["test Dice, selected"], records.score(run, "dice"))
            losses = [float(r["loss"]) for r in records.of_run(study, "losses.csv", run.split("/")[1]) if int(r["iteration"]) % 10 == 0]
            first, _, last = next(cell for column, cell in row.items() if column.startswith("loss")).partition(" → ")
            page.compare(line, f"{run} first losses", first, mean(losses[:3]), 1e-6)
            page.compare(line, f"{run} last losses", last, mean(losses[-3:]), 1e-6)
    return len(table)


def comparison_page(page, study):
    records = page.records
    run_of = {title: f"{study}/{name}-seed0" for title, name in FIRST_LOOK.items()}
    for line, row in page.tables("Method", "Dice (%)", "Jaccard (%)")[0]:
        page.scores(line, row, run_of[row["Method"]], 100)
    for line, row in page.tables("Method", "Anterior", "Posterior", "mean")[0]:
        for name in ("Anterior", "Posterior", "mean"):
            value = records.score(run_of[row["Method"]], "dice", None if name == "mean" else name)
            page.compare(line, f"{run_of[row['Method']]} {name}", row[name], 100 * value)
    for table in page.tables("Method", "difference"):
        heading = next(text for text in reversed(page.lines[:table[0][0] - 2]) if text.startswith("## "))
        other = records.cases(run_of[re.search(r"difference from (.*?)(?: \(the best row\))?$", heading).group(1)], "dice")
        for line, row in table:
            own = records.cases(run_of[row["Method"]], "dice")
            page.compare(line, f"{heading}: {row['Method']}", row["difference"], 100 * mean(own[c] - other[c] for c in other))
    for line, row in page.tables("Method", "s / step")[0]:
        (cost,) = records.of_run(study, "costs.csv", run_of[row["Method"]].split("/")[1])
        for column, (field, factor) in COSTS.items():
            page.compare(line, f"{row['Method']} {column}", row[column], factor * float(cost[field]), 1e-4)


def first_runs(page):
    name_of = {"hippocampus": "hippocampus_", "left": "left_atrium_"}
    folder, method = "", ""
    for table in page.tables("method", "class", "Dice", "ASD"):
        heading = next(text for text in reversed(page.lines[:table[0][0] - 2]) if text.startswith("## "))
        folder = name_of[heading.split()[1].lower()]
        for line, row in table:
            method = row["method"] or method
            run = "first_runs/" + folder + method.replace(", csa.reduction = sum", "_csa_sum")
            page.scores(line, row, run, 1, None if row["class"] == "mean" else row["class"])
    for line, row in page.tables("iteration", "100", "1500")[0]:
        run = "first_runs/hippocampus_" + row["iteration"].replace(", csa.reduction = sum", "_csa_sum")
        curve = dict(page.records.validation(run))
        for column, cell in row.items():
            if column != "iteration":
                page.compare(line, f"{run} iteration {column}", cell, curve[int(column)], 1e-6)
    for number, text in enumerate(page.lines):
        for run, iteration, dice in re.findall(r"^- (.*): best on validation cases \(iteration (\d+) of \d+, mean foreground Dice ([\d.]+)\)", text):
            page.best(number + 1, run, f"{dice} ({iteration})", "first_runs/hippocampus_" + run.replace(", csa.reduction = sum", "_csa_sum"))


def normalisation(page):
    study_of = {"batch": "first_look", "instance": "normalisation"}
    for line, row in page.tables("133", "2000")[0]:
        title, _, rest = row[""].partition(", ")
        if rest not in study_of:
            continue  # its records were not kept; the page says so
        run = f"{study_of[rest]}/{FIRST_LOOK[title.replace('labelled only', 'labelled cases only')]}-seed0"
        curve = dict(page.records.validation(run))
        for column, cell in row.items():
            if column:
                page.compare(line, f"{run} iteration {column}", cell, curve[int(column)], 1e-6)
    for line, row in page.tables("method", "test Dice, batch")[0]:
        cells = list(row.items())
        for k, (column, cell) in enumerate(cells[1:]):
            run = f"{'first_look' if k % 2 == 0 else 'normalisation'}/{FIRST_LOOK[row['method']]}-seed0"
            if k < 2:
                page.best(line, f"{run} best validation Dice", cell, run)
            else:
                page.compare(line, f"{run} {'Dice' if k < 4 else 'HD95'}", cell, page.records.score(run, "dice" if k < 4 else "hd95"))
    (number, sentence), = [(n, t) for n, t in enumerate(page.lines) if t.startswith("Paired difference of the test Dice")]
    pairs = re.findall(r"(MC-Net|URPC|Text-SemiSeg|VNet)[^\[]*? ([+-]\d+\.\d) \[", sentence)
    if len(pairs) != 4:
        page.fault(number + 1, f"{len(pairs)} paired differences found instead of 4")
    for title, cell in pairs:
        name = FIRST_LOOK.get(title, "supervised")
        batch, instance = (page.records.cases(f"{study}/{name}-seed0", "dice") for study in ("first_look", "normalisation"))
        page.compare(number + 1, f"{title} paired difference", cell, 100 * mean(instance[c] - batch[c] for c in batch))


def main():
    if len(sys.argv) != 2 or not os.path.isdir(os.path.join(sys.argv[1], "docs", "results")):
        sys.exit(f"usage: {sys.argv[0]} ROOT   (the repository, with docs/results)")
    folder = os.path.join(os.path.abspath(sys.argv[1]), "docs", "results")
    records = Records(folder)
    pages = {name: Page(records, name) for name in (
        "first_look.md", "first_look/comparison.md", "first_runs.md", "methods_300.md", "methods_300/comparison.md", "normalisation.md",
        "normalisation/comparison.md")}
    for study in ("first_look", "methods_300"):
        methods_page(pages[f"{study}.md"], study)
    for study in ("first_look", "methods_300", "normalisation"):
        comparison_page(pages[f"{study}/comparison.md"], study)
    first_runs(pages["first_runs.md"])
    normalisation(pages["normalisation.md"])
    faults = [fault for page in pages.values() for fault in page.faults]
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(os.path.join(place, name), folder)
            if name.endswith(".csv") and path not in records.used:
                faults.append(f"docs/results/{path}: no table is made of it")
            elif name.endswith(".md") and path not in pages:
                faults.append(f"docs/results/{path}: a page that tests/results.py does not know")
    cells = sum(page.cells for page in pages.values())
    print("\n".join(faults + [f"{cells} numbers derived again, {len(faults)} faults"]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
