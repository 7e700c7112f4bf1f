"""Classes of complexity: a mixture over contacts of turns that take longer and conversations that have more.

A contact of class c has turns of log work shifted by d_c (shifts add up to 0) and a number of turns of mean m_c; the
class is drawn by its type; shares are those of contacts that agents saw: bots and impatience may have taken some
classes more than others. Fitted by expectation-maximisation (Dempster, Laird and Rubin 1977); the number of classes
and of phases by BIC (Schwarz 1978); errors from the scores of contacts (Louis 1982). Where contacts carry labels,
these are the classes. A class is taken to stay as it is during a contact.
Axes: C contacts, T types, K classes, Q pairs of contact and agent x type cell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from maitred.envs.calibration.turns import lengths
from maitred.envs.calibration.turns.conversations import Turns
from maitred.envs.calibration.turns.estimates import Estimates, log_normal, normal
from maitred.envs.calibration.turns.events import Bools, Log
from maitred.envs.scenario import Floats, Ints

MOST_CLASSES, MOST_PHASES = 3, 4
_ROUNDS = 400
_COARSE = 1e-3  # mixtures to choose from need no fine fit
_LEAST = 1e-6


@dataclass(frozen=True)
class Talks:
    """What the mixture is fitted to: sums of log work by pair, and turns by contact."""

    pair_contact: Ints  # (Q,)
    pair_cell: Ints  # (Q,) agent x type
    pair_turns: Floats  # (Q,)
    pair_sum: Floats  # (Q,) of log work less overhead and learning
    pair_precision: Floats  # (Q,) 1 / variance of one turn's noise; 0 where turns say nothing of the class
    type: Ints  # (C,)
    turns: Ints  # (C,) that count towards the conversation's length
    closed: Bools  # (C,) whether it ran to its end
    label: Ints  # (C,) class, -1 where it is to be found
    cells: int

    def by_contact(self, values: Floats) -> Floats:
        """(C,) sums over pairs."""
        return np.bincount(self.pair_contact, values, len(self.type)).astype(float)


@dataclass(frozen=True)
class Mixture:
    """A fitted mixture."""

    shift: Floats  # (K,) of log work
    p: Floats  # (K,) chance per turn that a phase ends
    phases: int
    share: Floats  # (T, K)
    cell_mean: Floats  # (cells,) of log work at shift 0
    posterior: Floats  # (C, K)
    log_likelihood: float

    @property
    def bic(self) -> float:
        """Bayesian information criterion, lower is better."""
        classes = len(self.shift)
        free = (classes - 1) * (1 + len(self.share)) + classes
        return float(free * np.log(len(self.posterior)) - 2 * self.log_likelihood)


@dataclass(frozen=True)
class ComplexityFits:
    """`share` by type/class, `phases` under the name "all", the others by class, from simple to complex."""

    work_factor: Estimates
    turns_mean: Estimates
    share: Estimates
    phases: Estimates


def talks_of(log: Log, turns: Turns, y: Floats, use: Bools, variance: Floats, single: Bools) -> Talks:
    """Gather the turns of contacts.

    Args:
        log: its contacts give type and label.
        turns: (m,) every turn.
        y: (m,) log work less overhead and learning.
        use: (m,) turns whose work counts.
        variance: (T,) of a turn's noise.
        single: (T,) types whose contacts have one turn: its length says nothing, nor does its work without labels.
    """
    contacts, types = len(log.arrived.s), len(log.types)
    key = turns.contact[use] * (len(log.agents) * types) + turns.agent[use] * types + turns.type[use]
    pairs, pair = np.unique(key, return_inverse=True)
    lost = turns.ended_by("silent_abandon_suspected")
    counts = np.isfinite(turns.work_s) & ~turns.misdirected & ~lost & ~single[turns.type]
    last = turns.ended_by("resolve") & counts
    return Talks(
        pair_contact=pairs // (len(log.agents) * types),
        pair_cell=pairs % (len(log.agents) * types),
        pair_turns=np.bincount(pair).astype(float),
        pair_sum=np.bincount(pair, y[use]).astype(float),
        pair_precision=np.where(single & (log.arrived.complexity < 0).any(), 0, 1 / variance)[pairs % types],
        type=needs(log, turns),
        turns=np.bincount(turns.contact[counts], minlength=contacts),
        closed=np.bincount(turns.contact[last], minlength=contacts) > 0,
        label=log.arrived.complexity,
        cells=len(log.agents) * types,
    )


def needs(log: Log, turns: Turns) -> Ints:
    """(C,) what each contact was about from the start: its type, or that to which a wrong first queue passed it on."""
    kind = log.arrived.type.copy()
    passed_on = np.flatnonzero((turns.nth == 1) & np.append(False, turns.misdirected[:-1]))
    kind[turns.contact[passed_on]] = turns.type[passed_on]
    return kind


def fit_mixture(talks: Talks, types: int) -> Mixture:
    """The best mixture by BIC, its classes from simple to complex, or that of the labels if all contacts have one."""
    if (talks.label >= 0).all():
        return refine(talks, _best_phases(talks, types, int(talks.label.max()) + 1))
    best = min((_best_phases(talks, types, k) for k in range(1, MOST_CLASSES + 1)), key=lambda m: m.bic)
    best = refine(talks, best)
    order = np.argsort(best.shift - np.log(best.p))  # by the work of a whole conversation
    return replace(
        best,
        shift=best.shift[order],
        p=best.p[order],
        share=best.share[:, order],
        posterior=best.posterior[:, order],
    )


def _best_phases(talks: Talks, types: int, classes: int) -> Mixture:
    """The best number of phases for so many classes: more are tried as long as they help."""
    best = refine(talks, _start(talks, types, classes, 1), _COARSE)
    for phases in range(2, MOST_PHASES + 1):
        tried = refine(talks, _start(talks, types, classes, phases), _COARSE)
        if tried.bic >= best.bic:
            break
        best = tried
    return best


def refine(talks: Talks, mixture: Mixture, tolerance: float = 1e-5) -> Mixture:
    """Take a mixture to the maximum of its likelihood; contacts with a label keep it."""
    for _ in range(_ROUNDS):
        refined = _step(talks, mixture)
        moved = np.abs(np.concatenate([refined.shift - mixture.shift, refined.p - mixture.p])).max()
        mixture = refined
        if moved < tolerance:
            break
    return mixture


def _start(talks: Talks, types: int, classes: int, phases: int) -> Mixture:
    spread = np.linspace(-1, 1, classes) if classes > 1 else np.zeros(1)
    mean = max(float(talks.turns[talks.closed].mean()) if talks.closed.any() else 1.0, phases + 0.5)
    total = np.bincount(talks.pair_cell, talks.pair_turns, talks.cells)
    return Mixture(
        shift=0.5 * spread,
        p=np.minimum(phases / (mean * np.exp(0.5 * spread)), 1 - _LEAST),
        phases=phases,
        share=np.full((types, classes), 1 / classes),
        cell_mean=np.bincount(talks.pair_cell, talks.pair_sum, talks.cells) / np.maximum(total, 1),
        posterior=np.zeros((len(talks.type), classes)),
        log_likelihood=-np.inf,
    )


def _step(talks: Talks, m: Mixture) -> Mixture:
    """One round of expectation and maximisation; the likelihood is that before it."""
    chance = class_log_chance(talks, m)
    peak = chance.max(axis=1, keepdims=True)
    weight = np.exp(chance - peak)
    posterior = weight / weight.sum(axis=1, keepdims=True)
    likelihood = float((peak[:, 0] + np.log(weight.sum(axis=1))).sum())
    posterior = np.where(talks.label[:, None] >= 0, np.arange(len(m.shift)) == talks.label[:, None], posterior)
    each = posterior[talks.pair_contact]
    off = talks.pair_sum - talks.pair_turns * m.cell_mean[talks.pair_cell]
    heft = each * talks.pair_precision[:, None]
    shift = (heft * off[:, None]).sum(axis=0) / np.maximum((heft * talks.pair_turns[:, None]).sum(axis=0), _LEAST)
    shift -= shift.mean()
    taken = talks.pair_sum - talks.pair_turns * (each @ shift)
    total = np.bincount(talks.pair_cell, talks.pair_turns, talks.cells)
    seen = talks.turns > 0
    number = [lengths.expected(talks.turns, talks.closed, p, m.phases) for p in m.p]
    ended = np.array(
        [m.phases * r[seen].sum() / max(r[seen] @ n[seen], _LEAST) for r, n in zip(posterior.T, number, strict=True)]
    )
    share = np.stack([np.bincount(talks.type, r, len(m.share)) for r in posterior.T], axis=1)
    return Mixture(
        shift=shift,
        p=np.clip(ended, _LEAST, 1 - _LEAST),
        phases=m.phases,
        share=(share + _LEAST) / (share + _LEAST).sum(axis=1, keepdims=True),
        cell_mean=np.bincount(talks.pair_cell, taken, talks.cells) / np.maximum(total, 1),
        posterior=posterior,
        log_likelihood=likelihood,
    )


def class_log_chance(talks: Talks, m: Mixture) -> Floats:
    """(C, K) log chance of each contact and class, up to what does not depend on the class."""
    off = talks.pair_sum - talks.pair_turns * m.cell_mean[talks.pair_cell]
    chance = np.log(m.share[talks.type])
    for c, (shift, p) in enumerate(zip(m.shift, m.p, strict=True)):
        chance[:, c] += talks.by_contact((shift * off - shift**2 / 2 * talks.pair_turns) * talks.pair_precision)
        seen = talks.turns > 0
        chance[seen, c] += np.maximum(lengths.log_likelihood(talks.turns[seen], talks.closed[seen], p, m.phases), -700)
    return chance


def describe(mixture: Mixture, talks: Talks, types: tuple[str, ...], names: tuple[str, ...]) -> ComplexityFits:
    """The mixture's figures with their errors."""
    error = _errors(mixture, talks)
    classes = range(len(names))
    factor = {names[c]: log_normal(np.exp(mixture.shift[c]), error["shift"][c]) for c in classes}
    mean = {names[c]: log_normal(mixture.phases / mixture.p[c], error["p"][c] / mixture.p[c]) for c in classes}
    share = {
        f"{kind}/{names[c]}": normal(mixture.share[t, c], error["share"][t, c], 0, 1)
        for t, kind in enumerate(types)
        for c in classes
    }
    return ComplexityFits(factor, mean, share, {"all": normal(mixture.phases, 0.0)})


