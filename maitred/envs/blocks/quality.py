"""What satisfaction is made of: the coefficients of the latent CSAT logit."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import number


@dataclass(frozen=True)
class Quality:
    """CSAT = logistic(sum of terms), with the defaults of domain 2.4; terms a scenario does not have are zero."""

    resolved: float = number(2.0, -10, 10, source="domain 2.4")
    wait_per_doubling: float = number(-0.25, -10, 10, source="of the wait over the answer target")
    per_transfer: float = number(-0.6, -10, 10, source="domain 2.4")
    slow_reply: float = number(-0.3, -10, 10, source="mean reply above dialogue.slow_reply_s")
    empathy: float = number(0.4, -10, 10, source="per standard deviation")
    sentiment: float = number(0.8, -10, 10, source="domain 2.4")
