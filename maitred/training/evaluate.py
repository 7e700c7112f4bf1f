"""Judging policies on a frozen set: KPIs per episode, and paired differences to a reference.

Nothing but a frozen set is ever read, and each policy that is run is one look in the set's ledger.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from maitred.agents.rules import RULES
from maitred.envs.decision import Policy
from maitred.envs.kpi import KPIS, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.simulator import simulate
from maitred.serving.policy import BundlePolicy
from maitred.training.frozen import FrozenSet
from maitred.training.paired import Interval, paired_difference, pooled
from maitred.training.portrait import Portrait, portrait
from maitred.training.wording import half_width_text, short_label, value_text, verdict

_POLICY_WIDTH, _CELL_WIDTH = 16, 17  # characters of a printed table's columns, lines included
_MARKS = {"better": (" ✓", "green"), "worse": (" ✗", "red"), "unclear": ("", "dim")}
BATCH = 128  # traces simulated together, and a tick of the progress bar

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """P policies on the E episodes of one frozen set, by Q KPIs.

    Attributes:
        created: when, UTC, ISO 8601.
        frozen: name of the set.
        frozen_sha256: identity of the set.
        scenario: name of its scenario.
        scenario_sha256: hash of its scenario.
        looks: looks recorded in the set's ledger by then, these included.
        last_look_sha256: hash of the last of them.
        objective: what the reward is made of.
        reference: the policy that differences are taken to; one of `policies`.
        policies: P names.
        policy_ids: P identities, see `policy_id`.
        kpis: Q names of KPIs.
        ratios: (P, E, Q, 2) float64 numerators and denominators.
        booked: (P, E, terms) float64 totals per `kernel.layout.Term`.
        portraits: P portraits of the average day.
    """

    created: str
    frozen: str
    frozen_sha256: str
    scenario: str
    scenario_sha256: str
    looks: int
    last_look_sha256: str
    objective: Objective
    reference: str
    policies: tuple[str, ...]
    policy_ids: tuple[str, ...]
    kpis: tuple[str, ...]
    ratios: Floats
    booked: Floats
    portraits: tuple[Portrait, ...]

    @property
    def values(self) -> Floats:
        """(P, Q) KPIs pooled over episodes."""
        return pooled(self.ratios.swapaxes(0, 1))

    def difference(self, policy: str) -> Interval:
        """(Q,) differences of a policy to the reference, with 95 % intervals paired by episode."""
        return paired_difference(
            self.ratios[self.policies.index(policy)], self.ratios[self.policies.index(self.reference)]
        )


def policy_id(policy: Policy) -> str:
    """What identifies a policy: the hash of a bundle, the name of a rule, or that it is neither."""
    if isinstance(policy, BundlePolicy):
        return policy.bundle.sha256
    return f"rule:{policy.name}" if RULES.get(policy.name) == policy else f"unexported:{policy.name}"


def evaluate(
    policies: Sequence[Policy],
    frozen: FrozenSet,
    objective: Objective,
    *,
    reference: str = "incumbent",
    progress: bool = True,
    record: bool = True,
) -> Evaluation:
    """Run every policy on every trace of a frozen set.

    Args:
        policies: policies of distinct names.
        frozen: the evidence.
        objective: what the `reward` KPI is made of.
        reference: name of the policy to compare with; a rule of that name is run if `policies` has none.
        progress: whether to show a progress bar on standard error.
        record: whether to add a look per policy to the set's ledger; leave it on for anything that is decided on.

    Raises:
        ValueError: names are not distinct, or the reference is unknown.
    """
    policies = _with_reference(policies, reference)
    runs = []
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        task = bar.add_task("", total=len(policies) * frozen.episodes)
        for policy in policies:
            bar.update(task, description=escape(policy.name))
            runs.append(_run(policy, frozen, objective, lambda done: bar.advance(task, done)))
            if record:
                _record(frozen, policy, runs[-1].ratios)
    looks = frozen.looks.read()
    return Evaluation(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        frozen=frozen.name,
        frozen_sha256=frozen.sha256,
        scenario=frozen.scenario.name,
        scenario_sha256=frozen.scenario_sha256,
        looks=len(looks),
        last_look_sha256=looks[-1].sha256 if looks else frozen.sha256,
        objective=objective,
        reference=reference,
        policies=tuple(policy.name for policy in policies),
        policy_ids=tuple(policy_id(policy) for policy in policies),
        kpis=tuple(kpi.name for kpi in KPIS),
        ratios=np.array([run.ratios for run in runs]),
        booked=np.array([run.booked for run in runs]),
        portraits=tuple(run.portrait for run in runs),
    )


def _with_reference(policies: Sequence[Policy], reference: str) -> list[Policy]:
    names = [policy.name for policy in policies]
    if len(set(names)) < len(names):
        raise ValueError(f"policies: expected distinct names, found {', '.join(names)}")
    if reference in names:
        return list(policies)
    if reference not in RULES:
        known = ", ".join([*names, *RULES])
        raise ValueError(f"reference: expected one of {known}, found {reference}")
    return [RULES[reference], *policies]


class _Run(NamedTuple):
    ratios: Floats  # (E, Q, 2)
    booked: Floats  # (E, terms)
    portrait: Portrait


def _run(policy: Policy, frozen: FrozenSet, objective: Objective, advance: Callable[[int], None]) -> _Run:
    """One policy on every trace. Ledgers are folded batch by batch: a year of them would not fit in memory."""
    traces, parts = frozen.traces(), []
    for first in range(0, len(traces), BATCH):
        batch = traces[first : first + BATCH]
        ledgers = simulate(frozen.scenario, batch, policy, BATCH)
        parts.append(
            _Run(
                kpi_ratios(ledgers, frozen.scenario, objective),
                np.array([ledger.booked for ledger in ledgers]),
                portrait(ledgers, batch, frozen.scenario),
            )
        )
        advance(len(batch))
    ratios, booked, portraits = zip(*parts, strict=True)
    return _Run(np.concatenate(ratios), np.concatenate(booked), reduce(add, portraits))


def _record(frozen: FrozenSet, policy: Policy, ratios: Floats) -> None:
    frozen.looks.record(
        policy=policy.name,
        policy_id=policy_id(policy),
        command=" ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        kpis_sha256=hashlib.sha256(ratios.astype("<f8").tobytes()).hexdigest(),
    )


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Policies by KPIs: value, then difference to the reference ± half its interval, marked where clear of zero.

    The KPIs are spread over as many tables as the console is too narrow for.
    """
    episodes = evaluation.ratios.shape[1]
    per_table = max(1, (console.width - _POLICY_WIDTH) // _CELL_WIDTH)
    groups = [evaluation.kpis[i : i + per_table] for i in range(0, len(evaluation.kpis), per_table)]
    tables = [Table() for _ in groups]
    for table, kpis in zip(tables, groups, strict=True):
        table.add_column("policy", no_wrap=True)
        for kpi in kpis:
            table.add_column(Text(short_label(kpi)), justify="right", no_wrap=True)
        for policy in evaluation.policies:
            table.add_row(Text(policy), *(_cell(evaluation, policy, kpi) for kpi in kpis))
    tables[0].title = Text(
        f"{evaluation.frozen}: {episodes} episodes of {evaluation.scenario}, {evaluation.looks} looks"
    )
    tables[-1].caption = Text(
        f"Second line: difference to {evaluation.reference} ± half its 95 % interval, paired by episode; "
        "clearly better is marked ✓, clearly worse ✗."
    )
    for table in tables:
        console.print(table)


def _cell(evaluation: Evaluation, policy: str, kpi: str) -> Text:
    q = evaluation.kpis.index(kpi)
    cell = Text(value_text(kpi, evaluation.values[evaluation.policies.index(policy), q]))
    if policy != evaluation.reference:
        value, low, high = (float(bound[q]) for bound in evaluation.difference(policy))
        mark, style = _MARKS[verdict(kpi, low, high)]
        cell.append(f"\n{half_width_text(kpi, value, low, high)}{mark}", style)
    return cell


def to_json(evaluation: Evaluation) -> str:
    """The evaluation as JSON, from which `from_json` restores it to the bit."""
    content = {field.name: getattr(evaluation, field.name) for field in fields(evaluation)}
    content["objective"] = asdict(evaluation.objective)
    content["portraits"] = [_lists(asdict(portrait)) for portrait in evaluation.portraits]
    return json.dumps(_lists(content), allow_nan=False)


def from_json(text: str) -> Evaluation:
    """The evaluation that `to_json` wrote.

    Raises:
        ValueError: it is none.
    """
    try:
        content = json.loads(text)
        portraits = [{key: np.array(value) for key, value in p.items()} for p in content["portraits"]]
        return Evaluation(
            **{
                **content,
                "objective": Objective(**content["objective"]),
                **{key: tuple(content[key]) for key in ("policies", "policy_ids", "kpis")},
                **{key: np.array(content[key], np.float64) for key in ("ratios", "booked")},
                "portraits": tuple(Portrait(**arrays) for arrays in portraits),
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"expected an evaluation as JSON, found {error}") from error


def _lists(content: dict[str, Any]) -> dict[str, Any]:
    return {key: x.tolist() if isinstance(x, np.ndarray) else x for key, x in content.items()}
