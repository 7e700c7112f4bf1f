"""Everything that is fitted to a turn log, in one record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from maitred.envs.calibration.arrivals import ArrivalFit, Estimate, priority_shares
from maitred.envs.calibration.patience import PatienceFit
from maitred.envs.calibration.staffing import StaffingFit
from maitred.envs.calibration.turns import complexity
from maitred.envs.calibration.turns.agents import AgentFits, fit_agents
from maitred.envs.calibration.turns.bots import BotFits, fit_bots
from maitred.envs.calibration.turns.channels import ChannelFits, fit_channels, stayed
from maitred.envs.calibration.turns.complexity import ComplexityFits, Mixture
from maitred.envs.calibration.turns.conversations import Turns, agent_turns
from maitred.envs.calibration.turns.demand import fit_first_arrivals, fit_shifts
from maitred.envs.calibration.turns.events import Bools, Log
from maitred.envs.calibration.turns.handoffs import HandoffFits, fit_handoffs
from maitred.envs.calibration.turns.learning import LearningFits, experience_wk, fit_learning, unlearned
from maitred.envs.calibration.turns.promises import PromiseFits, fit_promises
from maitred.envs.calibration.turns.returns import ReturnFits, aftermath, came_back, fit_returns
from maitred.envs.calibration.turns.surveys import SurveyFits, fit_surveys
from maitred.envs.calibration.turns.waiting import first_waits, fit_waiting
from maitred.envs.calibration.turns.work import LEAST_LOG_SD, WorkFits, fit_work, usable
from maitred.envs.scenario import Floats

CLASS_NAMES = {1: ("any",), 2: ("simple", "complex"), 3: ("simple", "medium", "complex")}


@dataclass(frozen=True)
class TurnCalibration:
    """Everything fitted to a turn log; axes as in `events`."""

    log: Log
    classes: tuple[str, ...]  # (K,) names
    single: Bools  # (T,) types whose contacts have one turn
    log_sd: Floats  # (T,)
    weeks: Floats  # (A,) experience at the end of the log, nan where not stated
    mixture: Mixture
    channels: ChannelFits
    work: WorkFits
    learning: LearningFits
    complexity: ComplexityFits
    agents: AgentFits
    bots: BotFits
    handoff: HandoffFits
    promises: PromiseFits
    returns: ReturnFits
    surveys: SurveyFits
    arrivals: ArrivalFit
    staffing: StaffingFit
    patience: PatienceFit  # abandonments that showed
    hazard_per_s: Floats  # (T, P, H) of giving up
    priority_share: Floats  # (T, P)

    def figures(self) -> Iterator[tuple[str, str, str, Estimate]]:
        """Mechanism, figure, name (of a type, channel, bot, ..) and estimate, of everything with an interval."""
        for mechanism, fits in vars(self).items():
            for figure, estimates in getattr(fits, "__dict__", {}).items():
                if isinstance(estimates, Estimate):
                    yield mechanism, figure, "all", estimates
                elif isinstance(estimates, Mapping):
                    yield from ((mechanism, figure, name, value) for name, value in estimates.items())


def fit_turns(log: Log) -> TurnCalibration:
    """Fit every mechanism.

    Raises:
        ValueError: the log holds no turn of an agent with its duration, or no shift.
    """
    turns = agent_turns(log)
    use = usable(turns)
    if not use.any():
        raise ValueError("no turn of an agent with a start, an end and a duration_s in the log")
    channels = fit_channels(log, turns)
    single = ~np.isin(channel_of_types(log), [log.channels.index(name) for name in channels.think_mean_s])
    work = fit_work(log, turns.where(use), stayed(log, turns, channels)[use])
    overhead = work.switch_overhead["all"].value
    log_sd = np.array([work.log_sd[name].value if name in work.log_sd else 0.0 for name in log.types])
    weeks = experience_wk(log.shifts, len(log.agents), turns.agent, turns.start_s)
    learning = fit_learning(turns.where(use), weeks[use], overhead)
    slower = np.log1p(overhead * turns.others_open) + np.log(_curve(learning, weeks))
    y = np.log(np.where(use, turns.work_s, 1.0)) - slower
    talks = complexity.talks_of(log, turns, y, use, np.maximum(log_sd, LEAST_LOG_SD) ** 2, single)
    mixture = complexity.fit_mixture(talks, len(log.types))
    classes = log.arrived.labels or CLASS_NAMES[len(mixture.shift)]
    agents = fit_agents(log, turns.where(use), talks, mixture, log_sd)
    after = aftermath(log, turns)
    returns = fit_returns(log, after)
    mean_s = returns.mean_s["repeat_unresolved"].value if "repeat_unresolved" in returns.mean_s else 1.0
    arrivals = fit_first_arrivals(log)
    patience, hazard = fit_waiting(log, _by_type(log, channels))
    return TurnCalibration(
        log=log,
        classes=classes,
        single=single,
        log_sd=log_sd,
        weeks=experience_wk(
            log.shifts, len(log.agents), np.arange(len(log.agents)), np.full(len(log.agents), log.end_s)
        ),
        mixture=mixture,
        channels=channels,
        work=work,
        learning=learning,
        complexity=complexity.describe(mixture, talks, log.types, classes),
        agents=agents,
        bots=fit_bots(log, came_back(log, after, mean_s), returns.p.get("repeat_unresolved")),
        handoff=fit_handoffs(log, turns, _expected_s(turns, agents, mixture, slower)),
        promises=fit_promises(log),
        returns=returns,
        surveys=fit_surveys(log),
        arrivals=arrivals,
        staffing=fit_shifts(log, arrivals, agents.count),
        patience=patience,
        hazard_per_s=hazard,
        priority_share=priority_shares(first_waits(log), log.types),
    )


def channel_of_types(log: Log) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(T,) channel of each type: that of most of its contacts."""
    arrived = log.arrived
    return np.array([np.bincount(arrived.channel[arrived.type == t]).argmax() for t in range(len(log.types))])


def _by_type(log: Log, channels: ChannelFits) -> Floats:
    """(T,) silent share of each type's channel."""
    names = [log.channels[k] for k in channel_of_types(log)]
    return np.array([channels.silent_share[n].value if n in channels.silent_share else 0.0 for n in names])


def _curve(learning: LearningFits, weeks: Floats) -> Floats:
    """(m,) work over that of the settled agent; 1 where experience is not stated or nothing was learned from it."""
    if not learning.learn_ratio:
        return np.ones(len(weeks))
    curve = unlearned(weeks, learning.learn_ratio["all"].value, learning.learn_half_life_wk["all"].value)
    return np.where(np.isfinite(weeks), curve, 1.0)


def _expected_s(turns: Turns, agents: AgentFits, mixture: Mixture, slower: Floats) -> Floats:
    """(m,) mean work of each turn if no hand-over came before."""
    factor = (mixture.posterior @ np.exp(mixture.shift))[turns.contact]
    return np.asarray(agents.turn_s[turns.agent, turns.type] * factor * np.exp(slower))
