"""Demand beyond the plain profile: outages, contacts that ease induces, and how wrong the forecast is."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import Value, number


@dataclass(frozen=True)
class Demand:
    """Shocks multiply the rate of one type for some hours; easier contact brings more contacts (WF-1, WF-4)."""

    shocks_per_month: float = number(0, 0, 60, source="1-2 (domain 2.7) [E]")
    shock_factor_low: float = number(2, 1, 100, source="x2-x6 (domain 2.7) [E]")
    shock_factor_high: float = number(6, 1, 100)
    shock_low_s: float = number(1800, 60, 86400, source="0.5-4 h (domain 2.7) [E]")
    shock_high_s: float = number(14400, 60, 86400)
    shock_types: Value = number(1, 0, 1, "type", source="relative chance that a shock hits this type")
    elasticity: float = number(0, 0, 1, source="0-0.3 (domain 2.7) [E]")
    ease_memory_s: float = number(14400, 60, 7 * 86400, source="how long ease is remembered [E]")
    forecast_error_cv: float = number(0, 0, 1, source="day-ahead WAPE of 8-15 % at 30 min (domain 2.7)")
