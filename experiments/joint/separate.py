"""The best that routing and concurrency reach when they are chosen apart: tuned routing, and a cap beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from maitred.agents.families import CAP, SETS_CAP, without_cap
from maitred.agents.rules import rule
from maitred.envs.kpi import KPIS, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import simulate
from maitred.training.booked import Booked
from maitred.training.gate.settings import GUARDS
from maitred.training.learning import training_traces
from maitred.training.paired import pooled
from maitred.training.tuning import ROUTINGS

FIXED, WEIGHTED = "fixed cap", "weighted capacity"
ASA, TIME_TO_HELP = (next(kpi for kpi in KPIS if kpi.name == name) for name in ("asa_s", "time_to_help_s"))
EPISODES = 8  # of training, for every pair


def separate(scenario: Scenario, families: dict[str, str], seed: int) -> dict[str, str]:
    """The best rule with a fixed cap and the best with weighted dynamic capacity, the better first.

    Both are chosen, and compared, on training episodes.

    Args:
        scenario: a center whose caps can be set.
        families: the tuned rule of every family, best first.
        seed: of the training episodes.
    """
    routings = list(dict.fromkeys(without_cap(name) for name in families.values()))[:ROUTINGS]
    booked = Booked(scenario, training_traces(scenario, seed, range(EPISODES)))
    found, best = {}, {}
    for kind, caps in _caps().items():
        names = ["+".join(filter(None, (cap, routing))) for cap in caps for routing in routings]
        names = [rule(name).name for name in names]
        worth = pooled(booked.rewards(names, EPISODES, Objective()).swapaxes(0, 1))
        found[kind], best[kind] = names[int(np.argmax(worth))], float(worth.max())
    return {kind: found[kind] for kind in sorted(found, key=lambda kind: -best[kind])}


def _caps() -> dict[str, list[str]]:
    """Every cap that is tried, by kind, under the name that it has."""
    names = [rule(cap).name for cap in CAP]
    fixed = [name for name in names if name.startswith("cap")]
    return {FIXED: fixed, WEIGHTED: [name for name in names if name not in fixed]}


def with_cap_of(scenario: Scenario, name: str) -> Scenario:
    """The center with caps fixed where a rule with a fixed cap sets them, so that routing alone is decided."""
    lever = SETS_CAP.search(name)
    if lever is None or not lever[2].startswith("cap"):
        raise ValueError(f"name: expected a rule with a fixed cap, found {name}")
    cap = float(lever[2].removeprefix("cap"))
    return replace(
        scenario,
        name=f"{scenario.name}_{lever[2]}",
        concurrency=replace(scenario.concurrency, decided=False, cap_slots=cap),
    )


def longest_wait_s(scenario: Scenario, name: str, seed: int) -> float:
    """The speed of answer that learners may take, s: a rule's own, and half of what the gate tolerates of time to help.

    Half, so that what keeps to it is shown by its interval to be within the whole.
    """
    ledgers = simulate(scenario, training_traces(scenario, seed, range(EPISODES)), rule(name))
    asa, time_to_help = pooled(kpi_ratios(ledgers, scenario, Objective(), [ASA, TIME_TO_HELP])).tolist()
    return float(asa + GUARDS[TIME_TO_HELP.name].of(time_to_help) / 2)


def homogeneous(scenario: Scenario) -> Scenario:
    """The control: agents all alike, conversations all alike, so that nothing is to be gained by who takes whom."""
    people, dialogue = scenario.agents, scenario.dialogue
    alike: dict[str, Any] = {
        name: np.broadcast_to(getattr(people, name).mean(axis=0), getattr(people, name).shape).copy()
        for name in ("resolve_p", "tenure_wk", "empathy", "short_share")
    }
    alike |= {
        "mean_s": np.full_like(people.mean_s, people.mean_s.mean()),
        "log_se": np.zeros_like(people.log_se),
        "cost_per_min": np.full_like(people.cost_per_min, people.cost_per_min.mean()),
    }
    level = np.zeros_like(np.asarray(dialogue.share))
    level[..., len(dialogue.names) // 2] = 1.0
    return replace(
        scenario,
        name=f"{scenario.name}_alike",
        description="Agents and conversations all alike.",
        agents=replace(people, **alike),
        dialogue=replace(dialogue, share=level, transition=0.0, urgent_share=0.0, sentiment_sd=0.0),
        people=replace(scenario.people, empathy_sd=0.0, resolve_logit_se=0.0),
    )
