"""The learning curve, from how each agent's work falls as experience grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from maitred.envs.calibration.turns.conversations import Turns
from maitred.envs.calibration.turns.estimates import Estimates, normal
from maitred.envs.calibration.turns.events import Shifts
from maitred.envs.calibration.turns.work import centred
from maitred.envs.scenario import Floats, Ints

MIN_SPREAD_WK = 0.5  # agents whose experience moves less within the log say nothing of the curve
RATIO, HALF_LIFE_WK = (1.0, 5.0), (0.1, 100.0)


@dataclass(frozen=True)
class LearningFits:
    """Both under the name "all"; empty where experience is not stated, or no learning can be told from none."""

    learn_ratio: Estimates
    learn_half_life_wk: Estimates


def experience_wk(shifts: Shifts, agents: int, agent: Ints, at_s: Floats) -> Floats:
    """(m,) weeks of experience of `agent` at `at_s`, straight lines between the shifts that state it; nan if none."""
    weeks = np.full(len(agent), np.nan)
    for a in range(agents):
        mine = (shifts.agent == a) & np.isfinite(shifts.tenure_wk)
        if mine.any():
            here = agent == a
            weeks[here] = np.interp(at_s[here], shifts.s[mine], shifts.tenure_wk[mine])
    return weeks


def unlearned(weeks: Floats, ratio: float, half_life_wk: float) -> Floats:
    """Work over that of the settled agent: 1 + (r - 1) 2^(-t / h) (domain 2.6)."""
    return 1 + (ratio - 1) * np.exp2(-weeks / half_life_wk)


def fit_learning(turns: Turns, weeks: Floats, overhead: float) -> LearningFits:
    """Fit r and h to the mean log work of contacts, less the mean of their agent and type, by least squares.

    Complexity differs from contact to contact but not with experience, so that it is noise here. Standard errors
    from the Jacobian (Bates and Watts 1988, section 2.3).
    """
    key = np.stack([turns.contact, turns.agent, turns.type])
    pairs, pair = np.unique(key, axis=1, return_inverse=True)
    size = np.bincount(pair.ravel())
    y = np.bincount(pair.ravel(), np.log(turns.work_s) - np.log1p(overhead * turns.others_open)) / size
    t = np.bincount(pair.ravel(), weeks) / size
    cell = np.unique(pairs[1:], axis=1, return_inverse=True)[1].ravel()
    use = np.isfinite(t)
    if not use.any() or np.std(centred(t[use], cell[use])) < MIN_SPREAD_WK:
        return LearningFits({}, {})

    def misfit(x: Floats) -> Floats:
        return centred(y[use] - np.log(unlearned(t[use], 1 + np.exp(x[0]), np.exp(x[1]))), cell[use])

    bounds = [np.log(1e-3), np.log(HALF_LIFE_WK[0])], [np.log(RATIO[1] - 1), np.log(HALF_LIFE_WK[1])]
    fit = optimize.least_squares(misfit, x0=[np.log(0.5), np.log(5.0)], bounds=bounds)
    variance = 2 * fit.cost / max(use.sum() - len(np.unique(cell[use])) - 2, 1)
    se = np.sqrt(np.diag(np.linalg.pinv(fit.jac.T @ fit.jac)) * variance)
    ratio, half_life = 1 + np.exp(fit.x[0]), np.exp(fit.x[1])
    learned = normal(ratio, se[0] * (ratio - 1), *RATIO)
    if learned.low <= RATIO[0]:
        return LearningFits({}, {})
    return LearningFits({"all": learned}, {"all": normal(half_life, se[1] * half_life, *HALF_LIFE_WK)})
