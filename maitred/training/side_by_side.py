"""Many settings of rules simulated side by side, so that what a step costs is shared by all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from maitred.agents.channel import OnByVoice
from maitred.agents.quadrant import Quadrant
from maitred.agents.routing import Random
from maitred.envs.decision import Kind, Policy
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Ledger, Simulator
from maitred.envs.trace import Trace

REASSESSING = frozenset({Random, Quadrant, OnByVoice})  # the only rules with an opinion on how a conversation goes on
REASSESS = int(Kind.REASSESS)  # numpy compares with plain integers faster


def play(scenario: Scenario, traces: Sequence[Trace], policies: Sequence[Policy]) -> list[Ledger]:
    """The ledgers of rules on each trace, rule by rule, as `simulate` has them but all in one batch.

    Rules that differ in the values of parameters alone answer together, as one rule whose parameters are columns.
    Where none has an opinion on running conversations, these go on as usual without any rule being asked.
    """
    structures = [_structure(policy) for policy in policies]
    order = sorted(range(len(policies)), key=lambda p: str(structures[p]))
    simulator = Simulator(scenario, [trace for _ in order for trace in traces])
    columns = _columns([policies[p] for p in order], len(traces))
    reassessed = any(REASSESSING.intersection(structure) for structure in structures)
    simulator.step()
    while simulator.pending.any():
        if not reassessed:
            _go_on(simulator)
        decisions = simulator.decisions()  # at the horizon, only to hold
        answers = np.concatenate([stacked.act(decisions[rows]).candidate for rows, stacked in columns])
        simulator.step(answers)
    place = np.argsort(order)
    return [simulator.ledger(int(i) * len(traces) + e) for i in place for e in range(len(traces))]


def _go_on(simulator: Simulator) -> None:
    """Answer the reassessments as usual until every center waits for something else."""
    while (routine := simulator.pending & (simulator.centers.center["kind"] == REASSESS)).any():
        simulator.answer_as_usual(routine.astype(np.int64))


def _structure(policy: Any) -> tuple[type, ...]:
    """The classes of a rule and of the rules for the rest in it: what two must share to answer as one."""
    rest = getattr(policy, "rest", None)
    return (type(policy), *(() if rest is None else _structure(rest)))


def _columns(policies: Sequence[Policy], repeats: int) -> list[tuple[slice, Policy]]:
    """Neighbours of one structure stacked, each with the rows that it answers: `repeats` of every rule."""
    found, begin = [], 0
    for _, alike in groupby(policies, key=_structure):
        rules = list(alike)
        end = begin + len(rules) * repeats
        found.append((slice(begin, end), _stacked(rules, repeats)))
        begin = end
    return found


def _stacked(policies: Sequence[Any], repeats: int) -> Any:
    """One rule with a column (B, 1) for each parameter, `repeats` rows of each rule's value."""
    columns: dict[str, Any] = {}
    for f in fields(policies[0]):
        values = [getattr(policy, f.name) for policy in policies]
        if is_dataclass(values[0]):
            columns[f.name] = _stacked(values, repeats)
        elif not isinstance(values[0], str):
            columns[f.name] = np.repeat(np.array(values, np.float32), repeats)[:, None]
    return replace(policies[0], **columns)
