"""Routing and concurrency learned jointly against the best of each apart: `python -m experiments.joint.table`.

Claim: who takes a conversation and how many an agent holds depend on each other, so that learning both together beats
the best tuned routing with the best fixed cap, and with weighted dynamic capacity. Joint learning begins by imitating
the better of these two rules, by training episodes, and keeps its caps for the first half of learning. In a center
whose agents and conversations are all alike there is nothing to be gained, and the difference must be shown, by its
whole interval, to stay within 0.5 % of the money that moves (control). Beside the rules stands routing that was
learned, as long and as often, from the rule with the fixed cap and where every cap is that one: what joint learning
gains over it is the caps'. With `--steps` all learn from as many decisions, whatever else the machine does, and come
out the same each time; where half the decisions are caps, as on `bpo_chat`, routing alone then sees twice as many
routes.

An answer within its target costs nothing, and on `omni`, where messages have hours, learners let answers come later.
With `--bound-waits` both may take as long as the better rule and half of what the gate tolerates of time to
help, and have no other bounds: breaches are charged for at every validation, and a checkpoint that keeps the bound goes
before one that does not.

The scenarios are frozen by hash before anything is compared; all are judged on the same frozen days, paired by day,
learners as the mean over training seeds. Guards: no KPI of customers or agents may become worse than by the better
rule. Each guard of the gate is shown with what the gate tolerates, and whether the whole interval is within or beyond
that; intervals are single ones, some fifteen to a world. The result is printed whichever way it falls. Finished parts
lie in `--out`, and the study goes on from them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from experiments.figures import Figure, print_table, write_json
from experiments.joint.separate import FIXED, homogeneous, longest_wait_s, separate, with_cap_of
from experiments.judging import (
    FROZEN_SEED,
    TUNING_SEED,
    Judge,
    Judged,
    budget_of,
    difference,
    per_case,
    ppo,
    training_options,
    word,
    written,
)
from maitred.envs.kpi import KPIS, Kpi
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.training.gate.settings import GUARDS
from maitred.training.paired import pooled
from maitred.training.validation import Difference

WORLDS = ("bpo_chat", "omni", "bpo_chat_alike")
CAPS_FROM = 0.5  # share of learning
UNBOUNDED = Objective(
    occupancy_at_most=None, abandonment_at_most=None, wait_ratio_at_most=None, novice_load_at_least=None
)
BREACH = 1.0  # money per case that a breach as large as a bound adds to the charge for such a breach
CONTROL = 0.005  # of the reward's size per case, both ways
LEARNED = f"{FIXED}, routing learned"


@dataclass(frozen=True, eq=False)
class Comparison:
    """One world: policies whose routing and caps were chosen apart, and those that learned both, by training seed.

    `longest_wait_s` is the speed of answer that learners are bounded by, if they are.
    """

    world: str
    sha256: str
    apart: dict[str, list[Judged]]
    joint: list[Judged]
    longest_wait_s: float | None

    def difference(self, reference: str, kpi: str = "reward") -> Difference:
        """Joint less apart, means over training seeds, paired by day."""
        return difference(self.joint, self.apart[reference], kpi)

    @property
    def better_rule(self) -> str:
        """That of higher reward."""
        rules = [kind for kind in self.apart if kind != LEARNED]
        return max(rules, key=lambda kind: per_case(self.apart[kind]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Freeze, tune, train, judge, print."""
    options = _options(arguments)
    centers = {name: _center(name, options.out) for name in options.worlds}
    print_table(
        "Frozen before the comparison", ("world", "sha256"), [(n, scenario_hash(c)) for n, c in centers.items()]
    )
    found = [_compare(name, center, options) for name, center in centers.items()]
    spent = f"PPO {budget_of(ppo(options))}, {options.seeds} training seeds"
    print_table(
        f"Joint less apart, money per case; {options.episodes} frozen days of seed {FROZEN_SEED}, {spent}",
        ("world", "against", "policy", "its reward", "joint less it", "by seed", "verdict"),
        [row for one in found for row in _rows(one)],
    )
    print_table(
        "Speed of answer, s, on the frozen days; what learners were allowed on validation days",
        ("world", "allowed", *(f"by {kind}" for kind in found[0].apart), "joint"),
        [(one.world, *_waits(one)) for one in found],
    )
    print_table(
        "Guards: joint less the rule of higher reward, and how much worse the gate would tolerate",
        ("world", "KPI", "by the rule", "joint less it", "verdict", "tolerated", "kept"),
        [(one.world, kpi.name, *_guard(one, kpi)) for one in found for kpi in _guards(one)],
    )
    if options.json:
        write_json(options.json, [figure for one in found for figure in _figures(one)])
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Routing and concurrency learned jointly, against each apart.")
    parser.add_argument("--worlds", nargs="+", default=WORLDS, choices=WORLDS)
    parser.add_argument("--bound-waits", action="store_true", help="learners may answer hardly later than the rule")
    training_options(parser, "runs/joint", episodes=40)
    return parser.parse_args(arguments)


