"""What every row of a decision log must satisfy by itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from maitred.envs.decision import Kind
from maitred.training.decision_log import arrow
from maitred.training.decision_log.schema import COMPLETE, KINDS, MODES, OUTCOMES, SCHEMA, DecisionLogError

Bools = NDArray[np.bool_]

REQUIRED = [field.name for field in SCHEMA if not field.nullable]


class Rule(NamedTuple):
    """A condition on every row. `field`: the column to blame; `holds`: (B,) bool."""

    field: str
    expected: str
    holds: Bools


def rules(rows: pa.Table) -> list[Rule]:
    """Evaluate the conditions on rows (SCHEMA's columns, B of them).

    Conditions beyond the presence of values are evaluated on rows that have all required ones.

    Raises:
        DecisionLogError: a candidate is null, so that its row cannot be told from its neighbours.
    """
    found = [Rule(name, "a value", _bools(pc.is_valid(rows[name]))) for name in REQUIRED]
    present = np.logical_and.reduce([rule.holds for rule in found])
    for rule in _of_decisions(rows.filter(pa.array(present))):
        holds = np.ones(len(present), np.bool_)
        holds[present] = rule.holds
        found.append(Rule(rule.field, rule.expected, holds))
    return found


def _of_decisions(rows: pa.Table) -> list[Rule]:
    return [*_labels(rows), *_candidates(rows), *_propensities(rows), *_outcomes(rows)]


def _labels(rows: pa.Table) -> list[Rule]:
    context = arrow.to_vectors(arrow.one_array(rows["context"]))
    told = np.asarray(pc.index_in(rows["kind"], pa.array(KINDS)).fill_null(-1).to_numpy())
    flags = context[:, : len(Kind)]
    same = (flags.sum(axis=1) == 1) & (flags[np.arange(len(flags)), told] == 1)
    return [
        Rule("kind", "one of " + ", ".join(KINDS), told >= 0),
        Rule("kind", "the kind that the context says", (told < 0) | same),
        Rule("mode", "one of " + ", ".join(MODES), _among(rows["mode"], MODES)),
        Rule("policy_id", "who decided", _bools(pc.not_equal(rows["policy_id"], ""))),
        Rule("context", "finite features", _finite(context)),
    ]


def _candidates(rows: pa.Table) -> list[Rule]:
    candidates, mask = arrow.one_array(rows["candidates"]), arrow.one_array(rows["mask"])
    if candidates.flatten().null_count:
        raise DecisionLogError("field candidates: expected features, found a candidate that is null")
    count, shape = arrow.lengths(candidates), arrow.lengths(mask)
    features = arrow.to_vectors(candidates.flatten())
    legal = np.asarray(pc.fill_null(mask.flatten(), False).to_numpy(zero_copy_only=False), np.bool_)
    chosen = rows["chosen"].to_numpy()
    listed = (chosen >= 0) & (chosen < shape)
    first = np.cumsum(shape) - shape
    taken = legal[np.minimum(first + np.where(listed, chosen, 0), max(len(legal) - 1, 0))] if len(legal) else listed
    return [
        Rule("candidates", "at least one", count > 0),
        Rule("candidates", "finite features", _all_of(_finite(features), count)),
        Rule("mask", "one entry per candidate", shape == count),
        Rule("mask", "at least one legal candidate", _any_of(legal, shape)),
        Rule("chosen", "a legal candidate", listed & taken),
    ]


def _propensities(rows: pa.Table) -> list[Rule]:
    propensity = arrow.to_numbers(rows["propensity"])
    null = _bools(pc.is_null(rows["propensity"]))
    return [
        Rule("propensity", "above 0 and at most 1", null | ((propensity > 0) & (propensity <= 1))),
        Rule("propensity_estimated", "false without a propensity", ~(null & _bools(rows["propensity_estimated"]))),
    ]


def _outcomes(rows: pa.Table) -> list[Rule]:
    known, reward = _bools(pc.is_valid(rows["outcome"])), arrow.to_numbers(rows["reward"])
    complete = _bools(pc.fill_null(pc.equal(rows["outcome"], COMPLETE), False))
    early = pc.fill_null(pc.less(rows["outcome_time"], rows["time"]), False)
    return [
        Rule("outcome", "one of " + ", ".join(OUTCOMES), ~known | _among(rows["outcome"], OUTCOMES)),
        Rule("outcome_time", "not before the decision", ~_bools(early)),
        Rule("reward", "a finite number where the outcome is complete", ~complete | np.isfinite(reward)),
        Rule("reward", "a finite number", _bools(pc.is_null(rows["reward"])) | np.isfinite(reward)),
    ]


def _among(column: pa.ChunkedArray, names: tuple[str, ...]) -> Bools:
    return _bools(pc.is_in(column, value_set=pa.array(names)))


def _finite(vectors: NDArray[np.float32]) -> Bools:
    return np.asarray(np.isfinite(vectors).all(axis=1))


def _all_of(flat: Bools, lengths: NDArray[np.int64]) -> Bools:
    """(B,) whether all of each row's entries are true; the flat entries of all rows follow each other."""
    wrong = np.bincount(np.repeat(np.arange(len(lengths)), lengths), ~flat, len(lengths))
    return np.asarray(wrong == 0)


def _any_of(flat: Bools, lengths: NDArray[np.int64]) -> Bools:
    return ~_all_of(~flat, lengths)


def _bools(column: pa.ChunkedArray) -> Bools:
    return np.asarray(column.to_numpy(), np.bool_)
