"""What matching by estimated agent x type effects and priorities is worth on the days of a real log.

    python -m experiments.reallog.table --policy-months 1999-01:1999-06 --world-months 1999-07:1999-08

The claim: on frozen days, matching gains over the incumbent rule (first in queue with head starts, longest idle agent),
although the policy's estimates and the world's effects are fitted on disjoint months; and so much of the gain survives
when the estimates are made noisier. Arrivals, who was there and what they answer are the log's; handle times, patience
and readiness are the fitted world's, so waits are what they would have been under the model, not what they were.

Rules are tuned on the policy's months alone. A trained policy is judged beside them with `--policy BUNDLE`; `bank` is
fitted on January to June, so what is trained there has not seen the frozen days. With the estimates of another agent
drawn at random what is left is owed to types and order, not to knowing who is who. Intervals are at 95 %, paired by
day; "sd of draws" is how far the gain of one draw strays, by luck and by what the world's months leave open.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from experiments.fidelity.replay import HEAD_START_S, months
from experiments.figures import Figure, print_figures, print_table, write_json
from experiments.intervals import Interval
from experiments.reallog.centers import strangers
from experiments.reallog.judging import SHOWN, Gain, surviving
from experiments.reallog.rules import WEIGHTS_S, Matching
from experiments.reallog.source import read_contacts, split
from experiments.reallog.study import NOISE, Estimates, Study, agreement, prepare, rules, tuned_rules
from maitred.envs.calibration.availability import measure_days, measure_run, run
from maitred.envs.decision import Policy
from maitred.serving.bundle import load_bundle
from maitred.serving.policy import BundlePolicy
from maitred.training.paired import pooled

WORSE_AND_BEST: tuple[Estimates, ...] = (*NOISE[1:], "shuffled", "world")
LABELS: dict[Estimates, str] = {"shuffled": "another agent's", "world": "the world's (oracle)"}
WITHOUT_ESTIMATES = ("priority",)
HEADS, SCALES, DIGITS = ("reward/case", "AHT s", "ASA s", "abandoned %"), np.array([1.0, 1.0, 1.0, 100.0]), (3, 2, 1, 2)
UNITS = {"reward": "money/case", "aht_s": "s", "asa_s": "s", "abandonment": "share"}
MEASURES = {"abandonment": "share", "mean wait": "s", "answered at once": "share", "answered in 20 s": "share"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, tune, judge, print; returns the exit code."""
    parser = _parser()
    options, began = parser.parse_args(arguments), time.monotonic()
    try:
        bundles = [BundlePolicy(load_bundle(folder)) for folder in options.policy]
        known, world = months(options.policy_months), months(options.world_months)
        frozen = months(options.frozen_months) if options.frozen_months else world
        parts = split(read_contacts(options.log), known, world, frozen)
        study = prepare(parts, options.head_start_s, options.episodes, options.draws, options.seed)
    except ValueError as error:
        parser.error(str(error))
    trained = {f"{policy.name} {i}": policy for i, policy in enumerate(bundles, 1)}
    figures = [*_fits(study), *_tuned_and_judged(study, trained)]
    print(f"seed {options.seed}; {len(study.logged)} days in {options.draws} draws; {time.monotonic() - began:.0f} s")
    if options.json:
        write_json(options.json, figures)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, nargs="+", default=[], help="contact log, or raw technion log(s)")
    parser.add_argument("--policy-months", default="1999-01:1999-06", help="first:last or a comma list")
    parser.add_argument("--world-months", default="1999-07:1999-08", help="likewise; none of the policy's")
    parser.add_argument("--frozen-months", help="days to judge on; the world's months if not given")
    parser.add_argument("--episodes", type=int, help="frozen days, spread evenly; all if not given")
    parser.add_argument("--draws", type=int, default=10, help="of luck and truth for each day")
    parser.add_argument(
        "--policy", type=Path, action="append", default=[], help="exported bundle to judge too; several are numbered"
    )
    parser.add_argument("--head-start-s", type=float, default=HEAD_START_S, help="of high-priority contacts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    return parser


def _fits(study: Study) -> list[Figure]:
    """Who knows what of whom, and whether the world behaves like the log."""
    found = agreement(study.known, study.world)
    figures = [
        Figure("pairs of agent and type in both fits", found.pairs, "pairs"),
        Figure("agents' speed, correlation of the two fits", found.speed, "1"),
        Figure("agent x type match, correlation of the two fits", found.match, "1"),
        Figure("agent x type match, spread in the world", found.match_sd, "log"),
        Figure("estimates against the world's, type means apart", found.error_sd, "log"),
    ]
    for whose, center in (("policy's", study.known), ("world's", study.world)):
        new = strangers(study.parts.frozen, center)
        figures += [
            Figure(f"frozen months' agents not in the {whose} months", new.unknown, "agents", new.agents),
            Figure(f"services by agents not in the {whose} months", new.share, "share"),
        ]
    logged, simulated = measure_days(study.logged), measure_run(run(study.world.scenario, study.days.traces[0]))
    figures += [
        Figure.against(f"incumbent in the world against the log: {name}", float(ours), unit, float(theirs))
        for (name, unit), ours, theirs in zip(MEASURES.items(), simulated, logged, strict=True)
    ]
    print_figures("The policy's months, the world's months and the frozen days", figures)
    return figures


def _tuned_and_judged(study: Study, trained: Mapping[str, Policy]) -> list[Figure]:
    """Tune on the policy's months, judge on the frozen days, then with noisier estimates."""
    judged = {**rules(_tune(study)), **trained}
    clean = {name: study.gain(policy) for name, policy in judged.items()}
    incumbent = pooled(study.days.incumbent.sum(axis=0)) * SCALES
    rows = [("incumbent", *(cell for value in incumbent for cell in (f"{value:.4g}", "")), "")]
    rows += [(name, *_cells(found)) for name, found in clean.items()]
    print_table(
        f"{len(study.logged)} frozen days in {len(study.draws)} draws; differences to the incumbent, 95 % by day",
        ("policy", *(cell for head in HEADS for cell in (head, "change")), "sd of draws"),
        rows,
    )
    figures = [figure for name, found in clean.items() for figure in _figures(name, found)]
    informed = {name: policy for name, policy in judged.items() if name not in WITHOUT_ESTIMATES}
    return figures + [f for name, policy in informed.items() for f in _survival(study, name, policy, clean[name])]


def _tune(study: Study) -> list[Matching]:
    found = list(tuned_rules(study))
    print_table(
        "Weight of the match in seconds of waiting: gain in reward per case on the policy's own months",
        ("matched by", *(f"{weight_s:g}" for weight_s in WEIGHTS_S), "chosen"),
        [(rule.by, *(f"{gain:+.3f}" for gain in gains), f"{rule.weight_s:g}") for rule, gains in found],
    )
    return [rule for rule, _ in found]


def _survival(study: Study, name: str, policy: Policy, clean: Gain) -> list[Figure]:
    """The gain of one policy as its estimates get worse, or perfect."""
    rows, figures = [("the policy's", _interval(clean.reward), "1")], []
    for estimates in WORSE_AND_BEST:
        found = study.gain(policy, estimates)
        share = surviving(found, clean)
        label = LABELS.get(estimates, f"the policy's x exp({estimates} z)")
        rows.append((label, _interval(found.reward), _interval(share) if share else "-"))
        figures += _figures(f"{name}, {label}", found)
        if share:
            figures.append(Figure(f"{name}, {label}: share of the gain left", share.estimate, "1"))
            figures.append(Figure(f"{name}, {label}: share of the gain left from", share.low, "1"))
            figures.append(Figure(f"{name}, {label}: share of the gain left to", share.high, "1"))
    print_table(f"{name}: gain by estimates", ("estimates", "gain in reward per case", "share left"), rows)
    return figures


def _cells(found: Gain) -> list[str]:
    """Every KPI with its change and half the change's interval, and how far single draws of the reward stray."""
    halves = SCALES * (found.high - found.low) / 2
    kpis = zip(SCALES * found.value, SCALES * found.difference, halves, DIGITS, strict=True)
    cells = [cell for v, d, half, n in kpis for cell in (f"{v:.4g}", f"{d:+.{n}f} ±{half:.{n}f}")]
    return [*cells, "-" if found.spread is None else f"{found.spread:.3f}"]


def _interval(of: Interval) -> str:
    return f"{of.estimate:+.3f} [{of.low:+.3f}, {of.high:+.3f}]"


def _figures(name: str, found: Gain) -> list[Figure]:
    reward = found.reward
    return [
        *(Figure(f"{name}: {kpi}", float(v), UNITS[kpi]) for kpi, v in zip(SHOWN, found.value, strict=True)),
        *(
            Figure(f"{name}: gain in {kpi}", float(v), UNITS[kpi])
            for kpi, v in zip(SHOWN, found.difference, strict=True)
        ),
        Figure(f"{name}: gain in reward from", reward.low, "money/case"),
        Figure(f"{name}: gain in reward to", reward.high, "money/case"),
    ]


if __name__ == "__main__":
    sys.exit(main())
