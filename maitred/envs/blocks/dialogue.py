"""What a conversation is about: complexity, urgency and sentiment, hidden, changing from turn to turn."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import Value, names, number


@dataclass(frozen=True)
class Dialogue:
    """Hidden Markov dynamics per turn, of which policies see a filtered belief (CT-1..CT-3, CT-6).

    A conversation passes `phases` phases, each turn ending a phase with chance phases / turns_mean, so that turns
    are geometric with one phase and more regular with more. A turn's work is the agent's mean for the type times
    the complexity's work factor, less the share automation takes (CT-4). After every turn a noisy reading of the
    complexity and the urgency, right with chance `signal_accuracy`, updates the beliefs by Bayes' rule.
    """

    names: tuple[str, ...] = names("any")
    level: Value = number(0.5, 0, 1, "complexity", source="place on the axis from simple to complex (CT-1)")
    share: Value = number(1, 0, 1, "type", "complexity")
    work_factor: Value = number(1, 0.05, 20, "complexity", source="turns of 20, 35, 60 s (domain 2.2)")
    turns_mean: Value = number(1, 1, 1e9, "complexity", source="6, 9, 16 (domain 2.8)")
    phases: float = number(1, 1, 20)
    automation_share: Value = number(0, 0, 0.9, "complexity", source="20/50/75 % removable (CT-4)")
    transition: Value = number(0, 0, 1, "complexity", "complexity", source="per turn off the diagonal; 0 for none")
    urgent_share: Value = number(0, 0, 1, "type")
    urgent_from_routine_p: float = number(0, 0, 1, source="per turn [E]")
    routine_from_urgent_p: float = number(0, 0, 1, source="per turn [E]")
    deadline_mean_s: Value = number(0, 0, 7 * 86400, "type", source="of urgent contacts, exponential; 0 for none")
    signal_accuracy: float = number(1, 0.5, 1, source="of a turn's reading of complexity and urgency [E]")
    sentiment_mean: float = number(0, -1, 1)
    sentiment_sd: float = number(0, 0, 1, source="spread between customers and of a turn's noise [E]")
    sentiment_reading_sd: float = number(0.2, 0, 2, source="of the reading that policies see [E]")
    sentiment_reversion: float = number(0.2, 0, 1, source="share of the way back to the mean, per turn [E]")
    sentiment_transfer: float = number(-0.2, -1, 0, source="jump at a transfer (CT-6) [E]")
    sentiment_slow_reply: float = number(-0.1, -1, 0, source="jump at a reply slower than slow_reply_s (CT-6) [E]")
    sentiment_repeat: float = number(-0.2, -1, 0, source="start of a repeat contact (CT-6) [E]")
    sentiment_work: float = number(0, 0, 1, source="extra work per unit of negative sentiment (Altman et al. 2021)")
    slow_reply_s: float = number(90, 1, 86400, source="reply time that costs satisfaction (domain 2.4)")
