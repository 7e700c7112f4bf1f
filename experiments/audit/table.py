"""Detection and false alarms of the degenerate-behaviour audit, over seeds.

    python -m experiments.audit.table
    python -m experiments.audit.table --held-out
    python -m experiments.audit.table --seeds 2 --episodes 4 --rules 1

The claims to be tested: every planted cheat improves the number it is after and is flagged by its own detector, and a
policy that does not cheat is flagged by none. Three tables. The first: per cheat, what it does to its naive number, and
how often its detector speaks, at full strength and where the cheat is used for a third of the decisions only. The
second: how often anything is flagged in tuned and usual rules, and in the platform's own rule on other days than those
it is compared with. The third: rules at a bad setting, and rules that do by design what a detector looks for. Intervals
are Clopper and Pearson's at 95 %, over seeds; a seed is one audit of so many days, at the audit's own level. That of
all honest policies together takes audits for independent, though those of one seed share its days.

Tolerances were chosen while looking at the scenarios of the tables, which flatter them. `--held-out` moves the same
cheats to other scenarios, and audits rules there that nobody tuned. No tolerance was changed after a look at these, but
one trial run, detection included, came before the placements were final: a cheat that did not improve its number where
it had been put was moved or left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.figures import Figure, print_table, write_json
from experiments.intervals import share_interval
from maitred.agents.candidates import either
from maitred.agents.rules import rule
from maitred.envs.decision import Choices, Decisions, Policy, uniforms
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario
from maitred.envs.trace import Trace
from maitred.envs.traffic import draw_trace
from maitred.training.audit import ALPHA, DETECTORS, Episode, Finding, audit_episodes, cheats, episodes_of, watch
from maitred.training.audit.planted import INCUMBENT, PLANTS, Naive, Plant
from maitred.training.paired import paired_difference, pooled

# The best settings of the best families, by reward: `maitred tune` with a budget of 12 on bank and bpo_chat, seed 4100.
HONEST = {
    "bank": ("cmu(level_cost=0)", "ai_scored", "cmu_theta(level_cost=0,least_per_min=0.03)", "fifo", "fastest"),
    "bpo_chat": ("cap4+cmu", "cap4+fastest", "cap4+ai_scored", "cap4+pmu(resolution_weight=4)", "cap4+rules_skills"),
    "w8_bots": ("bot_first", "bot_first(contained_at_least=0.45)+cmu", "cmu", "quadrant"),
    "w6_outage": ("outreach_selective+cmu", "rules_skills", "acd_longest_idle"),
    "omni": ("cmu", "ai_scored", "rules_skills"),
}
# Blind messages are what tuning finds on w6_outage: each brings a case, and the reward is per case.
BY_DESIGN = {
    "bank": ("random", "reservation"),
    "bpo_chat": ("random", "cap2", "cap6"),
    "w6_outage": ("outreach_blind+cmu",),
    "omni": ("quadrant",),
}
# The same for scenarios that no tolerance was chosen on; rules as they are shipped, with the caps of the center's kind.
HONEST_ELSEWHERE = {
    "level1": ("cmu", "ai_scored", "rules_skills"),
    "level4": ("cmu", "ai_scored", "rules_skills"),
    "level5": ("cmu", "bot_first", "outreach_selective+cmu"),
    "w1_voice": ("cmu", "fastest", "acd_longest_idle"),
    "w3_chat": ("cap4+cmu", "cap4+ai_scored", "rules_skills"),
    "w10_adversarial": ("cmu", "fastest", "acd_longest_idle"),
}
# Chosen by whether the cheat improves its number there; moved or left out where it did not in a trial run (first seed
# 9100), which showed what detectors say, too. Two cheats have no other place: nowhere else may ordinary contacts be
# held for those of another class, or is the cheapest bot not the reference's too.
ELSEWHERE = {
    "bots never give up": "level4", "agents hang up": "w1_voice", "promises for all": "level1",
    "hard ones wait": "level1", "greeting at once": "w3_chat", "passed on": "level5",
    "the best only": "w10_adversarial", "highest cap": "w3_chat", "messages to all": "level5",
    "nothing after six": "w3_chat", "all to the newest": "w3_chat", "the old forgotten": "w1_voice",
    "the happy asked": "level4",
}  # fmt: skip
HARD_ELSEWHERE_S = 304.0  # the median of expected work on level1, as `planted.HARD_S` is high on bank
PART = 1 / 3
DAYS, OTHER_DAYS = 0, 1  # branches of a seed
PURPOSE = 77  # of the draw that decides whether to cheat


@dataclass(frozen=True)
class Sometimes:
    """A policy that cheats in a third of its decisions, and is the reference in the rest."""

    cheat: Policy
    rest: Policy
    name: str = "sometimes"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        cheats = uniforms(decisions.key, PURPOSE) < PART
        return either(cheats, self.cheat.act(decisions), self.rest.act(decisions))


@dataclass(frozen=True)
class Days:
    """Where the episodes of a scenario come from: a seed, and how many."""

    scenario: str
    seed: int
    episodes: int
    branch: int = DAYS

    def traces(self) -> list[Trace]:
        """The luck of every episode."""
        root = (self.seed, self.branch)
        return [draw_trace(center(self.scenario), np.random.SeedSequence((*root, i))) for i in range(self.episodes)]


@lru_cache
def center(name: str) -> Scenario:
    """A shipped scenario."""
    return load_scenario(name)


@lru_cache(maxsize=16)
def played(days: Days, policy: Policy) -> list[Episode]:
    """The episodes of a policy that can be hashed, as all rules can."""
    traces = days.traces()
    seen = watch(center(days.scenario), traces, policy)
    return episodes_of(seen.ledgers, traces, center(days.scenario), seen.deeds)


def elsewhere() -> list[Plant]:
    """The cheats, moved to scenarios that no tolerance was chosen on."""
    moved = [replace(plant, scenario=ELSEWHERE[plant.name]) for plant in PLANTS if plant.name in ELSEWHERE]
    harder = cheats.HarvestAbandons(HARD_ELSEWHERE_S)
    return [replace(plant, policy=harder) if isinstance(plant.policy, type(harder)) else plant for plant in moved]


def flagged(findings: Sequence[Finding]) -> set[str]:
    """Ids of the detectors that speak."""
    return {finding.id for finding in findings if finding.flagged}


@dataclass(frozen=True)
class Caught:
    """One cheat over the seeds: how often found at full strength and in part, what else spoke, the naive number."""

    plant: Plant
    full: int
    part: int | None
    seeds: int
    others: tuple[str, ...]
    value: float
    reference: float
    improved: int


def catch(plant: Plant, seeds: Sequence[int], episodes: int) -> Caught:
    """Audit a planted cheat on each seed."""
    full, part, improved, others, naive = 0, 0, 0, set[str](), []
    for seed in seeds:
        days = Days(plant.scenario, seed, episodes)
        theirs = played(days, plant.reference)  # type: ignore[arg-type]
        ours = plant.run(center(plant.scenario), days.traces())
        found = flagged(audit_episodes(ours, theirs, center(plant.scenario)))
        full += plant.id in found
        others |= found - {plant.id}
        naive.append((_sums(plant.naive, ours), _sums(plant.naive, theirs)))
        improved += _improves(plant.naive, *naive[-1])
        if plant.is_policy:
            weaker = played(days, Sometimes(plant.policy, plant.reference))
            part += plant.id in flagged(audit_episodes(weaker, theirs, center(plant.scenario)))
    ours_all, theirs_all = (np.concatenate(sums) for sums in zip(*naive, strict=True))
    return Caught(
        plant,
        full,
        part if plant.is_policy else None,
        len(seeds),
        tuple(sorted(others)),
        float(pooled(ours_all)),
        float(pooled(theirs_all)),
        improved,
    )


def _sums(naive: Naive, episodes: Sequence[Episode]) -> NDArray[np.float64]:
    return np.array([naive.sums(episode) for episode in episodes], np.float64)


def _improves(naive: Naive, ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> bool:
    _, low, high = paired_difference(ours, theirs)
    return bool(low > 0 if naive.better == "higher" else high < 0)


def alarms(ours: Sequence[Days], theirs: Sequence[Days], policy: Policy) -> list[set[str]]:
    """What is flagged in a policy on each seed, beside the platform's rule."""
    return [
        flagged(audit_episodes(played(a, policy), played(b, INCUMBENT), center(a.scenario)))  # type: ignore[arg-type]
        for a, b in zip(ours, theirs, strict=True)
    ]


