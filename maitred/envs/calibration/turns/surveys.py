"""Surveys: how many answer, and whether the satisfied answer more often than others.

Scores of those who do not answer are never seen. But whether a contact was resolved is known of all, and satisfaction
depends on it: those who answer, weighted by 1 / chance of answering, must make up both the resolved and the unresolved
(calibration weighting for non-ignorable non-response; Kott and Chang 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from maitred.envs.calibration.turns.estimates import Estimates, normal, share
from maitred.envs.calibration.turns.events import Bools, Log
from maitred.envs.scenario import Floats

FEWEST = 20  # answers of either kind below which the bias is not fitted


@dataclass(frozen=True)
class SurveyFits:
    """All under the name "all": share answering, odds as a share at no satisfaction, and the bias."""

    response: Estimates
    survey_p: Estimates
    survey_bias: Estimates


def fit_surveys(log: Log) -> SurveyFits:
    """Fit the answers to closed contacts of which it is known whether they were resolved."""
    rows = log.rows("resolve")
    rows = rows[np.isfinite(log.resolved[rows])]
    score = np.full(len(log.arrived.s), np.nan)
    answers = log.rows("survey")
    score[log.contact[answers]] = log.score[answers]
    score, resolved = score[log.contact[rows]], log.resolved[rows] == 1
    answered = np.isfinite(score)
    if not answered.any():
        return SurveyFits({}, {}, {})
    response = {"all": share(answered.sum(), len(answered))}
    if min((answered & resolved).sum(), (answered & ~resolved).sum()) < FEWEST:
        return SurveyFits(response, response, {"all": normal(0.0, np.inf)})
    value, se = response_odds(score, answered, resolved)
    p = special.expit(value[0])
    return SurveyFits(response, {"all": normal(p, p * (1 - p) * se[0], 0, 1)}, {"all": normal(value[1], se[1])})


def response_odds(score: Floats, answered: Bools, resolved: Bools) -> tuple[Floats, Floats]:
    """Intercept and slope of the log odds of answering on the score, and their errors (sandwich)."""

    def excess(x: Floats) -> Floats:
        weight = np.zeros(len(score))
        weight[answered] = 1 + np.exp(-x[0] - x[1] * score[answered])
        return np.stack([(weight - 1) * resolved, (weight - 1) * ~resolved], axis=1)

    def balance(x: Floats) -> Floats:
        return np.asarray(excess(x).sum(axis=0))

    start = [special.logit(answered.mean()), 0.0]
    value = optimize.root(balance, start, method="hybr").x
    step = 1e-5
    slope = np.stack([(balance(value + d) - balance(value - d)) / (2 * step) for d in step * np.eye(2)], axis=1)
    inverse, terms = np.linalg.pinv(slope), excess(value)
    return value, np.sqrt(np.diag(inverse @ (terms.T @ terms) @ inverse.T))
