"""The bounds and the points that are compared."""

from __future__ import annotations

from collections.abc import Callable

from maitred.training.ope import intervals
from maitred.training.ope.betting import betting_bounds
from maitred.training.ope.confidence_sequence import anytime, asymptotic
from maitred.training.ope.empirical_likelihood import cressie_read_bounds
from maitred.training.ope.estimators import (
    clipped_doubly_robust,
    direct_method,
    doubly_robust,
    inverse_propensity,
    self_normalised,
    self_normalised_doubly_robust,
    shrunk_doubly_robust,
    switch_doubly_robust,
)
from maitred.training.ope.intervals import Bounds
from maitred.training.ope.logged import Floats, Logged
from maitred.training.ope.worst_case import MID_P, doubly_robust_bounds, self_normalised_bounds

REWARDS = (0.0, 1.0)
RESAMPLES = 300

POINTS: dict[str, Callable[[Logged], Floats]] = {
    "DM": direct_method,
    "IPS": inverse_propensity,
    "SNIPS": self_normalised,
    "DR": doubly_robust,
    "SNDR": self_normalised_doubly_robust,
    "DR clipped at 10": lambda log: clipped_doubly_robust(log, 10),
    "DR clipped at 30": lambda log: clipped_doubly_robust(log, 30),
    "SWITCH-DR at 10": lambda log: switch_doubly_robust(log, 10),
    "DRos 1000": lambda log: shrunk_doubly_robust(log, 1000),
}

BOUNDS: dict[str, Callable[[Logged], Bounds]] = {
    "worst case, SNDR": lambda log: doubly_robust_bounds(log, REWARDS),
    "worst case, SNIPS": lambda log: self_normalised_bounds(log, REWARDS),
    "mid-P, SNDR": lambda log: doubly_robust_bounds(log, REWARDS, caution=MID_P),
    "mid-P, SNIPS": lambda log: self_normalised_bounds(log, REWARDS, caution=MID_P),
    "Cressie-Read": lambda log: cressie_read_bounds(log, REWARDS),
    "IPS normal": lambda log: intervals.normal(inverse_propensity(log)),
    "IPS Student's t": lambda log: intervals.students_t(inverse_propensity(log)),
    "IPS bootstrap": lambda log: intervals.bootstrap(inverse_propensity(log), resamples=RESAMPLES),
    "SNIPS normal": lambda log: intervals.normal(self_normalised(log)),
    "SNIPS bootstrap": lambda log: intervals.bootstrap(inverse_propensity(log), log.weights, resamples=RESAMPLES),
    "DR normal": lambda log: intervals.normal(doubly_robust(log)),
    "DR bootstrap": lambda log: intervals.bootstrap(doubly_robust(log), resamples=RESAMPLES),
    "SNDR normal": lambda log: intervals.normal(self_normalised_doubly_robust(log)),
    "IPS Hoeffding": lambda log: intervals.hoeffding(inverse_propensity(log), 0, log.largest_weight),
    "IPS Bernstein": lambda log: intervals.empirical_bernstein(inverse_propensity(log), 0, log.largest_weight),
    "IPS betting": betting_bounds,
    "DR asymptotic CS": lambda log: last(doubly_robust(log)),
    "IPS anytime": anytime,
}


def last(rows: Floats) -> Bounds:
    """The asymptotic confidence sequence at its end."""
    sequence = asymptotic(rows)
    return Bounds(float(sequence.low[-1]), float(sequence.high[-1]))
