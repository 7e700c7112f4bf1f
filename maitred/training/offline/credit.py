"""What a center books between decisions, told at the decisions that it is owed to."""

from __future__ import annotations

import numpy as np

from maitred.training.offline.experience import NOBODY, Bools, Experience, Floats, Integers

_LONGEST_S = 1e8  # of an episode, three years


def credited(experience: Experience) -> Floats:
    """(n,) float64 money: what was booked in the center until the next decision, its contacts' own part moved.

    What a contact books from one decision about it to the next, or to the end of its case, is taken off the step in
    which the contact closed and added to the step that the decision begins. Sums over whole episodes stay equal, so
    no policy gains by it in the long run (return equivalence: Arjona-Medina et al. 2019, "RUDDER", eq. 3); but what a
    decision brings no longer comes minutes later, amid what others have brought. What remains on its step is nobody's,
    such as contacts lost before there was any decision on them.
    """
    e = experience
    moved = e.known & (e.contact != NOBODY) & ~np.isnan(e.closed_s)
    own = np.where(moved, e.reward - _told_later(e, moved), 0.0)
    return e.step_reward + own - np.bincount(_closing_step(e, moved), own, len(e))


def _told_later(e: Experience, moved: Bools) -> Floats:
    """(n,) the reward of the next decision about the same contact, 0 where there is none."""
    order = np.lexsort((np.arange(len(e)), e.contact))
    again = e.contact[order][1:] == e.contact[order][:-1]
    later = np.zeros(len(e))
    later[order[:-1][again]] = np.where(moved, e.reward, 0.0)[order[1:][again]]
    return later


def _closing_step(e: Experience, moved: Bools) -> Integers:
    """(n,) the decision after which, and before the next, each decision's contact closed; its own where not moved."""
    begun = e.episode * _LONGEST_S + e.at_s
    closed = begun + np.where(moved, e.closed_s, 0.0)
    step = np.searchsorted(begun, closed, side="left") - 1  # a contact that closes sets its agent free to decide
    return np.maximum(step, np.arange(len(e)))
