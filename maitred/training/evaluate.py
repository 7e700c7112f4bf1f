"""Judging policies on a frozen set: KPIs per episode, and paired differences to a reference.

Nothing but a frozen set is ever read, and each policy that is run is one look in the set's ledger.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from functools import partial, reduce
from operator import add
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.text import Text

from maitred.agents.preference import Preferring
from maitred.agents.rules import RULES
from maitred.envs.constraints import Bound, bounds_of
from maitred.envs.decision import Policy
from maitred.envs.kernel.layout import Term
from maitred.envs.kpi import applicable, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.simulator import simulate
from maitred.serving.policy import BundlePolicy
from maitred.training.columns import print_columns
from maitred.training.frozen import FrozenSet
from maitred.training.paired import Interval, paired_difference, pooled
from maitred.training.portrait import Portrait, portrait
from maitred.training.wording import (
    BY_NAME,
    TERMS,
    bound_text,
    half_width_text,
    short_label,
    slack_text,
    value_text,
    verdict,
)

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
        kpis: Q names of KPIs, those that apply to the scenario.
        warmup_days: contacts that arrive on the first so many days are left out of KPIs of contacts.
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
    warmup_days: int
    ratios: Floats
    booked: Floats
    portraits: tuple[Portrait, ...]

    @property
    def values(self) -> Floats:
        """(P, Q) KPIs pooled over episodes."""
        return pooled(self.ratios.swapaxes(0, 1))

    @property
    def headlines(self) -> Evaluation:
        """The same of headline KPIs only."""
        shown = [q for q, kpi in enumerate(self.kpis) if BY_NAME[kpi].headline]
        return replace(self, kpis=tuple(self.kpis[q] for q in shown), ratios=self.ratios[:, :, shown])

    @property
    def worth(self) -> Floats:
        """(P, E, terms, 2) money that each booked term adds to the reward, and cases."""
        cases = self.ratios[:, :, self.kpis.index("reward"), 1:]
        return np.stack(np.broadcast_arrays(self.booked * self.objective.weights(), cases), axis=-1)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms that anything was booked on."""
        return tuple(term for term in Term if self.booked[:, :, term].any())

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """The objective's bounds on these KPIs."""
        return bounds_of(self.objective, [BY_NAME[kpi] for kpi in self.kpis])

    def difference(self, policy: str) -> Interval:
        """(Q,) differences of a policy to the reference, with 95 % intervals paired by episode."""
        return self._paired(self.ratios, policy)

    def worth_difference(self, policy: str) -> Interval:
        """(terms,) differences to the reference of what each term adds to the reward per case."""
        return self._paired(self.worth, policy)

    def _paired(self, ratios: Floats, policy: str) -> Interval:
        return paired_difference(ratios[self.policies.index(policy)], ratios[self.policies.index(self.reference)])


def policy_id(policy: Policy) -> str:
    """What identifies a policy, whatever weights it is told: a bundle's hash, a rule's name, or that it is neither."""
    if isinstance(policy, Preferring):
        return policy_id(policy.policy)
    if isinstance(policy, BundlePolicy):
        return policy.bundle.sha256
    return f"rule:{policy.name}" if RULES.get(policy.name) == policy else f"unexported:{policy.name}"


def evaluate(
    policies: Sequence[Policy],
    frozen: FrozenSet,
    objective: Objective,
    *,
    reference: str = "incumbent",
    warmup_days: int = 0,
    progress: bool = True,
    record: bool = True,
) -> Evaluation:
    """Run every policy on every trace of a frozen set.

    Args:
        policies: policies of distinct names.
        frozen: the evidence.
        objective: what the `reward` KPI is made of.
        reference: name of the policy to compare with; a rule of that name is run if `policies` has none.
        warmup_days: contacts that arrive on the first so many days are left out of KPIs of contacts.
        progress: whether to show a progress bar on standard error.
        record: whether to add a look per policy to the set's ledger; leave it on for anything that is decided on.

    Raises:
        ValueError: names are not distinct, the reference is unknown, or the warm-up leaves no day.
    """
    policies = _with_reference(policies, reference)
    if not 0 <= warmup_days < frozen.scenario.days:
        raise ValueError(f"warmup_days: expected 0 to {frozen.scenario.days - 1}, found {warmup_days}")
    runs = []
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        task = bar.add_task("", total=len(policies) * frozen.episodes)
        for policy in policies:
            bar.update(task, description=escape(policy.name))
            runs.append(_run(policy, frozen, objective, warmup_days, lambda done: bar.advance(task, done)))
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
        kpis=tuple(kpi.name for kpi in applicable(frozen.scenario)),
        warmup_days=warmup_days,
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


