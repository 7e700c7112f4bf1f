"""The A/A answers: what the gate's own tests do where there is nothing to find."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maitred.training.gate.check import Check, State
from maitred.training.gate.on_frozen import OnFrozen, per_episode
from maitred.training.gate.same_policy import MOST, relabelled

PART = 2


def relabelled_check(source: str, differences: NDArray[np.float64], times: int, seed: int) -> Check:
    """Whether p-values are uniform once candidate and champion are exchanged at random."""
    found = relabelled(differences, times, seed)
    name = f"exchanged labels on {source}"
    if found is None:
        return Check(PART, name, State.PASSED, "candidate and champion never differ: nothing to exchange")
    sentence = (
        f"labels exchanged {found.times} times: false promotions {found.rate:.1%} at a level of 5 %, at most "
        f"{found.rate_at_most:.1%} (allowed {MOST:.0%}); p-values uniform with p = {found.uniform_p:.2g}"
    )
    figures = {"p_values": found.p_values, "uniform_p": found.uniform_p, "rate": found.rate}
    return Check(PART, name, State.PASSED if found.holds else State.UNCLEAR, sentence, figures)


def rewards_apart(evidence: OnFrozen) -> NDArray[np.float64]:
    """(E,) float64, candidate less champion in reward per case, by episode."""
    place = [kpi.name for kpi in evidence.kpis].index("reward")
    ours, theirs = (per_episode(played.ratios[:, place]) for played in (evidence.candidate, evidence.champion))
    return np.asarray(ours - theirs)
