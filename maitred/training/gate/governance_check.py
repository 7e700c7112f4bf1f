"""Whether a candidate keeps the governance file: fuzzed decision by decision, and on average on a frozen set."""

from __future__ import annotations

from maitred.envs.constraints import Bound, slack
from maitred.envs.kpi import KPIS
from maitred.serving.governance import NONE, Governance
from maitred.training.gate.check import Check, State
from maitred.training.gate.contender import Contender
from maitred.training.gate.on_frozen import OnFrozen
from maitred.training.governance.fuzz import fuzz
from maitred.training.paired import pooled
from maitred.training.wording import bound_text, label, value_text

PART = 7


def rules_check(candidate: Contender, governance: Governance | None, decisions: int, seed: int) -> Check:
    """Whether the candidate, answering any decisions whatever, ever breaks a rule."""
    if governance is None:
        return Check(PART, "governance", State.NOT_ASKED, "no governance file is in force")
    stated = candidate.governance_sha256
    if stated not in (NONE, governance.sha256):
        sentence = f"the candidate is under other rules ({stated[:12]}) than the file ({governance.sha256[:12]})"
        return Check(PART, "governance", State.FAILED, sentence, {"stated": stated, "file": governance.sha256})
    found = fuzz(candidate.policy, governance, seed, decisions)
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


def promises_check(evidence: OnFrozen, governance: Governance | None) -> Check:
    """Whether the candidate keeps the averages that the file promises, as far as this center has them."""
    name = f"promises on {evidence.frozen.name}"
    bounds = [] if governance is None else _bounds(governance, evidence)
    if not bounds:
        return Check(PART, name, State.NOT_ASKED, "no governance file promises an average of this center")
    values = dict(zip((k.name for k in evidence.kpis), pooled(evidence.candidate.ratios).tolist(), strict=True))
    broken = [bound for bound in bounds if slack(bound, values[bound.kpi.name]) < 0]
    told = [f"{label(b.kpi.name)} {value_text(b.kpi.name, values[b.kpi.name])} ({bound_text(b)})" for b in bounds]
    sentence = f"{len(broken)} of {len(bounds)} promises broken: " + "; ".join(told)
    return Check(PART, name, State.UNCLEAR if broken else State.PASSED, sentence)


def _bounds(governance: Governance, evidence: OnFrozen) -> list[Bound]:
    """The fairness bounds of the file on KPIs that the center has."""
    known = {kpi.name: kpi for kpi in KPIS if kpi in evidence.kpis}
    found = []
    for text, limit in governance.fairness.items():
        sense = "at most" if text.endswith("_at_most") else "at least"
        name = text.removesuffix("_at_most").removesuffix("_at_least")
        if name in known:
            found.append(Bound(known[name], limit, sense))  # type: ignore[arg-type]
    return found