def _run(
    policy: Policy, frozen: FrozenSet, objective: Objective, warmup_days: int, advance: Callable[[int], None]
) -> _Run:
    """One policy on every trace. Ledgers are folded batch by batch: a year of them would not fit in memory."""
    traces, parts, kpis = frozen.traces(), [], applicable(frozen.scenario)
    for first in range(0, len(traces), BATCH):
        batch = traces[first : first + BATCH]
        ledgers = simulate(frozen.scenario, batch, policy, BATCH)
        parts.append(
            _Run(
                kpi_ratios(ledgers, frozen.scenario, objective, kpis, warmup_days),
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
    """Policies by headline KPIs, by what the reward is made of, and by bounds.

    Under a value is its difference to the reference ± half its interval, marked where clear of zero; under a bounded
    KPI the room to its limit. Columns are spread over as many tables as the console is too narrow for.
    """
    episodes = evaluation.ratios.shape[1]
    kpis = {short_label(kpi): partial(_kpi_cell, evaluation, kpi) for kpi in evaluation.headlines.kpis}
    weighted = [term for term in evaluation.terms if evaluation.objective.weights()[term] != 0]
    terms = {TERMS[term].replace(" ", "\n"): partial(_term_cell, evaluation, term) for term in weighted}
    bounds = {
        f"{short_label(bound.kpi.name)}\n{bound_text(bound)}": partial(_bound_cell, evaluation, bound)
        for bound in evaluation.bounds
    }
    for title, columns, caption in (
        (
            f"{evaluation.frozen}: {episodes} episodes of {evaluation.scenario}, {evaluation.looks} looks",
            kpis,
            f"Second line: difference to {evaluation.reference} ± half its 95 % interval, paired by episode; "
            "clearly better is marked ✓, clearly worse ✗.",
        ),
        ("What the reward per case is made of", terms, "Money per case, each term at its weight."),
        ("Bounds", bounds, "Second line: room to the limit, or how far beyond it."),
    ):
        if columns:
            print_columns(evaluation.policies, title, columns, caption, console)


def _kpi_cell(evaluation: Evaluation, kpi: str, policy: str) -> Text:
    q = evaluation.kpis.index(kpi)
    value = evaluation.values[evaluation.policies.index(policy), q]
    return _compared(evaluation, policy, kpi, value, lambda: evaluation.difference(policy), q)


def _term_cell(evaluation: Evaluation, term: Term, policy: str) -> Text:
    value = pooled(evaluation.worth[evaluation.policies.index(policy)])[term]
    return _compared(evaluation, policy, "reward", value, lambda: evaluation.worth_difference(policy), term)


def _compared(
    evaluation: Evaluation, policy: str, kpi: str, value: float, difference: Callable[[], Interval], index: int
) -> Text:
    """A value in the unit of a KPI, and under it the difference to the reference unless that is the policy itself."""
    cell = Text(value_text(kpi, value))
    if policy != evaluation.reference:
        estimate, low, high = (float(bound[index]) for bound in difference())
        mark, style = _MARKS[verdict(kpi, low, high)]
        cell.append(f"\n{half_width_text(kpi, estimate, low, high)}{mark}", style)
    return cell


def _bound_cell(evaluation: Evaluation, bound: Bound, policy: str) -> Text:
    name = bound.kpi.name
    value = float(evaluation.values[evaluation.policies.index(policy), evaluation.kpis.index(name)])
    room = slack_text(bound, value)
    style = _MARKS["better" if room.endswith("✓") else "worse" if room.endswith("✗") else "unclear"][1]
    return Text(value_text(name, value)).append(f"\n{room}", style)


def to_json(evaluation: Evaluation) -> str:
    """The evaluation as JSON, from which `from_json` restores it to the bit."""
    content = {field.name: getattr(evaluation, field.name) for field in fields(evaluation)}
    content["objective"] = asdict(evaluation.objective)
    content["portraits"] = [_lists(asdict(portrait)) for portrait in evaluation.portraits]
    return json.dumps(_lists(content), allow_nan=False)


def from_json(text: str) -> Evaluation:
    """The evaluation that `to_json` wrote.

    Raises:
        ValueError: it is none, or of other terms than the ledger has now.
    """
    try:
        content = json.loads(text)
        if np.shape(content["booked"])[-1] != len(Term):
            raise ValueError(f"booked: expected {len(Term)} terms, found {np.shape(content['booked'])[-1]}")
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
