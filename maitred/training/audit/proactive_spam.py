"""DG-10: everybody gets a message, and those without a problem get in touch because of it."""

from __future__ import annotations

import numpy as np

from maitred.envs.kernel.layout import Origin, Term
from maitred.envs.kpi import Ratio
from maitred.envs.scenario import Scenario
from maitred.training.audit.finding import Detector, Episode, Symptom


def _has_outreach(scenario: Scenario) -> bool:
    return bool(np.any(np.asarray(scenario.outreach.needs_per_h) > 0))


def _prompted(episode: Episode) -> Ratio:
    """Contacts that predicted problems or messages brought, per predicted problem."""
    came = np.count_nonzero(episode.books.contacts["origin"] == Origin.PROACTIVE)
    return float(came), float(len(episode.trace.needs))


def _messages(episode: Episode) -> Ratio:
    return episode.books.booked(Term.MESSAGES), float(len(episode.trace.needs))


PROACTIVE_SPAM = Detector(
    "DG-10",
    "proactive spam",
    "sends messages that bring more contacts than they head off",
    (
        Symptom("contacts that came of a predicted problem or its message, per prediction", "share", _prompted, 0.03),
        Symptom("messages per prediction", "share", _messages, 0.05),
    ),
    _has_outreach,
    "proactive messages",
)
