"""Whether the evidence can be used at all: frozen days replay to the bit, and a log holds what it must."""

from __future__ import annotations

import numpy as np

from maitred.envs.objective import Objective
from maitred.training.frozen import FrozenSet
from maitred.training.gate.check import Check, State
from maitred.training.gate.contender import Contender
from maitred.training.gate.on_frozen import OnFrozen, Played, paired, replay

REPLAYED = 3  # episodes

CONTRACT, SAME = 1, 2  # parts of the report


def replay_check(evidence: OnFrozen, candidate: Contender, objective: Objective) -> Check:
    """Whether the candidate does the same again, alone and in another batch."""
    again = _again(evidence.frozen, candidate, objective)
    same = _equal(again, evidence.candidate)
    sentence = f"the first {REPLAYED} episodes, played again: " + ("equal to the bit" if same else "they differ")
    return Check(CONTRACT, f"replay of {evidence.frozen.name}", State.PASSED if same else State.FAILED, sentence)


def itself_check(evidence: OnFrozen, champion: Contender, objective: Objective) -> Check:
    """Whether the champion against itself differs by exactly nothing."""
    again = _again(evidence.frozen, champion, objective)
    first = evidence.champion.ratios[:REPLAYED]
    differences = [paired(again.ratios[:, q], first[:, q], evidence.level).mean for q in range(first.shape[1])]
    exact = _equal(again, evidence.champion) and not np.nan_to_num(differences).any()
    sentence = f"champion against itself, {REPLAYED} episodes, {first.shape[1]} KPIs: " + (
        "all differences exactly 0" if exact else "some difference is not 0"
    )
    return Check(SAME, f"itself on {evidence.frozen.name}", State.PASSED if exact else State.FAILED, sentence)


def _again(frozen: FrozenSet, contender: Contender, objective: Objective) -> Played:
    return replay(frozen, frozen.traces()[:REPLAYED], contender, objective)


def _equal(again: Played, played: Played) -> bool:
    return np.array_equal(again.ratios, played.ratios[: len(again.ratios)])
