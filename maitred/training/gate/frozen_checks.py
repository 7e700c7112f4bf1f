"""What frozen sets answer: the objective, guard KPIs, groups of customers, and degenerate behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np

from maitred.training.audit import audit, left_out
from maitred.training.gate.check import Check, State
from maitred.training.gate.guards import Guarded, Standing
from maitred.training.gate.on_frozen import OnFrozen, Played, group_shares, guard_kpis, paired, segments
from maitred.training.gate.settings import Settings
from maitred.training.paired import pooled
from maitred.training.wording import BY_NAME, difference_unit, label, scale, value_text

FROZEN, BEHAVIOUR = 5, 7  # parts of the report


class Mode(StrEnum):
    """What a candidate has to show."""

    BETTER = "better"
    NO_WORSE = "no_worse"


def objective_check(evidence: OnFrozen, mode: Mode, margin: float) -> Check:
    """Whether the reward per case is shown above 0, or above minus the margin."""
    found, asked = evidence.objective(), 0.0 if mode is Mode.BETTER else -margin
    low, high = found.lower(evidence.level), found.upper(evidence.level)
    state = State.PASSED if low > asked else State.FAILED if high < asked else State.UNCLEAR
    word = {State.PASSED: "shown above", State.FAILED: "shown below", State.UNCLEAR: "not shown above"}[state]
    sentence = (
        f"reward per case {found.mean:+.3f} against the champion, at least {low:+.3f} and at most {high:+.3f}: "
        f"{word} {asked:+g}"
    )
    values = {"candidate": _reward(evidence, evidence.candidate), "champion": _reward(evidence, evidence.champion)}
    figures = {"mean": found.mean, "low": low, "high": high, "asked": asked, "mode": mode.value, **values}
    figures["against"] = f"than the champion, on {evidence.frozen.name}"
    return Check(FROZEN, f"objective on {evidence.frozen.name}", state, sentence, figures | _look(evidence))


def guards_check(evidence: OnFrozen, settings: Settings) -> Check:
    """Whether every guard KPI is shown within its tolerance."""
    guarded = guard_kpis(evidence, settings.guards)
    rows = [_guard_row(evidence, one) for one in guarded]
    names = [label(one.guard.name) for one in guarded]
    state, sentence = _standings(guarded, names, f"all {len(guarded)} guard KPIs", "tolerance")
    return Check(FROZEN, f"guard KPIs on {evidence.frozen.name}", state, sentence, {"guards": rows} | _look(evidence))


def segments_check(evidence: OnFrozen, settings: Settings) -> Check:
    """Whether no group of customers is worse off than the margin of groups."""
    guarded = segments(evidence, settings)
    name = f"groups on {evidence.frozen.name}"
    if not guarded:
        return Check(FROZEN, name, State.NOT_ASKED, "all contacts are of one group, or every group is too small")
    shares = group_shares(evidence)
    rows = [_bounds(one, evidence) | {"name": one.guard.name, "share": shares[one.guard.name]} for one in guarded]
    worst = min(guarded, key=lambda one: one.guard.found.lower(evidence.level))
    limit = f"the {settings.segment_margin:g} per contact that a group may lose"
    state, sentence = _standings(guarded, [one.guard.name for one in guarded], f"all {len(guarded)} groups", limit)
    sentence += f" (worst bound {worst.guard.found.lower(evidence.level):+.3f}, of {worst.guard.name})"
    return Check(FROZEN, name, state, sentence, {"segments": rows} | _look(evidence))


def generation0_check(evidence: OnFrozen, first: Played, margin: float) -> Check:
    """Whether the candidate is no worse than the policy of generation 0, by the margin."""
    place = [kpi.name for kpi in evidence.kpis].index("reward")
    found = paired(evidence.candidate.ratios[:, place], first.ratios[:, place], evidence.level)
    low, high = found.lower(evidence.level), found.upper(evidence.level)
    state = State.PASSED if low > -margin else State.FAILED if high < -margin else State.UNCLEAR
    sentence = f"reward per case {found.mean:+.3f} against generation 0, at least {low:+.3f}; asked above {-margin:g}"
    against = f"than generation 0, on {evidence.frozen.name}"
    figures = {"mean": found.mean, "low": low, "high": high, "asked": -margin, "against": against}
    return Check(BEHAVIOUR, f"generation 0 on {evidence.frozen.name}", state, sentence, figures)


def audit_check(evidence: OnFrozen, alpha: float) -> Check:
    """Whether no degenerate behaviour is flagged."""
    ours, theirs = evidence.candidate.watched, evidence.champion.watched
    findings = audit(
        ours.ledgers,
        theirs.ledgers,
        evidence.frozen.traces(),
        evidence.frozen.scenario,
        candidate_deeds=ours.deeds,
        reference_deeds=theirs.deeds,
        alpha=alpha,
    )
    flagged = [finding for finding in findings if finding.flagged]
    unused = left_out(evidence.frozen.scenario)
    sentence = " ".join(one.sentence for one in flagged) or (
        f"none of {len(findings)} degenerate behaviours flagged; {len(unused)} cannot happen in this center"
    )
    rows = [{"id": one.id, "name": one.name, "flagged": one.flagged, "sentence": one.sentence} for one in findings]
    figures: dict[str, Any] = {"findings": rows, "left_out": unused, "alpha": alpha}
    state = State.FAILED if flagged else State.PASSED
    return Check(BEHAVIOUR, f"audit on {evidence.frozen.name}", state, sentence, figures)


def _standings(guarded: Sequence[Guarded], names: Sequence[str], everything: str, limit: str) -> tuple[State, str]:
    """The state of all together, and what stands out."""
    by = {s: [n for n, one in zip(names, guarded, strict=True) if one.standing is s] for s in Standing}
    if by[Standing.BEYOND]:
        return State.FAILED, f"shown worse by more than {limit}: {', '.join(by[Standing.BEYOND])}"
    if by[Standing.UNCLEAR]:
        return State.UNCLEAR, f"not shown to stay within {limit}: {', '.join(by[Standing.UNCLEAR])}"
    return State.PASSED, f"{everything} shown to stay within {limit}"


def _guard_row(evidence: OnFrozen, one: Guarded) -> dict[str, Any]:
    """A guard as the report shows it: in the KPI's own direction turned so that higher is better."""
    name = one.guard.name
    place = [kpi.name for kpi in evidence.kpis].index(name)
    values = {
        who: value_text(name, float(pooled(played.ratios[:, place])))
        for who, played in (("candidate", evidence.candidate), ("champion", evidence.champion))
    }
    words = {"name": name, "label": label(name), "unit": difference_unit(name), "better": BY_NAME[name].better}
    return words | {"scale": scale(name)} | values | _bounds(one, evidence)


def _bounds(one: Guarded, evidence: OnFrozen) -> dict[str, Any]:
    found = one.guard.found
    return {
        "mean": found.mean,
        "low": found.lower(evidence.level),
        "high": found.upper(evidence.level),
        "tolerance": one.guard.tolerance,
        "standing": one.standing.value,
        "harm": one.harm,
    }


def _look(evidence: OnFrozen) -> dict[str, Any]:
    return {"look": evidence.look, "level": evidence.level, "episodes": len(evidence.candidate.ratios)}


def _reward(evidence: OnFrozen, played: Played) -> float:
    place = [kpi.name for kpi in evidence.kpis].index("reward")
    return float(np.asarray(pooled(played.ratios[:, place])))
