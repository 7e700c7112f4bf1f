"""The words rules are written in: features and actions of candidates, what is usual, the best of a few.

A rule's free parameters are fields with the default of practice or theory. A parameter is a number, or a column of
one number per decision, so that many settings of a rule are tried side by side (`maitred.training.tuning`).
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, Action, Choices, Decisions, best

Parameter: TypeAlias = float | NDArray[np.float32]  # a column is (B, 1)

# is_hold, is_bot, ... are the first candidate features, in the order of `Action`; an assignment has no flag
_COLUMN = {name: column for column, name in enumerate(CANDIDATE_NAMES)}
_IS_FLAG = (np.arange(len(CANDIDATE_NAMES)) < len(Action) - 1).astype(np.float32)


def feature(decisions: Decisions, name: str) -> NDArray[np.float32]:
    """(B, K) float32, one candidate feature, in its unit of `CANDIDATE_FEATURES`."""
    return decisions.candidates[:, :, _COLUMN[name]]


def does(decisions: Decisions, action: Action) -> NDArray[np.bool_]:
    """(B, K) bool, the legal candidates of an action."""
    candidates = decisions.candidates
    found: NDArray[np.bool_] = (
        candidates @ _IS_FLAG == 0 if action == Action.ASSIGN else candidates[:, :, action - 1] == 1
    )
    return decisions.mask & found


def eligible(decisions: Decisions) -> NDArray[np.bool_]:
    """(B, K) bool, the legal candidates other than hold; hold itself where nothing else is legal."""
    real = decisions.mask & (feature(decisions, "is_hold") == 0)
    return np.where(real.any(axis=1, keepdims=True), real, decisions.mask)


def pairs(decisions: Decisions) -> NDArray[np.bool_]:
    """(B, K) bool, the pairs of a contact and an agent that a routing rule ranks.

    None where the platform would do something else by itself, such as to begin with a bot: whether to use agents at
    all is no question for a rule that compares them.
    """
    assigned = does(decisions, Action.ASSIGN)
    usually = assigned[np.arange(len(decisions)), usual(decisions)]
    return assigned & usually[:, None]


def usual(decisions: Decisions) -> NDArray[np.int64]:
    """(B,) int64, what the platform does by its own rule; the first legal candidate where none is marked."""
    return best(feature(decisions, "usual"), decisions.mask).candidate


def choose(decisions: Decisions, scores: NDArray[np.floating], among: NDArray[np.bool_]) -> Choices:
    """The candidate of highest score in each row of (B, K) `among`; the usual one where the row is empty."""
    found = best(np.broadcast_to(scores, among.shape), among)
    return Choices(np.where(among.any(axis=1), found.candidate, usual(decisions)), found.propensity)


def either(first: NDArray[np.bool_], one: Choices, other: Choices) -> Choices:
    """The answers of `one` in the rows (B,) of `first`, those of `other` in the rest."""
    return Choices(np.where(first, one.candidate, other.candidate), np.where(first, one.propensity, other.propensity))


def uniform(legal: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(B, K) float64, equal probabilities over the legal candidates of each row of a (B, K) mask."""
    p: NDArray[np.float64] = legal / legal.sum(axis=1, keepdims=True)
    return p


def named(name: str, rule: Any) -> str:
    """The name of a dataclass rule: `name(parameter=value,...)` of what is not default, `+` its rule for the rest."""
    changed = {f.name: value for f in fields(rule) if (value := getattr(rule, f.name)) != f.default}
    rest = f"+{changed.pop('rest').name}" if "rest" in changed else ""
    settings = ",".join(f"{parameter}={value:g}" for parameter, value in changed.items())
    return name + (f"({settings})" if settings else "") + rest
