"""Off-policy estimates beside what really happened: `python -m experiments.ope.open_bandit`.

Two policies showed items on the same page in the same week: one at random, one by Thompson sampling (bts). Each is
estimated from the other's log and compared with the mean click rate of its own. As bts learned while it ran, and its
probabilities of the items not shown were not logged, it is what it did on average by day and position; the
probabilities behind the weights are the logged ones. Intervals are at 95 %; those of the own log are Clopper and
Pearson's. Clicks are few, so intervals are wide: what is checked is whether they meet.
Needs $MAITRED_DATA/open_bandit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from experiments.figures import Figure, print_table, write_json
from experiments.ope.methods import POINTS
from experiments.ope.open_bandit_log import ITEMS, POSITIONS, OpenBanditError, Shown, read_shown, shares
from maitred.training.ope.empirical_likelihood import cressie_read_bounds
from maitred.training.ope.estimate import CannotTell, estimate
from maitred.training.ope.intervals import Bounds, normal
from maitred.training.ope.logged import Floats, Logged
from maitred.training.ope.reward_model import cross_fitted, folds, ridge
from maitred.training.ope.support import support

SIDE = 0.025  # of a two-sided interval of 95 %
CLICKS = (0.0, 1.0)
SHOWN = ("DM", "IPS", "SNIPS", "DR", "SNDR")


def main(arguments: Sequence[str] | None = None) -> int:
    """Estimate both policies and compare; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(arguments)
    try:
        random, bts = read_shown("random"), read_shown("bts")
    except OpenBanditError as error:
        parser.error(str(error))
    uniform = np.full((len(bts.item), ITEMS), 1 / ITEMS)
    logs = {"bts": (of_bts(random, bts), bts), "random": (logged(bts, uniform, None), random)}
    found = [figure for name, (log, own) in logs.items() for figure in compared(name, log, own)]
    if options.json:
        write_json(options.json, found)
    return 0


def of_bts(random: Shown, bts: Shown) -> Logged:
    """The random log, as evidence about what bts did by day and position."""
    target = shares(bts)[random.day, random.position]
    return logged(random, target, np.full_like(target, 1 / ITEMS))


def logged(shown: Shown, target: Floats, behaviour: Floats | None) -> Logged:
    """A log with the target's probabilities and click rates predicted from item and position."""
    items = np.broadcast_to(np.eye(ITEMS), (len(shown.item), ITEMS, ITEMS))
    position = np.broadcast_to(np.eye(POSITIONS)[shown.position][:, None], (len(shown.item), ITEMS, POSITIONS))
    features = np.concatenate([items, position], axis=2).astype(np.float32)
    q = cross_fitted(features, shown.item, shown.click, folds(np.arange(len(shown.item))), ridge(penalty=100.0))
    return Logged(shown.click, shown.propensity, shown.item, target, behaviour, q)


def compared(name: str, log: Logged, own: Shown) -> list[Figure]:
    """Print every estimate beside the own mean; the figures."""
    truth = float(own.click.mean())
    exact = binomtest(int(own.click.sum()), len(own.click)).proportion_ci(1 - 2 * SIDE)
    rows = {f"own log, {len(own.click)} shown": (truth, Bounds(exact.low, exact.high))}
    for method in SHOWN:
        values = POINTS[method](log)
        rows[f"{method}, normal"] = float(values.mean()), normal(values, SIDE)
    rows["SNIPS, Cressie-Read"] = rows["SNIPS, normal"][0], cressie_read_bounds(log, CLICKS, SIDE)
    answer = estimate(log, CLICKS, SIDE)
    if not isinstance(answer, CannotTell):
        rows["default answer"] = answer.value, Bounds(answer.low, answer.high)
    print_table(
        f"Click rate of {name}, in %: from its own log, and from the other's",
        ("method", "estimate", "interval", "meets the own"),
        [(method, f"{100 * value:.3f}", f"({100 * b.low:.3f}, {100 * b.high:.3f})", _meets(b, exact.low, exact.high))
         for method, (value, b) in rows.items()],
    )  # fmt: skip
    print("The default answer: " + ("; ".join(answer.reasons) if isinstance(answer, CannotTell) else "told"))
    found = support(log)
    weight = f"mean weight {found.mean_weight:.3f} +- {found.mean_weight_error:.3f}, largest {found.largest_weight:.1f}"
    print(f"Effective sample size {found.effective:.0f}, {weight}, Pareto k {found.pareto_k:.2f}\n")
    return [Figure.against(f"{name}: {method}", value, "clicks per item shown", truth)
            for method, (value, _) in rows.items()]  # fmt: skip


def _meets(bounds: Bounds, low: float, high: float) -> str:
    return "yes" if bounds.low <= high and low <= bounds.high else "no"


if __name__ == "__main__":
    sys.exit(main())
