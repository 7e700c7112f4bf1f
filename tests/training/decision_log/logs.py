"""Decision logs made by hand: random decisions, a policy that draws, outcomes on request."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pyarrow as pa

from maitred.envs.decision import Decisions, draw
from maitred.envs.objective import Objective
from maitred.training.decision_log.episode_rows import Signature, decision_columns
from maitred.training.decision_log.schema import EVENTS, SCHEMA, TERMS, schema_of
from maitred.training.decision_log.write import log_writer
from tests.decisions import sample_decisions

START = np.datetime64("2024-01-01T08:00:00", "us")
SIGNED = Signature("made", "made:1", "hash", "active")


def made_rows(count=60, episodes=4, seed=0, places=5, probabilities=None):
    """`count` open decisions in order, a minute apart, of equally long episodes; drawn evenly unless told how."""
    decisions = sample_decisions(count, places, seed=seed)
    p = (
        decisions.mask / decisions.mask.sum(axis=1, keepdims=True)
        if probabilities is None
        else probabilities(decisions)
    )
    return rows_of(decisions, p, episodes)


def rows_of(decisions: Decisions, probabilities, episodes=4):
    """Open decisions, drawn with (B, K) probabilities."""
    count, choices = len(decisions), draw(probabilities, decisions.key)
    rows, per = np.arange(count), -(-count // episodes)
    columns = {
        "decision_id": pa.array([f"d{row}" for row in rows]),
        "time": pa.array(START + (rows * 60_000_000).astype("timedelta64[us]")),
        "episode_id": pa.array([f"e{row // per}" for row in rows]),
        "step": pa.array(rows % per, pa.int32()),
        "episode_end": pa.array((rows % per == per - 1) | (rows == count - 1)),
        "contact_id": pa.array([f"c{row // 2}" for row in rows]),
        "case_id": pa.array([f"k{row // 2}" for row in rows]),
        **decision_columns(decisions),
        "chosen": pa.array(choices.candidate, pa.int32()),
        "propensity": pa.array(choices.propensity),
        "propensity_estimated": pa.array(np.zeros(count, bool)),
        "step_reward": pa.array(np.ones(count)),
        "step_s": pa.array(np.full(count, 60.0)),
        "outcome": pa.array(["open"] * count),
        "outcome_time": pa.nulls(count, pa.timestamp("us")),
        "outcome_event": pa.nulls(count, pa.string()),
        "reward": pa.nulls(count, pa.float64()),
        "terms": pa.nulls(count, TERMS),
        "events": pa.nulls(count, EVENTS),
        **{name: pa.array([value] * count) for name, value in asdict(SIGNED).items()},
        "reason": pa.nulls(count, pa.string()),
    }
    return pa.table(columns).select(SCHEMA.names).cast(SCHEMA)


def with_values(rows, name, values):
    """Rows with other values in one column."""
    place = rows.column_names.index(name)
    return rows.set_column(place, name, pa.array(values, rows.schema.field(name).type))


def without_propensities(rows):
    """Rows as a platform logs them."""
    return with_values(rows, "propensity", [None] * rows.num_rows)


def written(rows, path, group_rows=16):
    """The path of a log of these rows."""
    with log_writer(path, schema_of(asdict(Objective()), {"seed": 7}), group_rows) as append:
        append(rows)
    return path
