"""One gate run: every question asked in turn, the verdict, and the files that tell it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maitred.envs.objective import Objective
from maitred.serving.governance import NONE, Governance
from maitred.serving.level import RETRAINED_LEVEL, RULES_LEVEL, TRAINED_LEVEL
from maitred.training.frozen import FrozenSet, load_frozen
from maitred.training.gate.check import Check, State, judge
from maitred.training.gate.contender import Contender, GateError, contender
from maitred.training.gate.data_contract import itself_check, replay_check
from maitred.training.gate.frozen_checks import (
    BEHAVIOUR,
    FROZEN,
    Mode,
    audit_check,
    generation0_check,
    guards_check,
    objective_check,
    segments_check,
)
from maitred.training.gate.gate_file import seal, write_gate
from maitred.training.gate.governance_check import promises_check, rules_check
from maitred.training.gate.guard_rail import look_level
from maitred.training.gate.log_checks import FRESH, FRESH_NAME, log_checks, read_log
from maitred.training.gate.logged_pair import LoggedPair
from maitred.training.gate.on_frozen import OnFrozen, look_number, on_frozen, play
from maitred.training.gate.report_page import write_page
from maitred.training.gate.same_check import relabelled_check, rewards_apart
from maitred.training.gate.settings import Settings
from maitred.training.gate.verdict import Decision
from maitred.training.governance.center import govern_set
from maitred.training.governance.files import load_governance
from maitred.training.provenance import commit, versions

PACKAGES = ("numpy", "scipy", "numba", "pyarrow")
EXIT = {Decision.PROMOTE: 0, Decision.HOLD: 3, Decision.REJECT: 4}
REPORT, PAGE = "gate.json", "gate.html"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a gate run is asked.

    Attributes:
        candidate: folder of a bundle or of a training run, or name of a rule.
        champion: likewise.
        sets: folders of frozen sets; the first is the world that the candidate is meant for, where `mode` is asked,
            and on the others it must be no worse.
        log: decision log, of decisions made after the candidate was named.
        governance: approved governance file that all play under; that of the candidate's bundle if none is given.
        mode: what is to be shown.
        generation0: the policy that all began with, as `candidate`.
        settings: tolerances, levels and sizes.
    """

    candidate: str
    champion: str
    sets: tuple[str, ...]
    log: str | None = None
    governance: str | None = None
    mode: Mode = Mode.BETTER
    generation0: str | None = None
    settings: Settings = field(default_factory=Settings)


def run_gate(request: Request) -> dict[str, Any]:
    """Judge a candidate; the sealed content of its report (`gate_file`).

    Raises:
        GateError: arguments that do not go together.
        FrozenSetError: a damaged set.
        GovernanceError: a governance file that is none, or not as it was approved.
        ScenarioError: a set whose center cannot be put under the file.
    """
    candidate, champion = contender(request.candidate), contender(request.champion)
    sets = [load_frozen(path) for path in request.sets]
    if len({frozen.name for frozen in sets}) < len(sets):
        found = ", ".join(frozen.name for frozen in sets)
        raise GateError(f"set: expected frozen sets of different names, found {found}")
    governance = candidate.governance if request.governance is None else load_governance(request.governance)
    sets = [govern_set(frozen, governance) for frozen in sets]
    objective = objective_for(candidate, champion, request.settings)
    pair = None
    if request.log is not None:
        pair = read_log(request.log, candidate, champion, sets, objective, request.settings.log_most)
    run = _Run(request, candidate, champion, objective, governance)
    checks = [rules_check(candidate, governance, request.settings.fuzz_decisions, request.settings.seed)]
    for place, frozen in enumerate(sets):
        checks += run.on_set(frozen, place == 0)
    checks += run.on_log(pair)
    return seal(run.content(sets, pair, sorted(checks, key=lambda check: check.part)))


def write_gate_run(folder: str | Path, sealed: Mapping[str, Any]) -> tuple[Path, Path]:
    """Write the report and its page; where they are."""
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    write_gate(out / REPORT, sealed)
    write_page(out / PAGE, sealed)
    return out / REPORT, out / PAGE


def objective_for(candidate: Contender, champion: Contender, settings: Settings) -> Objective:
    """What the reward is made of: what both were trained for, or what the settings say.

    Raises:
        GateError: they were trained for different objectives, and the settings name none.
    """
    if settings.objective is not None:
        return Objective(**settings.objective)
    stated = [Objective(**one.objective) for one in (candidate, champion) if one.objective is not None]
    if len(stated) == 2 and stated[0] != stated[1]:
        raise GateError("objective: candidate and champion were trained for different ones; name one in settings=")
    return stated[0] if stated else Objective()


