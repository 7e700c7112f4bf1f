"""How KPIs are put into words: labels, units and verdicts, the same in tables and pictures."""

from __future__ import annotations

from typing import Literal

from maitred.envs.constraints import Bound, slack, violation
from maitred.envs.kernel.layout import Term
from maitred.envs.kpi import KPIS, Kpi

Verdict = Literal["better", "worse", "unclear"]

BY_NAME: dict[str, Kpi] = {kpi.name: kpi for kpi in KPIS}

_SHORT = {  # heads of columns on the terminal
    "aht_s": "AHT",
    "asa_s": "ASA",
    "service_level": "service level",
    "deadline_met": "deadlines met",
    "promise_kept": "promises kept",
    "wait_ratio": "low-value wait",
    "abandonment": "abandonment",
    "blocked": "blocked",
    "fcr": "FCR",
    "containment_resolved": "contained",
    "transfer_rate": "transfers",
    "repeated_s": "told again",
    "csat": "CSAT proxy",
    "cost_per_contact": "cost/contact",
    "churn_per_contact": "churn/contact",
    "occupancy": "occupancy",
    "rph": "resolved/h",
    "novice_load": "novice load",
    "reward": "reward/case",
}
TERMS = {
    Term.COST: "Spending",
    Term.FOCUS_S: "Agents' focus time",
    Term.CSAT: "Satisfaction",
    Term.ABANDONED: "Abandonment",
    Term.RESOLVED: "Resolutions",
    Term.DEADLINE_MISSED: "Missed deadlines",
    Term.PROMISE_BROKEN: "Broken promises",
    Term.TRANSFERRED: "Transfers",
    Term.CHURNED: "Churn",
    Term.MISMATCHED: "Unwanted channels",
    Term.MESSAGES: "Messages",
    Term.REPLACED: "Agents who left",
    Term.WAITED_S: "Waiting",
}
_UNITS: dict[str, tuple[str, str, float, int]] = {  # name, name of a difference, factor, digits
    "share": ("%", "pp", 100.0, 1),
    "s": ("s", "s", 1.0, 1),
    "0..1": ("0 to 1", "", 1.0, 3),
    "points": ("points", "points", 100.0, 1),
    "per_h": ("per hour", "per hour", 1.0, 2),
    "per_year": ("per year", "per year", 1.0, 2),
    "weeks": ("weeks", "weeks", 1.0, 1),
    "ratio": ("ratio", "", 1.0, 2),
}
_SUFFIX = {"s": " s", "share": " %", "weeks": " weeks", "per_h": " /h", "per_year": " /year"}
_MINUS = "−"  # as in the pictures
_NO_BREAK = "\u00a0"
_OTHER = ("money", "", 1.0, 3)


def label(kpi: str) -> str:
    """What people call a KPI."""
    return BY_NAME[kpi].label


def short_label(kpi: str) -> str:
    """The head of a column on the terminal."""
    return _SHORT.get(kpi, kpi)


def unit(kpi: str) -> str:
    """Unit of a KPI's values as they are shown."""
    return _UNITS.get(BY_NAME[kpi].unit, _OTHER)[0]


def difference_unit(kpi: str) -> str:
    """Unit of a difference as it is shown: percentage points for shares."""
    return _UNITS.get(BY_NAME[kpi].unit, _OTHER)[1] or unit(kpi)


def scale(kpi: str) -> float:
    """What a value is multiplied by to be shown: 100 for shares."""
    return _UNITS.get(BY_NAME[kpi].unit, _OTHER)[2]


def value_text(kpi: str, value: float) -> str:
    """A value with its unit."""
    _, _, factor, digits = _UNITS.get(BY_NAME[kpi].unit, _OTHER)
    suffix = _SUFFIX.get(BY_NAME[kpi].unit, "")
    return "–" if value != value else f"{value * factor:,.{digits}f}{suffix}".replace("-", _MINUS)


def difference_text(kpi: str, value: float, low: float, high: float) -> str:
    """A difference with its interval and its unit."""
    _, suffix, factor, digits = _UNITS.get(BY_NAME[kpi].unit, _OTHER)
    if value != value:
        return "–"
    if value == low == high == 0:
        return "identical"
    estimate, lower, upper = (f"{x * factor:+,.{digits}f}" for x in (value, low, high))
    interval = f"[{lower}, {upper}] {suffix}".rstrip().replace(" ", _NO_BREAK)
    return f"{estimate} {interval}".replace("-", _MINUS)


def half_width_text(kpi: str, value: float, low: float, high: float) -> str:
    """A difference and half the width of its interval, without unit."""
    _, _, factor, digits = _UNITS.get(BY_NAME[kpi].unit, _OTHER)
    if value != value:
        return "–"
    if value == low == high == 0:
        return "identical"
    return f"{value * factor:+,.{digits}f} ±{(high - low) / 2 * factor:,.{digits}f}".replace("-", _MINUS)


def bound_text(bound: Bound) -> str:
    """A limit with its side and unit."""
    return f"{'≤' if bound.sense == 'at most' else '≥'} {value_text(bound.kpi.name, bound.limit)}"


def slack_text(bound: Bound, value: float) -> str:
    """The room a value leaves under its limit, or how far it is beyond, with a mark."""
    _, suffix, factor, digits = _UNITS.get(bound.kpi.unit, _OTHER)
    room = slack(bound, value)
    if room != room:
        return "–"
    word, mark = ("room", "✓") if violation(bound, value) == 0 else ("over", "✗")
    return " ".join(part for part in (word, f"{abs(room) * factor:,.{digits}f}", suffix, mark) if part)


def verdict(kpi: str, low: float, high: float) -> Verdict:
    """Whether an interval is clear of zero, and on which side."""
    if not (low > 0 or high < 0):
        return "unclear"
    return "better" if (low > 0) == (BY_NAME[kpi].better == "higher") else "worse"
