"""Whether a candidate keeps the governance file: fuzzed decision by decision, and on average on a frozen set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maitred.envs.simulator import Ledger
from maitred.serving.governance import NONE, Governance
from maitred.training.gate.check import Check, State
from maitred.training.gate.contender import Contender, never_abstaining
from maitred.training.gate.on_frozen import OnFrozen
from maitred.training.governance.fuzz import fuzz
from maitred.training.paired import pooled
from maitred.training.wording import label, value_text

PART = 7


def rules_check(candidate: Contender, governance: Governance | None, decisions: int, seed: int) -> Check:
    """Whether the candidate, answering any decisions whatever, ever breaks a rule."""
    if governance is None:
        return Check(PART, "governance", State.NOT_ASKED, "no governance file is in force")
    stated = candidate.governance_sha256
    if stated not in (NONE, governance.sha256):
        sentence = f"the candidate is under other rules ({stated[:12]}) than the file ({governance.sha256[:12]})"
        return Check(PART, "governance", State.FAILED, sentence, {"stated": stated, "file": governance.sha256})
    outspoken = never_abstaining(
        candidate.policy
    )  # random decisions are unlike any: hardly one would reach the network
    found = fuzz(outspoken, governance, seed, decisions)
    broken = {rule: count for rule, count in found.violations.items() if count}
    counts = ", ".join(f"{rule} {count:,} times" for rule, count in broken.items())
    sentence = f"{found.decisions:,} random decisions: " + (
        f"broke {counts}" if broken else f"no violation, {found.overridden:,} forbidden answers overruled"
    )
    figures = {
        "decisions": found.decisions,
        "refused": found.refused,
        "overridden": found.overridden,
        "tempted": dict(found.tempted),
        "violations": dict(found.violations),
    }
    return Check(PART, "governance", State.PASSED if found.clean else State.FAILED, sentence, figures)


@dataclass(frozen=True)
class Promise:
    """An average that the file promises, and what came of it.

    Attributes:
        told: what is promised, in words.
        sign: 1 where more of it breaks the promise, -1 where less does.
        limit: of the average.
        candidate: its value under the candidate; NaN where nothing was counted.
        champion: its value under the champion.
    """

    told: str
    sign: float
    limit: float
    candidate: float
    champion: float

    @property
    def broken(self) -> bool:
        """Whether the candidate breaks it, and by more than the champion does."""
        found = self.sign * self.candidate
        return found > self.sign * self.limit and found > self.sign * self.champion


def promises_check(evidence: OnFrozen, governance: Governance | None) -> Check:
    """Whether the averages that the file promises are kept, or at least as well as the champion keeps them."""
    name = f"promises on {evidence.frozen.name}"
    promises = [] if governance is None else [*_fairness(governance, evidence), *_service(governance, evidence)]
    if not promises:
        return Check(PART, name, State.NOT_ASKED, "no governance file promises an average of this center")
    broken = [promise for promise in promises if promise.broken]
    values = "; ".join(f"{p.told}: {p.candidate:.3g}, the champion {p.champion:.3g}" for p in broken or promises)
    sentence = f"{len(broken)} of {len(promises)} promises broken by more than the champion does: {values}"
    return Check(PART, name, State.UNCLEAR if broken else State.PASSED, sentence)


def _fairness(governance: Governance, evidence: OnFrozen) -> list[Promise]:
    """The bounds of the file on KPIs that the center has."""
    ours, theirs = (pooled(played.ratios).tolist() for played in (evidence.candidate, evidence.champion))
    places = {kpi.name: q for q, kpi in enumerate(evidence.kpis)}
    found = []
    for text, limit in governance.fairness.items():
        sign = 1.0 if text.endswith("_at_most") else -1.0
        name = text.removesuffix("_at_most").removesuffix("_at_least")
        if (q := places.get(name)) is not None:
            told = f"{label(name)} {'at most' if sign > 0 else 'at least'} {value_text(name, limit)}"
            found.append(Promise(told, sign, limit, ours[q], theirs[q]))
    return found


def _service(governance: Governance, evidence: OnFrozen) -> list[Promise]:
    """The service levels of the file for types that the center has."""
    found = []
    for name, promised in governance.service_levels.items():
        if name in (types := evidence.frozen.scenario.types.names):
            shares = [
                answered_within(played.watched.ledgers, types.index(name), promised.within_s)
                for played in (evidence.candidate, evidence.champion)
            ]
            told = f"{name} answered within {promised.within_s:g} s at least {promised.share:.0%}"
            found.append(Promise(told, -1.0, promised.share, *shares))
    return found


def answered_within(ledgers: Sequence[Ledger], type_: int, within_s: float) -> float:
    """Share of the contacts of a type that an agent answered within some seconds of their arrival."""
    contacts = np.concatenate([ledger.contacts[ledger.contacts["type"] == type_] for ledger in ledgers])
    if not len(contacts):
        return float("nan")
    return float((contacts["answer_s"] - contacts["arrival_s"] <= within_s).mean())
