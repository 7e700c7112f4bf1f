"""Logs of a world where the quickest candidate is the best, by hand: no simulator."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from maitred.envs.decision import CANDIDATE_NAMES
from maitred.training.decision_log.read import as_logged
from tests.decisions import HOLD
from tests.training.decision_log.logs import made_rows, with_values

HANDLE_S = CANDIDATE_NAMES.index("handle_s")


def worth(decisions):
    """(n, K) money that each candidate earns on average: more, the shorter its handle time."""
    return 5 - np.log1p(decisions.candidates[:, :, HANDLE_S]) - 3 * decisions.candidates[:, :, HOLD]


def log_of_worth(count=3000, episodes=20, seed=0, noise=0.3, **options):
    """Rows of complete decisions, a contact each, that earn their worth in the minute until the next."""
    rows = made_rows(count, episodes, seed, **options)
    logged = as_logged(rows)
    earned = worth(logged.decisions)[np.arange(count), logged.chosen]
    earned = earned + noise * np.random.default_rng(seed).normal(size=count)
    rows = with_values(rows, "reward", earned)
    rows = with_values(rows, "step_reward", earned)
    rows = with_values(rows, "contact_id", [f"c{row}" for row in range(count)])
    return with_values(rows, "outcome", ["complete"] * count)


def with_closing(rows, closed_s):
    """Rows whose contacts end so many seconds after their decisions."""
    kind = rows.schema.field("events").type
    events = pa.array([{"closed_s": None if np.isnan(s) else float(s)} for s in closed_s], kind)
    return rows.set_column(rows.column_names.index("events"), "events", events)
