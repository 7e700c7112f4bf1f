"""Customers: what they are worth, what they prefer, and how they answer surveys."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import Value, names, number


@dataclass(frozen=True)
class Customers:
    """Value tiers, churn, preferences, tolerance of bots, and surveys with a response bias (CT-9, CT-10, K-9)."""

    names: tuple[str, ...] = names("any")
    tier_share: Value = number(1, 0, 1, "tier")
    value: Value = number(0, 0, 1e6, "tier", source="money a loyal customer is worth")
    patience_factor: Value = number(1, 0.05, 20, "tier", source="0.65-1.8 (domain 2.8)")
    churn_p: float = number(0, 0, 1, source="at no satisfaction at all; falls to 0 at full satisfaction [E]")
    prefers_other_p: float = number(0, 0, 1, source="share that would rather use another channel (CT-9) [E]")
    bot_intolerant_share: float = number(1, 0, 1, source="share that leaves a bot with its leave_p (CT-9) [E]")
    survey_p: float = number(0.15, 0, 1, source="of those not satisfied at all; 5-25 % (domain 2.8)")
    survey_bias: float = number(0, -1, 1, source="response at full over none satisfaction: exp(bias) odds [E]")