def interval(count: int, of: int) -> str:
    """A share with its interval."""
    low, high = share_interval(count, of)
    return f"{count / of:.0%} ({low:.0%}, {high:.0%})"


def show_caught(caught: Sequence[Caught]) -> None:
    """The tables of what cheats improve and of detection."""
    gains = [
        (
            f"{one.plant.id} {one.plant.name}",
            one.plant.scenario,
            one.plant.naive.name,
            f"{one.reference:.4g}",
            f"{one.value:.4g}",
            f"{one.improved} of {one.seeds}",
        )
        for one in caught
    ]
    header = ("cheat", "scenario", "what it improves", "reference", "cheat", "clearly so")
    print_table("What planted cheats improve", header, gains)
    found = [
        (
            f"{one.plant.id} {one.plant.name}",
            interval(one.full, one.seeds),
            "not a policy" if one.part is None else interval(one.part, one.seeds),
            ", ".join(one.others) or "-",
        )
        for one in caught
    ]
    print_table(
        f"How often each is found, {caught[0].seeds} seeds",
        ("cheat", "found", "used for a third of the decisions", "also flagged at times"),
        found,
    )


def show_alarms(title: str, found: Sequence[tuple[str, str, list[set[str]]]]) -> None:
    """A table of what was flagged, by scenario and policy."""
    rows = []
    for scenario, policy, sets in found:
        ids = sorted({each for one in sets for each in one})
        told = ", ".join(f"{name} {sum(name in one for one in sets)}" for name in ids)
        rows.append((scenario, policy, interval(sum(map(bool, sets)), len(sets)), told or "-"))
    print_table(title, ("scenario", "policy", "anything flagged", "which, times"), rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4, help="audits of each policy")
    parser.add_argument("--episodes", type=int, default=8, help="days of each audit")
    parser.add_argument("--rules", type=int, default=3, help="honest rules per scenario")
    parser.add_argument("--held-out", action="store_true", help="scenarios that no tolerance was chosen on")
    parser.add_argument("--first-seed", type=int, default=4_100)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    began = time.monotonic()
    seeds = range(options.first_seed, options.first_seed + options.seeds)

    def days(scenario: str, branch: int = DAYS) -> list[Days]:
        return [Days(scenario, seed, options.episodes, branch) for seed in seeds]

    caught = [catch(plant, seeds, options.episodes) for plant in (elsewhere() if options.held_out else PLANTS)]
    show_caught(caught)
    honest, designed = [], []
    for scenario, names in (HONEST_ELSEWHERE if options.held_out else HONEST).items():
        same = alarms(days(scenario, OTHER_DAYS), days(scenario), INCUMBENT)
        honest.append((scenario, "incumbent, other days", same))
        for name in names[: options.rules]:
            honest.append((scenario, name, alarms(days(scenario), days(scenario), rule(name))))
        for name in () if options.held_out else BY_DESIGN.get(scenario, ()):
            designed.append((scenario, name, alarms(days(scenario), days(scenario), rule(name))))
    show_alarms("Policies that do not cheat", honest)
    if designed:
        show_alarms("Rules that are not tuned, or do by design what is looked for", designed)
    every = [found for _, _, sets in honest for found in sets]
    print(
        f"honest policies flagged: {interval(sum(map(bool, every)), len(every))} of {len(every)} audits at level "
        f"{ALPHA:.0%} over {len(DETECTORS)} detectors; {options.episodes} days each, seeds {seeds.start} to "
        f"{seeds.stop - 1}; {time.monotonic() - began:.0f} s"
    )
    if options.json:
        write_json(options.json, _figures(caught, honest))


def _figures(caught: Sequence[Caught], honest: Sequence[tuple[str, str, list[set[str]]]]) -> list[Figure]:
    found = [Figure(f"{one.plant.id} {one.plant.name}: found", one.full / one.seeds, "share") for one in caught]
    part = [
        Figure(f"{one.plant.id} {one.plant.name}: a third of it found", one.part / one.seeds, "share")
        for one in caught
        if one.part is not None
    ]
    naive = [
        Figure.against(f"{one.plant.id} {one.plant.name}: {one.plant.naive.name}", one.value, "", one.reference)
        for one in caught
    ]
    false = [
        Figure(f"{scenario}, {policy}: flagged", sum(map(bool, sets)) / len(sets), "share")
        for scenario, policy, sets in honest
    ]
    return found + part + naive + false


if __name__ == "__main__":
    main()
