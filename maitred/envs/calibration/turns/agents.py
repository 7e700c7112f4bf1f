"""Agents: how long a turn takes each of them by type, how often they resolve, cut short, and wrap up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.envs.calibration import pooling
from maitred.envs.calibration.turns.complexity import Mixture, Talks
from maitred.envs.calibration.turns.conversations import Turns
from maitred.envs.calibration.turns.estimates import Estimates, exponential_mean, log_normal, normal, shares
from maitred.envs.calibration.turns.events import Log
from maitred.envs.calibration.turns.work import LEAST_LOG_SD, is_short
from maitred.envs.scenario import Floats, Ints


@dataclass(frozen=True)
class AgentFits:
    """By agent/type, pooled; `wrap_up_mean_s` and `type_resolve_p` by type."""

    mean_s: Estimates
    type_resolve_p: Estimates
    wrap_up_mean_s: Estimates
    sd_agent: Estimates
    turn_s: Floats  # (A, T) mean work of a turn of work factor 1
    log_se: Floats  # (A, T)
    resolve_p: Floats  # (A, T)
    short_share: Floats  # (A,)
    count: Ints  # (A, T) turns


def fit_agents(log: Log, turns: Turns, talks: Talks, mixture: Mixture, log_sd: Floats) -> AgentFits:
    """Pool agents' means of log work over agents and types (REML, `pooling.fit_crossed`).

    The error of a cell's mean has two parts: noise of its turns, and doubt about the classes of its contacts.
    """
    shape = len(log.agents), len(log.types)
    count = np.bincount(talks.pair_cell, talks.pair_turns, talks.cells)
    doubt = (mixture.posterior @ mixture.shift**2 - (mixture.posterior @ mixture.shift) ** 2)[talks.pair_contact]
    doubt *= talks.pair_precision > 0
    variance = np.maximum(log_sd, LEAST_LOG_SD)[talks.pair_cell % shape[1]] ** 2
    noise = np.bincount(talks.pair_cell, talks.pair_turns * variance + talks.pair_turns**2 * doubt, talks.cells)
    error = np.divide(noise, count**2, out=np.full(talks.cells, np.inf), where=count > 0)
    crossed = pooling.fit_crossed(mixture.cell_mean.reshape(shape), error.reshape(shape))
    mean_s = np.exp(crossed.value + log_sd**2 / 2)
    served = count.reshape(shape) > 0
    resolve_p, by_type = resolution(log)
    return AgentFits(
        mean_s={
            f"{log.agents[a]}/{log.types[t]}": log_normal(mean_s[a, t], crossed.se[a, t])
            for a, t in np.argwhere(served)
        },
        type_resolve_p=by_type,
        wrap_up_mean_s=wrap_ups(log),
        sd_agent={
            "all": normal(
                crossed.variance[0] ** 0.5, crossed.variance_se[0] / max(2 * crossed.variance[0] ** 0.5, 1e-9), 0
            )
        },
        turn_s=mean_s,
        log_se=crossed.se,
        resolve_p=resolve_p,
        short_share=short_shares(log, turns),
        count=count.reshape(shape).astype(np.int64),
    )


def resolution(log: Log) -> tuple[Floats, Estimates]:
    """Shares resolved of the contacts that agents closed: (A, T) pooled over agents, and by type."""
    rows = log.rows("resolve")
    rows = rows[(log.agent[rows] >= 0) & np.isfinite(log.resolved[rows])]
    closed, settled = np.zeros((2, len(log.agents), len(log.types)))
    np.add.at(closed, (log.agent[rows], log.type[rows]), 1)
    np.add.at(settled, (log.agent[rows], log.type[rows]), log.resolved[rows])
    pooled = np.stack([pooling.pooled_shares(h, n) for h, n in zip(settled.T, closed.T, strict=True)], axis=1)
    total = dict(zip(log.types, closed.sum(axis=0), strict=True))
    return pooled, shares(dict(zip(log.types, settled.sum(axis=0), strict=True)), total)


def wrap_ups(log: Log) -> Estimates:
    """Mean after-contact work by type: of contacts that no bot had, or of all if one had them all."""
    rows = log.rows("wrap")
    plain = ~np.isin(log.contact[rows], log.contact[log.rows("bot_start")])
    found = {}
    for t, name in enumerate(log.types):
        here = log.type[rows] == t
        seconds = log.duration_s[rows[here & plain if (here & plain).any() else here]]
        if len(seconds) > 0:
            found[name] = exponential_mean(float(seconds.sum()), len(seconds))
    return found


def short_shares(log: Log, turns: Turns) -> Floats:
    """(A,) pooled share of one-turn contacts that are cut very short."""
    single = np.bincount(turns.contact)[turns.contact] == 1
    hits = np.bincount(turns.agent[is_short(turns)], minlength=len(log.agents)).astype(float)
    trials = np.bincount(turns.agent[single], minlength=len(log.agents)).astype(float)
    return pooling.pooled_shares(hits, trials) if trials.sum() else np.zeros(len(log.agents))
