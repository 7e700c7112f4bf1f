"""Propensities for decisions that were logged without: fitted to the rest of the log, and marked as such.

Cross-fitted: the model that gives a decision its propensity has seen no decision of the same episode.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rich.table import Table

from maitred.envs.decision import CANDIDATE_NAMES, Decisions, Kind
from maitred.envs.decision_json import key_of
from maitred.training.decision_log import arrow
from maitred.training.decision_log.behaviour import ChoiceSets, chances, foot, prior, slope
from maitred.training.decision_log.read import decisions_of, open_log, read_groups
from maitred.training.decision_log.schema import PROVENANCE_KEY, SCHEMA, DecisionLogError, as_json, said
from maitred.training.decision_log.write import log_writer

FEATURES = (*CANDIDATE_NAMES, "place")
FOLDS = 5
STEPS = 30
ENOUGH = 1e-6  # expected gain of log likelihood per decision below which a fit is done
FLAT = 1e-9  # spread below which a feature counts as never varying
LEAST = 1e-6  # a chance this small is as good as none

_NEEDED = [
    "decision_id", "key", "episode_id", "context", "candidates", "mask", "chosen", "propensity",
]  # fmt: skip

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimated:
    """How well the fitted policy tells the choices of decisions it has not seen.

    Attributes:
        rows: of the log.
        estimated: rows that were given a propensity.
        open_choices: of these, rows with more than one legal candidate, which all that follows is of.
        log_likelihood: per decision.
        uniform: the same if all legal candidates were equally likely.
        foremost: share in which the likeliest candidate was taken.
        evenness: mean of 1 / (propensity x legal candidates); 1 if the model holds.
        least: smallest propensity.
    """

    rows: int
    estimated: int
    open_choices: int
    log_likelihood: float
    uniform: float
    foremost: float
    evenness: float
    least: float


class _Rows(NamedTuple):
    """Decisions (B,) without a propensity, of one row group."""

    place: NDArray[np.int64]  # rows of the group
    sets: ChoiceSets  # of their legal candidates
    kind: NDArray[np.int64]
    fold: NDArray[np.int64]


def estimate(log: str | Path, out: str | Path) -> Estimated:
    """Write the log with a fitted propensity wherever there was none, marked as estimated.

    Args:
        log: decision log; rows with a propensity are left as they are, and teach nothing.
        out: log to write; may be `log` itself. Its provenance says how well the fit predicts.

    Raises:
        DecisionLogError: no decision log, a feature is not finite, or its decisions are all of one episode.
    """
    scale = _scale(log)
    weights = _weights(log, scale)
    found = _judged(log, scale, weights)
    with open_log(log) as file:
        schema = file.schema_arrow
    provenance = {**said(schema, PROVENANCE_KEY), "behaviour": {"model": "conditional logit", **asdict(found)}}
    with log_writer(out, schema.with_metadata({**schema.metadata, PROVENANCE_KEY: as_json(provenance)})) as append:
        for group in read_groups(log):
            append(_with_propensities(group, _rows(group, scale), weights))
    return found


def _scale(log: str | Path) -> Floats:
    """(F,) root mean square distance of each feature from its mean within a decision; infinite of what never varies."""
    count, squares = 0, np.zeros(len(FEATURES))
    for group in read_groups(log, _NEEDED):
        if len((rows := _rows(group, np.ones(len(FEATURES)))).place):
            if not np.isfinite(rows.sets.features).all():
                raise DecisionLogError(f"{log}: field candidates: expected finite features; run maitred logs check")
            even = chances(rows.sets, np.zeros(len(rows.sets.features)))
            mean = np.add.reduceat(rows.sets.features * even[:, None], rows.sets.first)
            squares += ((rows.sets.features - np.repeat(mean, rows.sets.size, axis=0)) ** 2).sum(axis=0)
            count += len(rows.sets.features)
    spread = np.sqrt(squares / max(count, 1))
    return np.where(spread > FLAT, spread, np.inf)


def _rows(group: pa.Table, scale: Floats) -> _Rows:
    """The rows of a group that have no propensity, with the features that vary."""
    place = np.flatnonzero(np.isnan(arrow.to_numbers(group["propensity"])))
    wanted = group.take(place)
    decisions, chosen = decisions_of(wanted), wanted["chosen"].to_numpy().astype(np.int64)
    listed = (chosen >= 0) & (chosen < decisions.mask.shape[1])
    if not (listed.all() and decisions.mask[np.arange(len(place)), chosen].all()):
        raise DecisionLogError("field chosen: expected a legal candidate; run maitred logs check")
    ordinal = decisions.mask.cumsum(axis=1) - 1
    features = _described(decisions)[:, np.isfinite(scale)] / scale[np.isfinite(scale)]
    sets = ChoiceSets(features, decisions.mask.sum(axis=1), ordinal[np.arange(len(place)), chosen])
    episode = pc.coalesce(wanted["episode_id"], wanted["decision_id"])
    names, of_name = np.unique(np.asarray(episode.to_numpy(), np.str_), return_inverse=True)
    fold = np.array([key_of(str(name)) % FOLDS for name in names], np.int64)[of_name]
    return _Rows(place, sets, decisions.kind, fold)


def _described(decisions: Decisions) -> Floats:
    """(L, F) features of each legal candidate, and its place in the short list, on a log scale."""
    place = np.broadcast_to(np.arange(decisions.mask.shape[1], dtype=np.float64), decisions.mask.shape)
    raw = np.concatenate([decisions.candidates[decisions.mask], place[decisions.mask][:, None]], axis=1)
    logged: Floats = np.sign(raw) * np.log1p(np.abs(raw))
    return logged


def _weights(log: str | Path, scale: Floats) -> Floats:
    """(FOLDS, kinds, varying features): fitted to the decisions of all folds but one."""
    width = int(np.isfinite(scale).sum())
    climbs = {(fold, kind): foot(width) for fold in range(FOLDS) for kind in range(len(Kind))}
    for _ in range(STEPS):
        slopes, folds = {key: prior(climb.at) for key, climb in climbs.items()}, np.zeros(FOLDS, np.int64)
        for group in read_groups(log, _NEEDED):
            rows = _rows(group, scale)
            folds += np.bincount(rows.fold, minlength=FOLDS)
            for fold, kind in climbs:
                if (use := (rows.fold != fold) & (rows.kind == kind)).any():
                    slopes[fold, kind] += slope(rows.sets.only(use), climbs[fold, kind].at)
        if (folds > 0).sum() < 2:
            raise DecisionLogError(f"{log}: expected decisions without a propensity, of several episodes")
        climbs = {key: climb.step(slopes[key]) for key, climb in climbs.items()}
        if all(climb.gain <= ENOUGH * folds.sum() for climb in climbs.values()):
            break
    return np.array([climb.best for climb in climbs.values()]).reshape(FOLDS, len(Kind), width)


def _chances(rows: _Rows, weights: Floats) -> Floats:
    """(L,) chances of legal candidates under the model that has not seen their episode."""
    if not len(rows.place):
        return np.zeros(0)
    own = np.repeat(weights[rows.fold, rows.kind], rows.sets.size, axis=0)
    return np.maximum(chances(rows.sets, np.einsum("lf,lf->l", rows.sets.features, own)), LEAST)


def _judged(log: str | Path, scale: Floats, weights: Floats) -> Estimated:
    rows = estimated = 0
    parts = [np.zeros((0, 4))]
    for group in read_groups(log, _NEEDED):
        own = _rows(group, scale)
        rows, estimated = rows + group.num_rows, estimated + len(own.place)
        parts.append(_told(own, _chances(own, weights)))
    every = np.concatenate(parts)
    likelihood, uniform, foremost, evenness = every.mean(axis=0).tolist() if len(every) else (math.nan,) * 4
    least = math.exp(every[:, 0].min(initial=0.0))
    return Estimated(rows, estimated, len(every), likelihood, uniform, foremost, evenness, least)


def _told(rows: _Rows, p: Floats) -> Floats:
    """(open choices, 4) log likelihood, that of equal chances, whether the likeliest was taken, evenness."""
    if not len(rows.place):
        return np.zeros((0, 4))
    sets, taken = rows.sets, p[rows.sets.first + rows.sets.chosen]
    likeliest = taken >= np.maximum.reduceat(p, sets.first)
    told = np.stack([np.log(taken), -np.log(sets.size), likeliest, 1 / (taken * sets.size)], axis=1)
    return np.asarray(told[sets.size > 1])


def _with_propensities(group: pa.Table, rows: _Rows, weights: Floats) -> pa.Table:
    propensity, estimated = (
        arrow.to_numbers(group["propensity"]).copy(),
        group["propensity_estimated"].to_numpy().copy(),
    )
    propensity[rows.place] = _chances(rows, weights)[rows.sets.first + rows.sets.chosen]
    estimated[rows.place] = True
    for name, values in {"propensity": arrow.numbers(propensity), "propensity_estimated": pa.array(estimated)}.items():
        group = group.set_column(group.column_names.index(name), SCHEMA.field(name), values)
    return group


def estimated_table(found: Estimated) -> Table:
    """How well the fitted policy predicts, to print."""
    table = Table("", "", title="Estimated behaviour policy, on decisions it was not fitted to")
    table.columns[1].justify = "right"
    table.add_row("rows", f"{found.rows:,}")
    table.add_row("given a propensity", f"{found.estimated:,}")
    table.add_row("of these, between several candidates", f"{found.open_choices:,}")
    table.add_row("log likelihood per decision", f"{found.log_likelihood:.4f}")
    table.add_row("the same if all were equally likely", f"{found.uniform:.4f}")
    table.add_row("the likeliest candidate was taken", f"{found.foremost:.1%}")
    table.add_row("mean of 1 / (propensity x candidates), 1 if it holds", f"{found.evenness:.3f}")
    table.add_row("smallest propensity", f"{found.least:.2g}")
    return table
