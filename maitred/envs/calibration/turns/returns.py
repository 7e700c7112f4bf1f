"""Customers who come back about the same case: after abandoning, after being cut short, after an unresolved contact.

Cases are followed, so every return is one. Whoever has not come back may still: chance p and mean delay m are
fitted together, those still out counting 1 - p + p exp(-time left / m) (a cure model; Boag 1949).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from maitred.envs.calibration.arrivals import Estimate
from maitred.envs.calibration.turns.conversations import Turns
from maitred.envs.calibration.turns.estimates import Estimates, log_normal
from maitred.envs.calibration.turns.events import Log
from maitred.envs.calibration.turns.work import is_short
from maitred.envs.scenario import Floats

CAUSES = ("retrial", "repeat_short", "repeat_unresolved")
FEWEST = 20  # contacts of a cause below which nothing is fitted


@dataclass(frozen=True)
class ReturnFits:
    """By cause."""

    p: Estimates
    mean_s: Estimates


@dataclass(frozen=True)
class Aftermath:
    """How each contact ended, and what came of it, (C,)."""

    end_s: Floats  # nan where it goes on
    cause: np.ndarray[tuple[int], np.dtype[np.int64]]  # index into CAUSES, -1 for none
    delay_s: Floats  # until the case's next contact, nan if there was none


def aftermath(log: Log, turns: Turns) -> Aftermath:
    """Find the end of every contact, and the next contact of its case."""
    contacts = log.arrived
    rows = log.rows("abandon", "silent_abandon_suspected", "resolve")
    end_s = np.full(len(contacts.s), np.nan)
    end_s[log.contact[rows]] = log.s[rows]
    cause = np.full(len(contacts.s), -1)
    cause[log.contact[log.rows("abandon", "silent_abandon_suspected")]] = 0
    unresolved = log.rows("resolve")
    cause[log.contact[unresolved[log.resolved[unresolved] == 0]]] = 2
    cause[turns.contact[is_short(turns)]] = 1
    order = np.lexsort((contacts.s, contacts.case))
    follows = contacts.case[order][1:] == contacts.case[order][:-1]
    delay = np.full(len(contacts.s), np.nan)
    delay[order[:-1][follows]] = contacts.s[order[1:][follows]]
    return Aftermath(end_s, cause, delay - end_s)


def fit_returns(log: Log, after: Aftermath) -> ReturnFits:
    """Fit every cause with enough contacts."""
    p, mean = {}, {}
    for c, name in enumerate(CAUSES):
        here = (after.cause == c) & np.isfinite(after.end_s)
        if here.sum() >= FEWEST:
            p[name], mean[name] = chance_and_delay(after.delay_s[here], log.end_s - after.end_s[here])
    return ReturnFits(p, mean)


def chance_and_delay(delay_s: Floats, left_s: Floats) -> tuple[Estimate, Estimate]:
    """Chance and mean delay of returns by maximum likelihood, errors from the observed information.

    Args:
        delay_s: (n,) until the return, nan where there was none.
        left_s: (n,) from the end of the contact to that of the log.
    """
    back = np.isfinite(delay_s)

    def loss(x: Floats) -> float:
        p, mean = special.expit(x[0]), np.exp(x[1])
        out = np.log1p(p * np.expm1(-left_s[~back] / mean)).sum()
        return -float(back.sum() * (np.log(p) - x[1]) - delay_s[back].sum() / mean + out)

    guess = np.array(
        [
            special.logit((back.sum() + 0.5) / (len(back) + 1)),
            np.log(max(float(delay_s[back].mean()) if back.any() else 3600.0, 1.0)),
        ]
    )
    best = optimize.minimize(loss, guess, method="L-BFGS-B", bounds=[(-8, 8), (0, 16)]).x
    se = np.sqrt(np.maximum(np.diag(np.linalg.pinv(curvature(loss, best))), 0))
    p = float(special.expit(best[0]))
    low, high = special.expit(best[0] + np.array([-1.96, 1.96]) * se[0])
    return Estimate(p, p * (1 - p) * float(se[0]), float(low), float(high)), log_normal(
        float(np.exp(best[1])), float(se[1])
    )


def curvature(loss: optimize.OptimizeResult, at: Floats, step: float = 1e-3) -> Floats:
    """Second derivatives by central differences, (k, k)."""
    k = len(at)
    steps = step * np.eye(k)
    second = np.empty((k, k))
    for i in range(k):
        for j in range(k):
            a, b = steps[i], steps[j]
            second[i, j] = (loss(at + a + b) - loss(at + a - b) - loss(at - a + b) + loss(at - a - b)) / (4 * step**2)
    return second


def came_back(log: Log, after: Aftermath, mean_s: float) -> Floats:
    """(C,) whether the customer came back about the same case, over the chance that the log would show it by its end.

    nan where a contact goes on, or the log ends so soon that under half of the returns would show.
    """
    shown = -np.expm1(-(log.end_s - after.end_s) / mean_s)
    with np.errstate(invalid="ignore"):
        return np.where(shown > 0.5, np.isfinite(after.delay_s) / shown, np.nan)
