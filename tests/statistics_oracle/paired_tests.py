"""Prints the numbers that statistics/paired_tests_test.cc and ranks_test.cc hold; made with SciPy 1.17.1, statsmodels 0.15.0.

    pip install scipy statsmodels && python tests/statistics_oracle/paired_tests.py
"""
import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests


def wave(n, shift, step=0.0):
    """sin(i^2 + 1) + shift, rounded to multiples of step where it is above 0."""
    d = np.sin(np.arange(n) ** 2 + 1.0) + shift
    return np.round(d / step) * step if step else d


CASES = {
    "10 distinct": wave(10, 0.3),
    "50 distinct": wave(50, 0.25),
    "51 distinct": wave(51, 0.25),
    "12 with ties": wave(12, 0.55, 0.25),
    "13 with ties and zeros": wave(13, 0.3, 0.5),
    "14 with ties and zeros": wave(14, 0.3, 0.5),
    "40 with ties": wave(40, 0.3, 0.125),
    "6 of one sign": np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
}
for name, d in CASES.items():
    r = stats.wilcoxon(d)
    print(f"{name:24s} zeros {np.sum(d == 0)}  statistic {r.statistic:.10g}  p {r.pvalue:.12g}")

p = [0.01, 0.04, 0.03, 0.005, 0.2, 0.04]
print("holm", multipletests(p, method="holm")[1].tolist())

scores = np.array([[0.8, 0.7, 0.9, 0.6], [0.8, 0.9, 0.7, 0.5], [0.6, 0.8, 0.9, 0.7]])  # rows x cases
print("mean ranks", np.mean([stats.rankdata(-c) for c in scores.T], axis=0).tolist())

d = wave(30, 0.3)
r = stats.bootstrap((d,), np.mean, method="percentile", n_resamples=1000000, rng=1)
print("bootstrap", d.mean(), r.confidence_interval, "share of means <= 0", np.mean(r.bootstrap_distribution <= 0))

# Coverage of the 95 % percentile interval of the mean over n cases, of normal and of skewed scores.
rng = np.random.default_rng(0)
for n in (5, 10, 20, 40, 80):
    for kind, draw in (("normal", lambda: rng.normal(size=n)), ("skewed", lambda: -rng.lognormal(0, 1, size=n))):
        truth = 0 if kind == "normal" else -np.exp(0.5)
        hits = 0
        for _ in range(2000):
            x = draw()
            low, high = np.percentile(x[rng.integers(0, n, (1000, n))].mean(1), [2.5, 97.5])
            hits += low <= truth <= high
        print(f"coverage n {n:3d} {kind} {hits / 2000:.3f}")
