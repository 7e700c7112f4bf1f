"""The four quadrants of complexity and urgency, each with its mode and its concurrency (domain Q-A..Q-D).

    complex and urgent    an agent at once, one of the least busy, by voice if the center mixes channels; few others
    complex and routine   in writing, later, beside many others
    simple and routine    a bot; back to it once an agent sees that it is simple
    simple and urgent     a bot for a few turns, then an agent with all that was said; some others

A contact is complex or urgent where that is believed at least as likely as not. What an agent holds is known by its
mean complexity alone, so an agent with complex work is kept to few conversations whether it is urgent or not;
the routine ones that went asynchronous weigh little while their customers are silent and so do not fill the cap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maitred.agents.candidates import choose, does, either, feature
from maitred.agents.caps import nearest_cap
from maitred.envs.decision import Action, Choices, Decisions, Kind

COMPLEX, URGENT = 0.5, 0.5
CAP_COMPLEX, CAP_SIMPLE = 2, 4  # slots, of which a heavy conversation takes two; domain 1.3: 1, at most 2; 3-4
BOT_TURNS = 3  # after which a bot gives an urgent contact up [E]
SURE_AFTER_TURNS = 2  # of which each gave a reading of complexity and urgency [E]


@dataclass(frozen=True, slots=True)
class Quadrant:
    """Mode and concurrency by believed complexity and urgency."""

    name: str = "quadrant"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        kind = decisions.kind
        caps = nearest_cap(decisions, np.where(_on_complex_work(decisions), CAP_COMPLEX, CAP_SIMPLE))
        turned = choose(decisions, np.zeros(()), _better_mode(decisions))
        seated = choose(decisions, _preference(decisions), _seats(decisions))
        return either(kind == Kind.CONCURRENCY, caps, either(kind == Kind.REASSESS, turned, seated))


def _complex(decisions: Decisions) -> NDArray[np.bool_]:
    return feature(decisions, "complexity") >= COMPLEX


def _urgent(decisions: Decisions) -> NDArray[np.bool_]:
    return feature(decisions, "urgency") >= URGENT


def _on_complex_work(decisions: Decisions) -> NDArray[np.bool_]:
    return feature(decisions, "mix") >= COMPLEX


def _elsewhere(decisions: Decisions) -> NDArray[np.bool_]:
    """(B, K) bool: a bot for the simple, an answer in writing for the complex and routine."""
    complex_, routine = _complex(decisions), ~_urgent(decisions)
    return (does(decisions, Action.BOT) & ~complex_) | (does(decisions, Action.DEFER) & complex_ & routine)


def _seats(decisions: Decisions) -> NDArray[np.bool_]:
    """(B, K) bool, where a contact may go; the complex wait for an agent even where bots usually come first."""
    wait = does(decisions, Action.HOLD) & _complex(decisions) & (decisions.kind == Kind.ROUTE)[:, None]
    seats: NDArray[np.bool_] = _elsewhere(decisions) | does(decisions, Action.ASSIGN) | wait
    return seats


def _preference(decisions: Decisions) -> NDArray[np.float64]:
    """(B, K): elsewhere, then agents, then waiting; in pull the urgent, in route who holds least or the simplest."""
    both = _complex(decisions) & _urgent(decisions)
    agent = np.where(both, -feature(decisions, "open"), -feature(decisions, "mix"))
    pulls = (decisions.kind == Kind.PULL)[:, None]
    agent = np.where(does(decisions, Action.HOLD), -np.finfo(np.float64).max, agent)
    return np.where(_elsewhere(decisions), np.inf, np.where(pulls, _urgent(decisions), agent))


def _better_mode(decisions: Decisions) -> NDArray[np.bool_]:
    """(B, K) bool, the change of mode that a running conversation's quadrant asks for, if any."""
    complex_, urgent, turns = _complex(decisions), _urgent(decisions), feature(decisions, "turns")
    with_bot = feature(decisions, "open") == 0
    give_up = with_bot & (complex_ | (urgent & (turns >= BOT_TURNS)))
    with_agent = (
        (does(decisions, Action.LIVE) & complex_ & urgent)
        | (does(decisions, Action.ASYNC) & complex_ & ~urgent)
        | (does(decisions, Action.HAND_BACK) & ~complex_ & ~urgent)
    )
    sure = turns >= SURE_AFTER_TURNS
    changes: NDArray[np.bool_] = (does(decisions, Action.ESCALATE) & give_up) | (with_agent & sure)
    return changes