def _center(name: str, out: Path) -> Scenario:
    """The world, as training reads it."""
    center = homogeneous(load_scenario(name.removesuffix("_alike"))) if name.endswith("_alike") else load_scenario(name)
    return load_scenario(written(center, out))


def _compare(name: str, center: Scenario, options: argparse.Namespace) -> Comparison:
    judge = Judge(center, written(center, options.out), options.out, options.episodes)
    tuned = judge.tuned(options.budget)
    rules = separate(center, tuned["families"], TUNING_SEED)
    apart = {kind: [judge.rule(rule, tuned["seconds"])] for kind, rule in rules.items()}
    better = next(iter(rules.values()))
    longest = longest_wait_s(center, better, TUNING_SEED) if options.bound_waits else None
    if longest is not None:
        judge = replace(judge, objective=replace(UNBOUNDED, asa_s_at_most=longest))
    capped = written(with_cap_of(center, rules[FIXED]), options.out)
    apart[LEARNED] = _learned(replace(judge, center=load_scenario(capped), file=capped), rules[FIXED], options)
    return Comparison(name, scenario_hash(center), apart, _learned(judge, better, options), longest)


def _learned(judge: Judge, teacher: str, options: argparse.Namespace) -> list[Judged]:
    label, charge = ("bounded", BREACH) if options.bound_waits else ("", 0.0)
    config = replace(ppo(options), teacher=teacher, caps_from=CAPS_FROM, multiplier_step=charge)
    return [judge.learner(config, seed, label) for seed in range(1, options.seeds + 1)]


def _rows(one: Comparison) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for kind, judged in one.apart.items():
        reward, found = per_case(judged), one.difference(kind)
        seeds = " ".join(f"{per_case([each]) - reward:+.3f}" for each in one.joint)
        rows.append((one.world, kind, judged[0].policy, f"{reward:.3f}", str(found), seeds, _verdict(one, kind)))
    return rows


def _waits(one: Comparison) -> list[str]:
    """The speed of answer that is allowed, then that of everybody, the mean over training seeds."""
    everybody = [*one.apart.values(), one.joint]
    took = [f"{pooled(np.mean([each.kpis['asa_s'] for each in judged], axis=0)):.1f}" for judged in everybody]
    return ["any" if one.longest_wait_s is None else f"{one.longest_wait_s:.1f}", *took]


def _verdict(one: Comparison, kind: str) -> str:
    found = one.difference(kind)
    if one.world.endswith("_alike"):
        size = CONTROL * abs(per_case(one.apart[kind]))
        if -size <= found.low and found.high <= size:
            return "within 0.5 %"
        return "not within 0.5 %" if found.low > size or found.high < -size else "not shown within 0.5 %"
    return word(found)


def _guard(one: Comparison, kpi: Kpi) -> tuple[str, str, str, str, str]:
    """A guard: by the rule, joint less it, what the interval says, what the gate tolerates, and if that is kept."""
    by_rule = float(pooled(np.mean([each.kpis[kpi.name] for each in one.apart[one.better_rule]], axis=0)))
    found, tolerated = one.difference(one.better_rule, kpi.name), GUARDS[kpi.name].of(by_rule)
    least, most = (found.low, found.high) if kpi.better == "lower" else (-found.high, -found.low)  # that it is worse by
    said = "better" if most < 0 else "worse" if least > 0 else "no difference shown"
    kept = "within" if most <= tolerated else "beyond" if least > tolerated else "not shown within"
    shown = f"{found.value:+.4g} [{found.low:+.4g}, {found.high:+.4g}]"
    return f"{by_rule:.4g}", shown, said, f"{tolerated:.3g}", kept


def _guards(one: Comparison) -> list[Kpi]:
    """The gate's guards of which anything was counted under the rule."""
    counted = {name for name, ratios in one.apart[one.better_rule][0].kpis.items() if ratios[:, 1].sum() > 0}
    return [kpi for kpi in KPIS if kpi.name in GUARDS and kpi.name in counted]


def _figures(one: Comparison) -> list[Figure]:
    figures = []
    for kind in one.apart:
        found = one.difference(kind)
        for end, value in (("", found.value), (", low", found.low), (", high", found.high)):
            figures.append(Figure(f"{one.world}: joint less {kind}{end}", value, "money per case"))
    return figures


if __name__ == "__main__":
    sys.exit(main())
