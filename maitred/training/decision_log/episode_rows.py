"""The rows of a decision log that one simulated episode makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from maitred.envs.decision import Decisions
from maitred.envs.kernel.layout import Outcome, Term
from maitred.envs.scenario import DAY_S, Scenario
from maitred.envs.simulator import Ledger
from maitred.training.decision_log import arrow
from maitred.training.decision_log.case_terms import NOBODYS, Cases, cases
from maitred.training.decision_log.played import NOBODY, Played
from maitred.training.decision_log.schema import (
    CENSORED,
    COMPLETE,
    ENDS,
    EVENTS,
    FALLBACK,
    KINDS,
    SCHEMA,
    TERM_NAMES,
    TERMS,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_FIRST_MONDAY = np.datetime64("2024-01-01", "us")
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Signature:
    """Who decided, under which rules: the same on every row of an episode.

    Attributes:
        policy_id: name of the policy.
        model_version: what exactly that is.
        governance_hash: of the governance file in force; None where there is none.
        mode: one of `schema.MODES`.
    """

    policy_id: str
    model_version: str
    governance_hash: str | None
    mode: str


def episode_rows(
    played: Played, ledger: Ledger, scenario: Scenario, weights: Floats, episode: str, begins: np.datetime64
) -> pa.Table:
    """The decisions of one episode (N,) with what came of them, all columns of the schema but the signature's.

    Args:
        played: the episode's decisions, in order.
        ledger: what it booked.
        scenario: the center.
        weights: (len(Term),) money per booked unit.
        episode: its identifier, unique in the log.
        begins: midnight before it begins.
    """
    n, step, about = len(played.center), np.arange(len(played.center)), played.contact != NOBODY
    every, contact = np.ones(n, np.bool_), played.contact
    columns = {
        "decision_id": arrow.numbered(f"{episode}-", step, every),
        "time": pa.array(begins + _micros(played.now_s)),
        "episode_id": pa.array([episode] * n, pa.string()),
        "step": pa.array(step, pa.int32()),
        "episode_end": pa.array(step == n - 1),
        "contact_id": arrow.numbered(f"{episode}-c", contact, about),
        "case_id": arrow.numbered(f"{episode}-k", ledger.contacts["case"][contact], about),
        **decision_columns(played.decisions),
        "chosen": pa.array(played.choices.candidate, pa.int32()),
        "propensity": pa.array(played.choices.propensity),
        "propensity_estimated": pa.array(np.zeros(n, np.bool_)),
        "step_reward": pa.array(played.reward),
        "step_s": pa.array(played.step_s),
        **_outcomes(played, ledger, cases(ledger, scenario), weights, begins),
    }
    return pa.table(columns)


def signed(rows: pa.Table, signature: Signature, reasons: Sequence[str | None] | None = None) -> pa.Table:
    """Rows (N,) with who decided, in the order of the schema; those with a reason are a fallback's."""
    n = rows.num_rows
    told = pa.array([None] * n if reasons is None else reasons, pa.string())
    values = {name: pa.array([getattr(signature, name)] * n, pa.string()) for name in Signature.__dataclass_fields__}
    values["mode"] = pc.if_else(pc.is_valid(told), FALLBACK, values["mode"])
    for name, value in (values | {"reason": told}).items():
        rows = rows.append_column(name, value)
    return rows.select(SCHEMA.names)


def decision_columns(decisions: Decisions) -> dict[str, pa.Array]:
    """What a log says of decisions (B,) themselves; places behind the last that is legal or described are left out."""
    described = decisions.mask | decisions.candidates.any(axis=2)
    places = described.shape[1] - described[:, ::-1].argmax(axis=1)
    real = np.arange(described.shape[1]) < places[:, None]
    return {
        "key": pa.array(decisions.key),
        "kind": pa.array(KINDS).take(pa.array(decisions.kind)),
        "context": arrow.vectors(decisions.context),
        "candidates": arrow.ragged(arrow.vectors(decisions.candidates[real]), places),
        "mask": arrow.ragged(pa.array(decisions.mask[real]), places),
    }


def first_day(episode: int, weekday: int, days: int) -> np.datetime64:
    """Midnight before episode number `episode` (from 0), of `days` days: each stands in weeks of its own."""
    weeks = -(-(days + _WEEK - 1) // _WEEK)
    return _FIRST_MONDAY + np.timedelta64((episode * weeks * _WEEK + weekday) * DAY_S * 1_000_000, "us")


def _outcomes(
    played: Played, ledger: Ledger, case: Cases, weights: Floats, begins: np.datetime64
) -> dict[str, pa.Array]:
    """What came of each decision by the horizon."""
    about, row = played.contact != NOBODY, played.contact
    terms = case.terms[row] - played.before
    earlier = case.callback_s[row] < played.now_s
    terms[:, Term.COST] -= np.where(earlier, case.callback_cost, 0)
    reward = np.where(about, terms @ weights, np.nan)
    known = begins + _micros(np.full(len(row), ledger.horizon_s))
    terms[:, NOBODYS] = np.nan
    named = {name: arrow.numbers(terms[:, i]) for i, name in enumerate(TERM_NAMES)}
    return {
        "outcome": arrow.chosen_among((CENSORED, COMPLETE), case.closed[row].astype(np.int64), about),
        "outcome_time": pa.array(known, mask=~about),
        "outcome_event": pa.nulls(len(row), pa.string()),
        "reward": arrow.numbers(reward),
        "terms": arrow.struct(named, TERMS, about),
        "events": arrow.struct(_events(played, ledger, case), EVENTS, about),
    }


def _events(played: Played, ledger: Ledger, case: Cases) -> dict[str, pa.Array]:
    contacts, row = ledger.contacts[played.contact], played.contact
    ended = contacts["outcome"] != Outcome.INSIDE
    surveyed = ledger.talks["surveyed"][row] == 1 if len(ledger.talks) else np.zeros(len(row), np.bool_)
    return {
        "answered_s": arrow.numbers(contacts["answer_s"] - played.now_s),
        "closed_s": arrow.numbers(contacts["end_s"] - played.now_s),
        "ended": arrow.chosen_among(ENDS, contacts["outcome"].astype(np.int64) - 1, ended),
        "resolved": pa.array(contacts["resolved"] == 1, mask=~ended),
        "surveyed": arrow.numbers(np.where(surveyed, contacts["csat"], np.nan)),
        "returns": pa.array(case.returns[row], pa.int32()),
    }


def _micros(seconds: Floats) -> NDArray[np.timedelta64]:
    return np.round(seconds * 1e6).astype("timedelta64[us]")