@dataclass(frozen=True, eq=False)
class _Run:
    """A request with what was loaded for it."""

    request: Request
    candidate: Contender
    champion: Contender
    objective: Objective
    governance: Governance | None

    def on_set(self, frozen: FrozenSet, first: bool) -> list[Check]:
        """What a frozen set answers, unless it has no looks left."""
        settings, name = self.request.settings, f"looks at {frozen.name}"
        number = look_number(frozen.looks.read(), self.candidate)
        if number > settings.looks:
            sentence = f"all {settings.looks} looks are used up: freeze another set; this one was not looked at"
            return [Check(FROZEN, name, State.NOT_RUN, sentence, {"look": number})]
        told = f"look {number} of {settings.looks}, at a level of {look_level(number, settings.alpha):.3%}"
        looks = Check(FROZEN, name, State.PASSED, told, {"look": number, "looks": settings.looks})
        return [looks, *self._judged(frozen, self.request.mode if first else Mode.NO_WORSE, first)]

    def _judged(self, frozen: FrozenSet, mode: Mode, first: bool) -> list[Check]:
        settings = self.request.settings
        evidence = on_frozen(frozen, self.candidate, self.champion, self.objective, settings.alpha, command())
        checks = [
            replay_check(evidence, self.candidate, self.objective),
            itself_check(evidence, self.champion, self.objective),
            relabelled_check(frozen.name, rewards_apart(evidence), settings.relabelled, settings.seed),
            objective_check(evidence, mode, settings.margin),
            guards_check(evidence, settings),
            segments_check(evidence, settings),
            audit_check(evidence, settings.audit_alpha),
            promises_check(evidence, self.governance),
        ]
        return [*checks, self._against_first(evidence)] if first else checks

    def _against_first(self, evidence: OnFrozen) -> Check:
        if self.request.generation0 is None:
            return Check(BEHAVIOUR, "generation 0", State.NOT_ASKED, "no policy of generation 0 was given")
        began = play(evidence.frozen, contender(self.request.generation0), self.objective, command())
        return generation0_check(evidence, began, self.request.settings.margin)

    def on_log(self, pair: LoggedPair | None) -> list[Check]:
        """What a decision log answers; level 2 cannot do without."""
        needed = self.candidate.level >= RETRAINED_LEVEL
        if pair is None or self.request.log is None:
            why = "no decision log was given" + (", which a policy retrained from its own logs needs" if needed else "")
            return [Check(FRESH, FRESH_NAME, State.NOT_RUN if needed else State.NOT_ASKED, why)]
        asked = 0.0 if self.request.mode is Mode.BETTER else -self.request.settings.margin
        return log_checks(self.request.log, pair, self.candidate, self.request.settings, asked)

    def content(self, sets: list[FrozenSet], pair: LoggedPair | None, checks: list[Check]) -> Mapping[str, Any]:
        """Everything that was decided from."""
        verdict = judge(checks)
        return {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "verdict": verdict.decision,
            "level": self._level(verdict.decision, checks),
            "reasons": verdict.reasons,
            "mode": self.request.mode,
            "margin": self.request.settings.margin,
            "candidate": self.candidate.described(),
            "champion": self.champion.described(),
            "sets": [_described(frozen) for frozen in sets],
            "log": None if pair is None else {"sha256": pair.sha256, "rows": pair.rows, "decisions": len(pair)},
            "governance_sha256": NONE if self.governance is None else self.governance.sha256,
            "objective": asdict(self.objective),
            "settings": self.request.settings.described(),
            "checks": [asdict(check) for check in checks],
            "command": command(),
            "commit": commit(),
            "versions": versions(*PACKAGES),
        }

    def _level(self, decision: Decision, checks: list[Check]) -> int:
        """The highest AI level that this verdict carries."""
        if decision is not Decision.PROMOTE or self.candidate.level == RULES_LEVEL:
            return RULES_LEVEL
        fresh = any(check.name == FRESH_NAME and check.figures.get("proven") for check in checks)
        return RETRAINED_LEVEL if fresh else TRAINED_LEVEL


def _described(frozen: FrozenSet) -> dict[str, Any]:
    looks = frozen.looks.read()
    return {
        "name": frozen.name,
        "sha256": frozen.sha256,
        "scenario": frozen.scenario.name,
        "scenario_sha256": frozen.scenario_sha256,
        "seed": frozen.seed,
        "episodes": frozen.episodes,
        "looks": len(looks),
        "last_look_sha256": looks[-1].sha256 if looks else frozen.sha256,
    }


def command() -> str:
    """The command line, as ledgers and reports tell it."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
