"""DG-2 from a contact log alone: which agents hang up on callers to rest, or to cut their handle time.

Honest agents differ too, so an agent is compared not with the pooled share but with how much agents differ: their
shares follow a beta distribution, fitted while nothing is made of how far out the highest few lie, who may be the
cheats. An agent is flagged who lies farther out than anybody would on an honest roster of that size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import beta

from maitred.training.audit.finding import AuditError, Finding, Measured
from maitred.training.audit.short_calls import SHORT_S

MIN_CALLS = 300  # answered by an agent, below which a share says little
MIN_AGENTS = 10  # below which nobody knows how much honest agents differ
SUSPECTS = 0.15  # share of agents, the highest, that are not taken for honest beforehand
TOLERANCE = 0.05  # above the mean share of those who are
ROSTERS = 9999  # simulated
BACK_S = 3600.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class AgentCalls:
    """What the log says of one agent.

    Attributes:
        agent: name.
        calls: answered, of known length.
        short: of them, at most `short_calls.SHORT_S` long.
        usual: mean share of short calls of the agents who are not among the suspects.
        low: one-sided 95 % lower bound of this agent's own share (Clopper and Pearson 1934).
        p: chance that anybody of an honest roster is that far from the rest.
        flagged: whether p is at most alpha and `low` above `usual` by more than `TOLERANCE`.
        short_known: short calls whose caller is identified.
        short_back: of them, how many called again within an hour.
    """

    agent: str
    calls: int
    short: int
    usual: float
    low: float
    p: float
    flagged: bool
    short_known: int
    short_back: int

    @property
    def share(self) -> float:
        """Of short calls."""
        return self.short / self.calls


def agents_who_cut_short(contacts: pa.Table, *, alpha: float = 0.05, seed: int = 0) -> tuple[AgentCalls, ...]:
    """Agents of a contact log with at least `MIN_CALLS` answered calls, by their share of short calls.

    Args:
        contacts: rows of a contact log (`envs.contact_log.SCHEMA`): agent, arrival, customer_id and service_s at least.
        alpha: chance in (0, 1) that any agent of an honest roster is flagged.
        seed: of the simulated rosters.

    Raises:
        AuditError: fewer than `MIN_AGENTS` agents have enough calls.
    """
    rows = _answered(contacts)
    names, place = np.unique(rows["agent"], return_inverse=True)
    kept = np.nonzero(np.bincount(place) >= MIN_CALLS)[0]
    if len(kept) < MIN_AGENTS:
        raise AuditError(
            f"contact log: expected {MIN_AGENTS} agents with {MIN_CALLS} answered calls or more, found {len(kept)}"
        )
    short, known = rows["service_s"] <= SHORT_S, rows["known"].astype(bool)

    def count(which: NDArray[np.bool_]) -> list[int]:
        counts: list[int] = np.bincount(place[which], minlength=len(names))[kept].tolist()
        return counts

    calls, cut = count(np.ones(len(place), bool)), count(short)
    p, usual, flagged = outliers(np.array(cut), np.array(calls), alpha, np.random.default_rng(seed))
    low = _lower_bound(np.array(cut), np.array(calls)).tolist()
    back = count(short & known & rows["back"].astype(bool))
    columns = names[kept].tolist(), calls, cut, low, p.tolist(), flagged.tolist(), count(short & known), back
    found = [
        AgentCalls(agent, n, k, usual, bound, chance, out, of_known, again)
        for agent, n, k, bound, chance, out, of_known, again in zip(*columns, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: -one.share))


def outliers(
    short: Ints, calls: Ints, alpha: float, rng: np.random.Generator
) -> tuple[Floats, float, NDArray[np.bool_]]:
    """Which of A agents cut calls short far more often than agents differ.

    maxT (Westfall and Young 1993, "Resampling-based multiple testing"): an agent's score is how many standard
    deviations it lies above the mean of those who are no suspects, on the arcsine scale of shares. It is held against
    the highest score of simulated honest rosters, scored alike, which accounts for the number of agents, for how much
    they differ, and for both mean and deviation being estimated.

    Args:
        short: (A,) int64 short calls, A at least `MIN_AGENTS`.
        calls: (A,) int64 calls, positive.
        alpha: familywise level.
        rng: of the simulated rosters.

    Returns:
        (A,) float64 p-values, the mean share of those who are no suspects, and (A,) bool who is flagged.
    """
    share = (short + 0.5) / (calls + 1)
    suspects = int(SUSPECTS * len(share))
    usual = float(np.sort(share)[: len(share) - suspects].mean())
    rosters = rng.beta(*honest_shares(share, suspects), (ROSTERS, len(share)))
    farthest = _scores(rosters, suspects).max(axis=1)
    p = (1 + (farthest[:, None] >= _scores(share, suspects)).sum(axis=0)) / (1 + ROSTERS)
    return p, usual, (p <= alpha) & (_lower_bound(short, calls) > usual + TOLERANCE)


def honest_shares(share: Floats, suspects: int) -> tuple[float, float]:
    """Beta distribution of agents' shares by maximum likelihood, the highest few censored (type II).

    Of the `suspects` highest it is only used that they lie above the others.

    Args:
        share: (A,) float64 in (0, 1); its spread holds what sampling adds.
        suspects: how many are censored.
    """
    ordered = np.sort(share)
    seen = ordered[: len(share) - suspects]

    def loss(x: Floats) -> float:
        mean, strength = expit(x[0]), np.exp(x[1])
        a, b = mean * strength, (1 - mean) * strength
        return -float(beta.logpdf(seen, a, b).sum() + suspects * beta.logsf(seen[-1], a, b))

    best = minimize(loss, [logit(seen.mean()), 3.0], method="Nelder-Mead").x
    mean, strength = float(expit(best[0])), float(np.exp(best[1]))
    return mean * strength, (1 - mean) * strength


def short_call_finding(agents: Sequence[AgentCalls]) -> Finding:
    """What DG-2 has to say of a contact log: its worst agent beside the usual."""
    worst, found = agents[0], [one.agent for one in agents if one.flagged]
    measured = Measured(
        "calls closed within 10 s", "share", worst.share, worst.usual, worst.low - worst.usual, TOLERANCE
    )
    who = f"cut short by {', '.join(found)}" if found else "no agent who stands out"
    return Finding(
        "DG-2", "short calls", (measured,), bool(found), f"DG-2 short calls: {who}; {worst.agent}: {measured}."
    )


def _answered(contacts: pa.Table) -> dict[str, NDArray[Any]]:
    """Calls that an agent answered, of known length; whether the caller is known, and back within the hour."""
    customer, agent = (_texts(contacts[name]) for name in ("customer_id", "agent"))
    arrival_s = contacts["arrival"].to_numpy().astype("datetime64[us]").astype(np.int64) / 1e6
    service_s = contacts["service_s"].to_numpy()
    answered = (agent != "") & ~np.isnan(service_s)
    columns = {"agent": agent, "service_s": service_s, "known": customer != ""}
    columns["back"] = _calls_again(customer, arrival_s)
    return {name: values[answered] for name, values in columns.items()}


def _texts(column: pa.ChunkedArray) -> NDArray[Any]:
    """(N,) text, empty where there is none."""
    return np.asarray(pc.fill_null(column.cast(pa.string()), "").to_numpy().astype(str))


def _calls_again(customer: NDArray[Any], arrival_s: Floats) -> NDArray[np.bool_]:
    """(N,) whether the same customer's next call came within the hour."""
    order = np.lexsort((arrival_s, customer))
    soon = (customer[order][1:] == customer[order][:-1]) & (np.diff(arrival_s[order]) <= BACK_S)
    back = np.zeros(len(customer), bool)
    back[order[:-1]] = soon
    return back


def _scores(share: Floats, suspects: int) -> Floats:
    """(..., A) standard deviations above the mean of all but the highest few, of arcsines of the roots of shares."""
    y = np.arcsin(np.sqrt(share))
    core = np.sort(y, axis=-1)[..., : y.shape[-1] - suspects]
    scores: Floats = (y - core.mean(axis=-1, keepdims=True)) / core.std(axis=-1, ddof=1, keepdims=True)
    return scores


def _lower_bound(short: Ints, calls: Ints) -> Floats:
    bound: Floats = np.nan_to_num(beta.ppf(0.05, short, calls - short + 1))
    return bound
