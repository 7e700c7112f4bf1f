"""Proactive messages about problems that are predicted before the customer gets in touch."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import Value, number


@dataclass(frozen=True)
class Outreach:
    """Predicted needs come in a stream; some are real and become contacts unless a message heads them off.

    Of customers without the problem who get a message, `follow_p` get in touch because of it, so that messaging
    blindly raises volume (AC-4). Messages go out between `open_from_s` and `open_to_s` of a day, at most
    `messages_per_day` (AC-9).
    """

    needs_per_h: Value = number(0, 0, 1e6, "type")
    real_share: float = number(0.3, 0, 1, source="[E]")
    prediction_sd: float = number(1, 0.01, 10, source="noise of the predicted log odds [E]")
    delay_mean_s: float = number(7200, 1, 7 * 86400, source="from the prediction to the contact [E]")
    message_cost: float = number(0.1, 0, 10, source="0.02-0.20 (domain 2.5)")
    deflect_p: float = number(0.6, 0, 1, source="[E]")
    follow_p: float = number(0.66, 0, 1, source="66 % of consumers follow up (Gartner 2022, domain 2.5)")
    open_from_s: float = number(32400, 0, 86400)
    open_to_s: float = number(72000, 0, 86400)
    messages_per_day: float = number(1e6, 0, 1e9)
