"""An audit asked for by name, and what it has to say, to print and to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from maitred.envs.decision import Policy
from maitred.envs.scenario import Scenario
from maitred.envs.traffic import draw_trace
from maitred.training.audit.finding import AuditError, Finding
from maitred.training.audit.registry import audit, left_out
from maitred.training.audit.short_call_log import MIN_CALLS, AgentCalls
from maitred.training.audit.watching import watch

EPISODES = 8
FLAGGED, CLEAN = "FOUND", "-"


@dataclass(frozen=True)
class Audited:
    """The audit of a policy.

    Attributes:
        policy: its name.
        reference: name of the policy that it is compared with.
        scenario: name of the center.
        episodes: on which both were watched.
        seed: of those.
        findings: of every detector that applies.
        left_out: why the others do not, by id.
    """

    policy: str
    reference: str
    scenario: str
    episodes: int
    seed: int
    findings: tuple[Finding, ...]
    left_out: dict[str, str]

    @property
    def found(self) -> bool:
        """Whether any detector speaks."""
        return any(finding.flagged for finding in self.findings)


def audit_policy(
    scenario: Scenario, policy: Policy, reference: Policy, episodes: int = EPISODES, seed: int = 0
) -> Audited:
    """Watch a policy and a reference on the same days, and look for every degenerate behaviour.

    Args:
        scenario: the center.
        policy: the one in question.
        reference: the champion, or the platform's own rule.
        episodes: at least 2; few find only what is plain.
        seed: of the days.

    Raises:
        AuditError: fewer than two episodes.
    """
    if episodes < 2:
        raise AuditError(f"episodes: expected 2 or more, found {episodes}")
    traces = [draw_trace(scenario, np.random.SeedSequence((seed, episode))) for episode in range(episodes)]
    ours, theirs = watch(scenario, traces, policy), watch(scenario, traces, reference)
    findings = audit(
        ours.ledgers, theirs.ledgers, traces, scenario, candidate_deeds=ours.deeds, reference_deeds=theirs.deeds
    )
    return Audited(policy.name, reference.name, scenario.name, episodes, seed, findings, left_out(scenario))


def findings_table(audited: Audited) -> Table:
    """A line for each symptom of each detector; a detector speaks only if all of its symptoms show."""
    title = (
        f"{audited.policy} beside {audited.reference} in {audited.scenario}, {audited.episodes} episodes of seed "
        f"{audited.seed}"
    )
    table = Table("id", "behaviour, and what is watched", title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("policy", "reference", "worse by", "tolerated"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for finding in audited.findings:
        table.add_row(finding.id, finding.name, "", "", "", "", FLAGGED if finding.flagged else CLEAN)
        for symptom in finding.symptoms:
            numbers = (symptom.value, symptom.reference, symptom.low, symptom.tolerance)
            table.add_row("", f"  {symptom.title}", *map(symptom.text, numbers), "")
    return table


def left_out_text(audited: Audited) -> str:
    """Which detectors were not asked, and why; empty where all were."""
    reasons = "; ".join(f"{detector} {reason}" for detector, reason in audited.left_out.items())
    return f"Cannot happen here: {reasons}." if reasons else ""


def agents_table(agents: Sequence[AgentCalls], log: str) -> Table:
    """DG-2 from a contact log: a line for each agent with enough calls, the highest share first."""
    table = Table("agent", title=f"DG-2 short calls, agents of {log} with {MIN_CALLS} calls or more")
    for name in ("calls", "10 s or less", "at least", "usual", "p, of anybody", "back within the hour"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    for one in agents:
        shares = (f"{share:.1%}" for share in (one.share, one.low, one.usual))
        back = f"{one.short_back:,} of {one.short_known:,}"
        verdict = FLAGGED if one.flagged else CLEAN
        table.add_row(one.agent, f"{one.calls:,}", *shares, f"{one.p:.4f}", back, verdict)
    return table


def audited_json(audited: Audited) -> dict[str, Any]:
    """The same for a file."""
    return asdict(audited) | {"found": audited.found}
