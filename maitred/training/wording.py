"""How KPIs are put into words: labels, units and verdicts, the same in tables and pictures."""

from __future__ import annotations

from typing import Literal

from maitred.envs.kpi import KPIS, Kpi

Verdict = Literal["better", "worse", "unclear"]

BY_NAME: dict[str, Kpi] = {kpi.name: kpi for kpi in KPIS}

_LABELS = {
    "aht_s": "Handle time (AHT)",
    "asa_s": "Speed of answer (ASA)",
    "service_level": "Service level",
    "abandonment": "Abandonment",
    "csat": "Satisfaction (CSAT)",
    "cost_per_contact": "Cost per contact",
    "occupancy": "Occupancy",
    "reward": "Reward per case",
}
_SHORT = {
    "aht_s": "AHT",
    "asa_s": "ASA",
    "service_level": "service level",
    "abandonment": "abandonment",
    "csat": "CSAT proxy",
    "cost_per_contact": "cost/contact",
    "occupancy": "occupancy",
    "reward": "reward/case",
}
_UNITS = {"share": ("%", "pp", 100.0, 1), "s": ("s", "s", 1.0, 1), "0..1": ("0 to 1", "", 1.0, 3)}
_MINUS = "−"  # as in the pictures
_NO_BREAK = "\u00a0"
_OTHER = ("money", "", 1.0, 3)


def label(kpi: str) -> str:
    """What people call a KPI; its name where it has no label."""
    return _LABELS.get(kpi, kpi)


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
    suffix = {"s": " s", "share": " %"}.get(BY_NAME[kpi].unit, "")
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


def verdict(kpi: str, low: float, high: float) -> Verdict:
    """Whether an interval is clear of zero, and on which side."""
    if not (low > 0 or high < 0):
        return "unclear"
    return "better" if (low > 0) == (BY_NAME[kpi].better == "higher") else "worse"
