"""What the gate tolerates: defaults, and a file that changes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import yaml

from maitred.envs.kpi import KPIS
from maitred.envs.objective import Objective

_KNOWN = {kpi.name for kpi in KPIS}


class SettingsError(ValueError):
    """A settings file that cannot be used; the message names the file, the field, what was expected and found."""


@dataclass(frozen=True)
class Tolerance:
    """How much worse a guard KPI may be: `absolute` in its unit, plus `share` of the champion's value."""

    absolute: float = 0.0
    share: float = 0.0

    def of(self, champion: float) -> float:
        """In the unit of the KPI."""
        return self.absolute + self.share * abs(champion)

    def __str__(self) -> str:
        """As a settings file says it."""
        return f"{100 * self.share:g}%" if self.share else f"{self.absolute:g}"


GUARDS: Mapping[str, Tolerance] = {
    "abandonment": Tolerance(0.01),
    "service_level": Tolerance(0.02),
    "time_to_help_s": Tolerance(share=0.10),
    "aht_s": Tolerance(share=0.05),
    "deadline_met": Tolerance(0.02),
    "promise_kept": Tolerance(0.02),
    "wait_ratio": Tolerance(0.15),
    "fcr": Tolerance(0.01),
    "repeat_rate": Tolerance(0.01),
    "containment_resolved": Tolerance(0.02),
    "transfer_rate": Tolerance(0.02),
    "mismatch": Tolerance(0.02),
    "csat": Tolerance(0.01),
    "cost_per_contact": Tolerance(share=0.02),
    "churn_per_contact": Tolerance(share=0.03),
    "occupancy": Tolerance(0.02),
    "workload_gini": Tolerance(0.03),
    "novice_load": Tolerance(0.10),
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Tolerances, levels and sizes. A file sets any of them.

    Attributes:
        alpha: one-sided error of promoting a policy that is not better, over all looks at a frozen set; of the paired
            test on a log likewise.
        margin: how much worse than the champion "no worse" still is, money per case.
        looks: candidates that one frozen set may ever judge.
        guards: tolerance of each guard KPI; those that a center has not are left out.
        segment_margin: how much worse a group of customers may fare, money per contact of it; .4 is what five points of
            satisfaction are worth at the default objective.
        segment_contacts: contacts that a group must have in the set to be judged by itself.
        audit_alpha: chance of flagging any degenerate behaviour in a policy that is no worse than tolerated.
        fuzz_decisions: random decisions that a candidate answers under governance.
        relabelled: times that candidate and champion are exchanged at random in the A/A part.
        planned: decisions that the paired test on logs is planned for; 0 takes the log as it is, in one look.
        log_looks: looks at even distances until then.
        log_most: decisions of a log that are read, the first ones.
        clip: largest weight of the clipped estimator.
        like: logged decisions of the same kind that a candidate's answer must have to count as known.
        unlike_most: share of its answers that may have fewer.
        fallback_most: share of logged decisions that may have been taken by a fallback or an override.
        objective: weights of the objective, where candidate and champion were trained for different ones.
        seed: of everything that is drawn.
    """

    alpha: float = 0.05
    margin: float = 0.05
    looks: int = 20
    guards: Mapping[str, Tolerance] = field(default_factory=lambda: dict(GUARDS))
    segment_margin: float = 0.4
    segment_contacts: int = 500
    audit_alpha: float = 0.05
    fuzz_decisions: int = 1_000_000
    relabelled: int = 4_000
    planned: int = 0
    log_looks: int = 10
    log_most: int = 60_000
    clip: float = 10.0
    like: int = 10
    unlike_most: float = 0.05
    fallback_most: float = 0.05
    objective: Mapping[str, Any] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what is out of range.

        Raises:
            SettingsError: naming the field.
        """
        for name in ("alpha", "audit_alpha"):
            _require(0 < getattr(self, name) < 0.5, name, "a probability above 0 and below 0.5", getattr(self, name))
        for name in ("unlike_most", "fallback_most"):
            _require(0 <= getattr(self, name) <= 1, name, "a share from 0 to 1", getattr(self, name))
        for name in ("margin", "segment_margin", "planned", "seed"):
            _require(0 <= getattr(self, name) < math.inf, name, "a finite number, 0 or more", getattr(self, name))
        for name in ("looks", "segment_contacts", "fuzz_decisions", "log_looks", "like"):
            _require(getattr(self, name) >= 1, name, "1 or more", getattr(self, name))
        _require(self.clip >= 1, "clip", "1 or more", self.clip)
        _require(self.relabelled >= 1_000, "relabelled", "1000 or more", self.relabelled)
        _require(self.log_most >= 100, "log_most", "100 or more", self.log_most)

    def described(self) -> dict[str, Any]:
        """What the gate's file says of them."""
        own = {f.name: getattr(self, f.name) for f in fields(self)}
        return own | {"guards": {name: str(tolerance) for name, tolerance in self.guards.items()}}


def load_settings(path: str | Path) -> Settings:
    """The defaults with what a YAML file says.

    Guards that the file names are changed or added, as a number in the KPI's unit or as a share such as `5%`; `off`
    takes one out.

    Raises:
        SettingsError: an unreadable file, an unknown field or KPI, or a value of another type or out of range.
    """
    file = Path(path).name
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{file}: expected a readable YAML file, found {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{file}: expected a mapping of settings, found {type(content).__name__}")
    try:
        return replace(Settings(), **{name: _read(name, value) for name, value in content.items()})
    except SettingsError as error:
        raise SettingsError(f"{file}: {error}") from error


def _read(name: Any, value: Any) -> Any:
    defaults = {f.name: getattr(Settings(), f.name) for f in fields(Settings)}
    _require(name in defaults, str(name), f"one of {', '.join(defaults)}", "another field")
    if name == "guards":
        return _guards(value)
    if name == "objective":
        known = isinstance(value, dict) and value.keys() <= Objective.__dataclass_fields__.keys()
        _require(known, name, f"weights by name, of {', '.join(Objective.__dataclass_fields__)}", value)
        return value
    whole = isinstance(defaults[name], int)
    number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    _require(number, name, "a whole number" if whole else "a number", value)
    return value


def _guards(value: Any) -> dict[str, Tolerance]:
    _require(isinstance(value, dict), "guards", "a mapping of KPIs to tolerances", value)
    named = {f"guards.{name}": name for name in value}
    for field_, name in named.items():
        _require(name in _KNOWN, field_, "the name of a KPI (docs/kpis.md)", name)
    kept = {name: tolerance for name, tolerance in GUARDS.items() if name not in value}
    changed = {name: _tolerance(name, text) for name, text in value.items() if text not in ("off", False)}
    return kept | changed


def _tolerance(name: str, text: Any) -> Tolerance:
    share = isinstance(text, str) and text.endswith("%")
    try:
        number = float(text.removesuffix("%") if share else text)
    except (TypeError, ValueError):
        number = -1.0
    valid = 0 <= number < 1e6 and not isinstance(text, bool)
    _require(valid, f"guards.{name}", "a number of 0 or more, a share such as 5%, or off", text)
    return Tolerance(share=number / 100) if share else Tolerance(number)


def _require(ok: bool, name: str, expected: str, found: object) -> None:
    if not ok:
        raise SettingsError(f"{name}: expected {expected}, found {found!r}")