def _errors(m: Mixture, talks: Talks) -> dict[str, Floats]:
    """Standard errors of shift (K,), p (K,) and share (T, K) from the outer product of the contacts' scores."""
    classes, types = len(m.shift), len(m.share)
    scores = _scores(m, talks)
    covariance = np.linalg.pinv(scores.T @ scores)
    free = classes - 1
    # The last of the shifts, and of the shares of a type, is what the others leave.
    last = np.vstack([np.eye(free), -np.ones((1, free))])
    shift = last @ covariance[:free, :free] @ last.T
    p = np.diag(covariance)[free : free + classes]
    share = np.zeros((types, classes))
    for t in range(types):
        here = slice(free + classes + t * free, free + classes + (t + 1) * free)
        share[t] = np.sqrt(np.maximum(np.diag(last @ covariance[here, here] @ last.T), 0))
    return {"shift": np.sqrt(np.maximum(np.diag(shift), 0)), "p": np.sqrt(np.maximum(p, 0)), "share": share}


def _scores(m: Mixture, talks: Talks) -> Floats:
    """(C, parameters) derivatives of each contact's log likelihood: free shifts, p, free shares, types' means."""
    classes, types = len(m.shift), len(m.share)
    off = talks.pair_sum - talks.pair_turns * m.cell_mean[talks.pair_cell]
    residual = np.stack(
        [talks.by_contact((off - d * talks.pair_turns) * talks.pair_precision) for d in m.shift], axis=1
    )
    by_shift = m.posterior * residual
    seen = (talks.turns > 0)[:, None]
    number = np.stack([lengths.expected(talks.turns, talks.closed, p, m.phases) for p in m.p], axis=1)
    by_p = seen * m.posterior * (m.phases / m.p - (number - m.phases) / (1 - m.p))
    ratio = m.posterior / m.share[talks.type]
    own = np.eye(types)[talks.type]
    by_share = own[:, :, None] * (ratio[:, : classes - 1] - ratio[:, -1:])[:, None, :]
    by_mean = own * by_shift.sum(axis=1, keepdims=True)
    columns = [by_shift[:, : classes - 1] - by_shift[:, -1:], by_p, by_share.reshape(len(own), -1), by_mean]
    return np.concatenate(columns, axis=1)
