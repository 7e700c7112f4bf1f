"""Handle times of a log: who takes how long with what.

log service = type mean + agent effect + agent x type effect + half-hour effect + noise, for services longer
than `SHORT_S` by a known agent. Agent and interaction effects are pooled (`pooling.fit_crossed`). A clipped
service enters at its clip: a lower bound, which costs little while they are few.
Axes: A agents, T types, N half-hours, B blocks of four weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import stats

from maitred.envs.calibration import log_arrays, pooling
from maitred.envs.scenario import DAY_S, Floats, Ints

SHORT_S = 10.0
BLOCK_S = 28 * DAY_S
_MATERIAL_SD = 0.02  # a half-hour effect below 2 % is not worth a parameter
_PERIOD_ROUNDS = 4


@dataclass(frozen=True)
class Services:
    """The usable services of a log, one entry each, (n,)."""

    agent: Ints
    type: Ints
    seconds: Floats
    period: Ints  # half-hour of the start
    start_s: Floats  # clock time of the start


@dataclass(frozen=True)
class ServiceFit:
    """Fitted handle times; standard deviations and errors are on the log scale."""

    types: tuple[str, ...]
    agents: tuple[str, ...]
    mean_s: Floats  # (A, T) mean handle time without very short contacts
    log_se: Floats  # (A, T) standard error of log(mean_s) in any four weeks, drift included
    count: Ints  # (A, T) services used
    raw_mean_s: Floats  # (A, T) unpooled means, nan where count is 0
    log_sd: Floats  # (T,) scatter around the agent's mean
    tail_factor: Floats  # (T,) observed mean over the mean the log-normal implies; part of mean_s
    ks_distance: Floats  # (T,) Kolmogorov-Smirnov distance of standardised log services from the normal
    short_share: Floats  # (A,) posterior mean share of contacts of at most SHORT_S
    short_count: Ints  # (A,)
    period_factor: Floats  # (N,) mean 1 over services
    period_sd: float  # spread of the half-hour effects, 0 if not material
    sd_type: float  # spread of the type means
    sd_agent: float
    sd_agent_se: float
    sd_interaction: float
    sd_interaction_se: float
    sd_drift: float  # of an agent's mean for a type between blocks of four weeks; 0 from a shorter log


def read_services(log: pa.Table, types: tuple[str, ...], agents: tuple[str, ...]) -> Services:
    """Return every service of a known agent and type with a recorded duration, very short ones included."""
    agent, kind = log_arrays.codes(log, "agent", agents), log_arrays.codes(log, "type", types)
    seconds = log_arrays.numbers(log, "service_s")
    start = log_arrays.clock_s(log, "service_start")
    start = np.where(np.isnan(start), log_arrays.clock_s(log, "arrival"), start)
    use = (agent >= 0) & (kind >= 0) & np.isfinite(seconds)
    return Services(agent[use], kind[use], seconds[use], log_arrays.period_of(start[use]), start[use])


def ordinary(services: Services) -> Services:
    """Return the services longer than `SHORT_S`."""
    use = services.seconds > SHORT_S
    return Services(
        services.agent[use],
        services.type[use],
        services.seconds[use],
        services.period[use],
        services.start_s[use],
    )


def fit_service(log: pa.Table, types: tuple[str, ...], agents: tuple[str, ...]) -> ServiceFit:
    """Fit handle times by agent, type and half-hour.

    Args:
        log: contact log with agent, type, service_s, service_start and arrival.
        types: (T) names; every one needs a service of a known agent.
        agents: (A) names; an agent without services gets the type means.

    Raises:
        ValueError: a type without any usable service.
    """
    every = read_services(log, types, agents)
    used = ordinary(every)
    cells = _Cells.of(used, len(agents), len(types))
    effect, period_sd = _period_effect(used, cells)
    residual, cell_mean = cells.centre(np.log(used.seconds) - effect[used.period])
    log_sd = _scatter(residual, used, cells)
    drift, repeats = _drift(residual, used, cells, log_sd)
    error = (log_sd**2 + drift * repeats) / np.where(cells.count > 0, cells.count, np.nan)
    crossed = pooling.fit_crossed(cell_mean, np.nan_to_num(error, nan=np.inf))
    implied = np.exp(crossed.value + log_sd**2 / 2)  # the mean of a log-normal
    tail = _tail_factor(used, implied, np.exp(effect))
    sd = np.sqrt(crossed.variance)
    sd_se = crossed.variance_se / np.maximum(2 * sd, 1e-9)  # delta method
    short_share, short_count = _short(every, len(agents))
    return ServiceFit(
        types=types,
        agents=agents,
        mean_s=implied * tail,
        log_se=np.sqrt(crossed.se**2 + drift),
        count=cells.count,
        raw_mean_s=cells.centre(used.seconds)[1],
        log_sd=log_sd,
        tail_factor=tail,
        ks_distance=_ks_distance(residual, used, log_sd),
        short_share=short_share,
        short_count=short_count,
        period_factor=np.exp(effect),
        period_sd=period_sd,
        sd_type=float(np.std(crossed.type_mean)),
        sd_agent=float(sd[0]),
        sd_agent_se=float(sd_se[0]),
        sd_interaction=float(sd[1]),
        sd_interaction_se=float(sd_se[1]),
        sd_drift=float(np.sqrt(drift)),
    )


@dataclass(frozen=True)
class _Cells:
    """The agent x type cell of every service, and the sizes of the cells."""

    index: Ints  # (n,)
    count: Ints  # (A, T)

    @classmethod
    def of(cls, services: Services, agents: int, types: int) -> _Cells:
        index = services.agent * types + services.type
        return cls(index, np.bincount(index, minlength=agents * types).reshape(agents, types))

    def centre(self, values: Floats) -> tuple[Floats, Floats]:
        """Return `values` less their cell means, (n,), and the means, (A, T), nan without services."""
        total = np.bincount(self.index, values, self.count.size).reshape(self.count.shape)
        mean = np.divide(total, self.count, out=np.full(self.count.shape, np.nan), where=self.count > 0)
        return values - mean.ravel()[self.index], mean


def _period_effect(services: Services, cells: _Cells) -> tuple[Floats, float]:
    """Return the log effect of each half-hour on mean service, (N,), and its spread; zeros if not material.

    Cells and half-hours are fitted in turn, since agents differ in their hours. Material means that Cochran's
    Q rejects equal means at 1 % and that the spread is worth it. Factors have mean 1 over services.
    """
    size, period, seconds = log_arrays.PERIODS, services.period, services.seconds
    count = np.bincount(period, minlength=size)
    effect = np.zeros(size)
    for _ in range(_PERIOD_ROUNDS):
        factor = np.exp(effect)[period]
        of_cell = np.bincount(cells.index, seconds) / np.maximum(np.bincount(cells.index, factor), 1e-9)
        mean = of_cell[cells.index]
        expected = np.where(count > 0, np.bincount(period, mean, size), np.nan)
        ratio = np.bincount(period, seconds, size) / expected
        cv2 = ((seconds - mean * factor) ** 2).sum() / ((mean * factor) ** 2).sum()
        error = cv2 * np.bincount(period, mean**2, size) / expected**2
        effect, sd, q = pooling.shrunk_means(np.log(ratio), np.nan_to_num(error, nan=np.inf))
    if q < stats.chi2.ppf(0.99, np.count_nonzero(count) - 1) or sd < _MATERIAL_SD:
        return np.zeros(size), 0.0
    return effect - np.log(np.average(np.exp(effect), weights=count)), sd


def _scatter(residual: Floats, services: Services, cells: _Cells) -> Floats:
    """Return the standard deviation within cells by type, (T,), unbiased in its square."""
    squares = np.bincount(services.type, residual**2, cells.count.shape[1])
    freedom = (cells.count - (cells.count > 0)).sum(axis=0)
    return np.asarray(np.sqrt(squares / np.maximum(freedom, 1)))


def _drift(residual: Floats, services: Services, cells: _Cells, log_sd: Floats) -> tuple[float, Floats]:
    """Return the variance of a cell's mean between blocks of four weeks, and services per block, (A, T).

    Analysis of variance of blocks within cells (Searle, Casella and McCulloch 1992, chapter 3). The second
    result weighs blocks by their size: drift x that / count is its part of the error of a cell's mean.
    """
    block = ((services.start_s - services.start_s.min()) // BLOCK_S).astype(np.int64)
    blocks = int(block.max()) + 1
    group = cells.index * blocks + block
    shape = (*cells.count.shape, blocks)
    size = np.bincount(group, minlength=cells.count.size * blocks).reshape(shape).astype(float)
    total = np.bincount(group, residual, size.size).reshape(shape)
    between = float((total**2 / np.maximum(size, 1)).sum())
    freedom = np.maximum((size > 0).sum(axis=2) - 1, 0).sum(axis=0)
    repeats = (size**2).sum(axis=2) / np.maximum(cells.count, 1)
    spread = float((cells.count - repeats).sum())
    if spread == 0:  # one block: its drift and the cell's mean cannot be told apart
        return 0.0, repeats
    return max(0.0, (between - float(freedom @ log_sd**2)) / spread), repeats


def _tail_factor(services: Services, implied_s: Floats, period_factor: Floats) -> Floats:
    """Return observed over implied mean of each type, (T,): tails are not quite log-normal."""
    predicted = implied_s[services.agent, services.type] * period_factor[services.period]
    return np.asarray(np.bincount(services.type, services.seconds) / np.bincount(services.type, predicted))


def _ks_distance(residual: Floats, services: Services, log_sd: Floats) -> Floats:
    scaled = [residual[services.type == t] / sd for t, sd in enumerate(log_sd)]
    return np.array([stats.kstest(z, "norm").statistic for z in scaled])


def _short(services: Services, agents: int) -> tuple[Floats, Ints]:
    """Return the pooled share of very short contacts and their number, (A,) each."""
    hits = np.bincount(services.agent[services.seconds <= SHORT_S], minlength=agents)
    trials = np.bincount(services.agent, minlength=agents)
    return pooling.pooled_shares(hits.astype(float), trials.astype(float)), hits
