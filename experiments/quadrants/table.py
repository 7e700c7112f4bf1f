"""What a learned policy does in each quadrant of complexity and urgency: `python -m experiments.quadrants.table`.

Claim to be looked at, as a report and no rule (domain 1.3, Q-X): left to itself, a policy that learns from money alone
comes to the four prescriptions: complex and urgent contacts to an agent with few others, complex and routine ones in
writing beside many, simple and routine ones to a bot, simple and urgent ones to a bot that soon gives way. The learned
policy, the best tuned rule and the prescription as a rule meet the same frozen days. Shares of actions (those that
change something: neither to wait nor to go on) and concurrency are by what was believed at the time; waits and
abandonment by what the contact really was. Intervals are at 95 %, paired by day. The picture is
`quadrants-SCENARIO.png` in `--out`, where finished parts lie as well.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.figures import Figure, print_table, write_json
from experiments.judging import FROZEN_SEED, Judge, at_least, frozen_days, ppo, ppo_options, written
from experiments.parts import part
from experiments.quadrants.days import ACTIONS, MEASURES, QUADRANTS, Floats, Played, play
from experiments.quadrants.picture import draw_quadrants
from maitred.agents.rules import UnknownRuleError, rule
from maitred.envs.decision import Policy
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.serving.bundle import load_bundle
from maitred.serving.policy import BundlePolicy
from maitred.training.day_pictures import QUADRANTS as NAMES
from maitred.training.paired import paired_difference, pooled
from maitred.training.run_folder import RUN, read_record
from maitred.training.train import load_policy
from maitred.training.tuning import DEFAULT_BUDGET
from maitred.training.validation import Difference

PRESCRIPTION, BEST, LEARNED = "prescription", "best rule", "learned"
CONCURRENCY = ("held", "active")
TOLD = ("contacts", "wait_s", "abandonment")


def main(arguments: Sequence[str] | None = None) -> int:
    """Tune, train, play, print, draw; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        center = _center(options.scenario, options.out)
        played = _played(center, options)
    except (ScenarioError, UnknownRuleError) as error:
        parser.error(str(error))
    print_quadrants(played, f"{center.name}, {options.episodes} frozen days of seed {FROZEN_SEED}")
    path = options.out / f"quadrants-{center.name}.png"
    draw_quadrants(played, path)
    print(f"Picture: {path}")
    if options.json:
        write_json(options.json, figures(played))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="omni", help="with conversations: name of a shipped one, or a file")
    parser.add_argument("--policy", help="folder of a run or a bundle, or name of a rule; PPO is trained if not given")
    ppo_options(parser)
    parser.add_argument("--seed", type=int, default=1, help="of training PPO")
    parser.add_argument("--episodes", type=at_least(2), default=20, help="frozen days, at least 2")
    parser.add_argument(
        "--budget", type=at_least(1), default=DEFAULT_BUDGET, help="episodes for tuning a family of rules"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/quadrants"), help="folder of finished parts")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


def _center(source: str, out: Path) -> Scenario:
    """The scenario, as training reads it."""
    center = load_scenario(source)
    if not center.has_conversations:
        raise ScenarioError(f"scenario: expected one with conversations, found {center.name}")
    return load_scenario(written(center, out))


def _played(center: Scenario, options: argparse.Namespace) -> dict[str, Played]:
    """Prescription, best tuned rule and learned policy on the same frozen days; finished ones from their parts."""
    judge = Judge(center, written(center, options.out), options.out, options.episodes)
    best = judge.tuned(options.budget)["best"]
    policies = {
        PRESCRIPTION: named_policy("quadrant"),
        BEST: named_policy(best),
        LEARNED: named_policy(options.policy) if options.policy else _trained(judge, best, options),
    }

    return {name: _kept(center, name, *policy, options) for name, policy in policies.items()}


def _kept(center: Scenario, name: str, policy: Policy, follows_from: Any, options: argparse.Namespace) -> Played:
    """One policy on the frozen days, played now or from its part."""

    def made() -> dict[str, Any]:
        one = play(center, frozen_days(center, options.episodes), policy)
        return {"policy": one.policy, "ratios": one.ratios.tolist(), "trend": one.trend.tolist()}

    settings = {"scenario": scenario_hash(center), "seed": FROZEN_SEED, "episodes": options.episodes}
    settings |= {"measures": MEASURES, "policy": follows_from}
    found = part(options.out, f"{center.name}-{name.replace(' ', '-')}", settings, made)
    return Played(found["policy"], np.array(found["ratios"]), np.array(found["trend"]))


def named_policy(text: str) -> tuple[Policy, dict[str, Any]]:
    """A policy by the folder of its run or bundle, or by its name as a rule; and what tells it from others.

    Raises:
        UnknownRuleError: there is neither such a folder nor such a rule.
    """
    folder = Path(text)
    if (folder / RUN).is_file():
        return load_policy(folder), {"run": read_record(folder)}
    if folder.is_dir():
        bundle = load_bundle(folder)
        return BundlePolicy(bundle), {"bundle": bundle.sha256}
    return rule(text), {"rule": rule(text).name}


def _trained(judge: Judge, teacher: str, options: argparse.Namespace) -> tuple[Policy, dict[str, Any]]:
    kept = judge.trained(replace(ppo(options), teacher=teacher), options.seed, "ppo")
    return kept.policy, kept.settings


def overlap(one: Played, other: Played) -> Floats:
    """(4,) share of decisions that two policies have in common by action: the sum of the lower of both shares."""
    both = np.minimum(np.nan_to_num(pooled(one.actions)), np.nan_to_num(pooled(other.actions)))
    return np.asarray(both.sum(axis=-1))


def difference(one: Played, other: Played, measure: str) -> list[Difference]:
    """A measure of one policy less another's in each quadrant, paired by day."""
    bounds = np.array(paired_difference(one.of(measure), other.of(measure)))
    return [Difference(*map(float, bounds[:, q])) for q in range(QUADRANTS)]


def print_quadrants(played: dict[str, Played], where: str) -> None:
    """Actions and concurrency by belief, then what became of the contacts, then the trend."""
    for name, one in played.items():
        print(f"{name}: {one.policy}")
    used = [i for i in range(len(ACTIONS)) if any(one.actions[:, :, i, 0].any() for one in played.values())]
    rows = [(one, name, q) for q in _order() for name, one in played.items()]
    prescription = played[PRESCRIPTION]
    print_table(
        f"Shares of actions by believed quadrant, and the share in common with the prescription; {where}",
        ("quadrant", "policy", "actions", *(ACTIONS[i].name.lower() for i in used), "in common"),
        [_decided(*row, used, prescription) for row in rows],
    )
    print_table(
        "Conversations of an agent at once, by believed quadrant; active: without those long silent",
        ("quadrant", "policy", "held", "less prescription", "active", "less prescription"),
        [_at_once(*row, prescription) for row in rows],
    )
    print_table(
        "What became of contacts, by what they really were",
        ("quadrant", "policy", "contacts a day", "wait, s", "less prescription", "abandoned", "less prescription"),
        [_became(*row, prescription) for row in rows],
    )
    print_table(
        "Rank correlation of urgency x complexity with concurrency, mean over days (prescribed: below 0)",
        tuple(played),
        [tuple(f"{np.nanmean(one.trend):+.3f}" for one in played.values())],
    )


def _order() -> range:
    """Complex and urgent first, as in domain 1.3."""
    return range(QUADRANTS - 1, -1, -1)


def _decided(one: Played, name: str, q: int, used: list[int], prescription: Played) -> tuple[str, ...]:
    shares, count = pooled(one.actions)[q], one.actions[:, q, 0, 1].sum()
    cells = (f"{shares[i]:.0%}" if count else "-" for i in used)
    return NAMES[q], name, f"{count:.0f}", *cells, f"{overlap(one, prescription)[q]:.0%}"


def _at_once(one: Played, name: str, q: int, prescription: Played) -> tuple[str, ...]:
    held, active = (f"{pooled(one.of(measure))[q]:.2f}" for measure in CONCURRENCY)
    more_held, more_active = (str(difference(one, prescription, measure)[q]) for measure in CONCURRENCY)
    return NAMES[q], name, held, more_held, active, more_active


def _became(one: Played, name: str, q: int, prescription: Played) -> tuple[str, ...]:
    contacts, wait_s, abandonment = (float(pooled(one.of(measure))[q]) for measure in TOLD)
    wait, gone = (difference(one, prescription, measure)[q] for measure in TOLD[1:])
    points = f"{100 * gone.value:+.1f} [{100 * gone.low:+.1f}, {100 * gone.high:+.1f}] pp"
    seconds = f"{wait.value:+.0f} [{wait.low:+.0f}, {wait.high:+.0f}]"
    return NAMES[q], name, f"{contacts:.0f}", f"{wait_s:.0f}", seconds, f"{abandonment:.1%}", points


def figures(played: dict[str, Played]) -> list[Figure]:
    """Every measure of every policy by quadrant, the prescription's as the reference."""
    found, prescribed = [], pooled(played[PRESCRIPTION].ratios)
    for name, one in played.items():
        values = pooled(one.ratios)
        for q, m in np.ndindex(values.shape):
            what = f"{NAMES[q]}: {MEASURES[m]}, {name}"
            if not np.isnan(values[q, m]) and not np.isnan(prescribed[q, m]):
                found.append(Figure.against(what, float(values[q, m]), _UNITS.get(MEASURES[m], "share"),
                                            float(prescribed[q, m])))  # fmt: skip
    return found


_UNITS = {"held": "conversations", "active": "conversations", "contacts": "per day", "wait_s": "s"}


if __name__ == "__main__":
    sys.exit(main())
