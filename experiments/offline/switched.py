"""What a policy books from a moment on, when another ruled until then: the truth behind fitted Q evaluation."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.intervals import Interval, ratio_interval
from experiments.offline.center import Floats
from experiments.ope.center import OBJECTIVE
from maitred.envs.decision import CONTEXT_NAMES, Choices, Decisions, Policy
from maitred.envs.scenario import Scenario
from maitred.training.decision_log.record import Source, logged_traces, record
from maitred.training.offline.evaluation import answers, fitted_q_values
from maitred.training.offline.experience import Experience, read_experience
from maitred.training.offline.methods import Study
from maitred.training.offline.steps import semi_markov

HORIZON_S = 300.0  # of discounting, so that what a decision does to the next ones counts
HOURS = (9, 11, 13, 15)
_FIRST, _SIN, _COS = 0, CONTEXT_NAMES.index("time_of_day_sin"), CONTEXT_NAMES.index("time_of_day_cos")


@dataclass(frozen=True)
class Switching:
    """One policy until an hour of the day, another from then on."""

    before: Policy
    after: Policy
    hour: float

    @property
    def name(self) -> str:
        """Of both policies."""
        return f"{self.before.name} until {self.hour:g}, {self.after.name}"

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        early = _hour(decisions.context) < self.hour
        one, other = self.before.act(decisions), self.after.act(decisions)
        return Choices(
            np.where(early, one.candidate, other.candidate), np.where(early, one.propensity, other.propensity)
        )


def fitted_q_error(
    center: Scenario, behaviour: Policy, policy: Policy, unseen: Study, seed: int, count: int
) -> tuple[float, Interval]:
    """What is booked after a switch, and by how much fitted Q evaluation is off, as a share of it with a 95 % interval.

    Up to the switch, days repeat those of the log, so that prediction and truth are about the same decision. The
    switches of one day meet the same contacts, so days are what the interval takes for independent.

    Args:
        center: the scenario.
        behaviour: who made the log.
        policy: who is evaluated.
        unseen: the log, which the policy has not learned from.
        seed: of its days.
        count: of its days.
    """
    steps = semi_markov(unseen.experience, HORIZON_S)
    rng = unseen.generator(_FIRST)
    value = fitted_q_values(unseen.lessons, steps, answers(unseen.experience, policy), unseen.fit, rng)
    value += _average(unseen.experience, steps.rate)
    predicted, booked, switches = np.zeros((3, count))
    for hour in HOURS:
        days, *found = _pairs(center, Switching(behaviour, policy, hour), unseen.experience, value, seed, count)
        for total, of_days in zip((predicted, booked), found, strict=True):
            total[days] += of_days
        switches[days] += 1
    off, met = predicted - booked, switches > 0
    return float(booked.sum() / switches.sum()), ratio_interval(off[met], booked[met], level=0.95)


def _pairs(
    center: Scenario, policy: Switching, log: Experience, value: Floats, seed: int, count: int
) -> tuple[list[int], list[float], list[float]]:
    """Days that have a decision after the switch, and what is predicted and booked from it on."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "switched.parquet"
        record(center, logged_traces(center, seed, count), Source(policy, seed), path, OBJECTIVE)
        switched = read_experience(path)
    ours, theirs = (_first_after(one, policy.hour) for one in (log, switched))
    days = sorted(ours.keys() & theirs.keys())
    steps = semi_markov(switched, HORIZON_S)
    booked = steps.scale * steps.returns().numpy() + _average(switched, steps.rate)
    return days, [float(value[ours[day]]) for day in days], [float(booked[theirs[day]]) for day in days]


def _first_after(experience: Experience, hour: float) -> dict[int, int]:
    """Row of the first decision of each episode that is made at an hour or later."""
    late = np.zeros(len(experience), np.bool_)
    for lists in experience.lists:
        late[lists.row] = _hour(lists.context) >= hour
    rows = np.flatnonzero(late)
    episodes, first = np.unique(experience.episode[rows], return_index=True)
    return dict(zip(episodes.tolist(), rows[first].tolist(), strict=True))


def _hour(context: np.ndarray) -> Floats:
    """(B,) hour of the day, of (B, C) contexts."""
    angle = np.arctan2(context[:, _SIN], context[:, _COS])
    return np.asarray(np.mod(angle, 2 * np.pi) * 12 / np.pi, np.float64)


def _average(experience: Experience, rate: float) -> Floats:
    """(n,) what is booked on average, at a rate per second, from each decision to the end of its episode."""
    last = np.append(np.flatnonzero(np.diff(experience.episode)), len(experience) - 1)
    ends = (experience.at_s + experience.step_s)[last]
    left_s = ends[experience.episode] - experience.at_s
    return np.asarray(rate * HORIZON_S * (1 - np.exp(-left_s / HORIZON_S)))
