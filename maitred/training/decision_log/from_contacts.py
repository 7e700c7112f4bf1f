"""A decision log made of a contact log: each answered contact is the choice of one of the agents who were free.

No such log says who else could have answered, or with which chance: the first is rebuilt from the services, the second
is left open, to be estimated. What is said of agents in a month is fitted to the months before it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rich.table import Table

from maitred.envs.calibration import log_arrays
from maitred.envs.calibration.absence import absence_gap_s, agent_names
from maitred.envs.calibration.assumptions import RESOLVE_P
from maitred.envs.calibration.replay import log_types_and_agents, monthly_skills, replay_scenario
from maitred.envs.contact_log.schema import read_log
from maitred.envs.decision_json import key_of
from maitred.envs.kernel.layout import Term
from maitred.envs.kernel.world import world_of
from maitred.envs.objective import Objective
from maitred.envs.scenario import DAY_S, Floats, Scenario
from maitred.training.decision_log import arrow
from maitred.training.decision_log.contact_features import Answered, answered_contacts, decisions_behind, queue_of
from maitred.training.decision_log.episode_rows import Signature, decision_columns, signed
from maitred.training.decision_log.idle_agents import Presence, presence
from maitred.training.decision_log.schema import (
    ACTIVE,
    CENSORED,
    COMPLETE,
    EVENTS,
    TERM_NAMES,
    TERMS,
    DecisionLogError,
    schema_of,
)
from maitred.training.decision_log.write import log_writer

WINDOW_S = 7.0 * DAY_S
PLATFORM = Signature("platform", "unknown", None, ACTIVE)
NO_HISTORY = "first month: none before it to learn of its agents"

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Made:
    """What became of the contacts: rows written, and why the others are none."""

    contacts: int
    rows: int
    dropped: dict[str, int]


def from_contacts(log: str | Path, out: str | Path) -> Made:
    """Write the decisions behind the services of a contact log, without propensities.

    The reward is that of agent work and of satisfaction by the wait, resolution at its mean: a proxy, blind to whether
    the matter was settled. An identified customer's later contacts are counted in the events, and not in the reward.

    Args:
        log: contact log of at least two months; all of it is read into memory.
        out: decision log to write.

    Raises:
        DecisionLogError: it has no second month.
    """
    contacts = read_log(log).sort_by("arrival")
    month = log_arrays.clock_s(contacts, "arrival").astype("datetime64[s]").astype("datetime64[M]")
    months = np.unique(month)
    if len(months) < 2:
        raise DecisionLogError(f"{log}: expected two months or more, found {len(months)}")
    returns, rows = _returns(contacts), 0
    dropped = Counter({NO_HISTORY: int((month == months[0]).sum())})
    days = np.unique(log_arrays.clock_s(contacts, "arrival").astype("datetime64[s]").astype("datetime64[D]"))
    provenance = {"contact_log": Path(log).name, "log_days": [str(day) for day in days]}
    with log_writer(out, schema_of(asdict(Objective()), provenance)) as append:
        for now in months[1:]:
            here = pa.array(month == now)
            table = _month(
                contacts.filter(pa.array(month < now)), contacts.filter(here), returns[month == now], dropped
            )
            append(table)
            rows += table.num_rows
    return Made(contacts.num_rows, rows, dict(dropped))


def _month(past: pa.Table, log: pa.Table, returns: Floats, dropped: Counter[str]) -> pa.Table:
    """The decisions of one month, in order, with agents as known from before it."""
    types, _ = log_types_and_agents(past)
    agents = tuple(sorted({*agent_names(past), *agent_names(log)}))
    [skills] = monthly_skills(log, agents, types).values()
    scenario = replay_scenario(past, types, agents, 0.0)
    scenario = replace(scenario, agents=replace(scenario.agents, may_answer=skills))
    every = answered_contacts(log, types, agents)
    known = np.isfinite(every.moment_s) & (every.type >= 0) & (every.agent >= 0)
    there = presence(log, agents, absence_gap_s(past), np.where(np.isfinite(every.moment_s), every.moment_s, 0.0))
    reason = _reason(log, every, there, skills)
    dropped.update(reason[reason != ""].tolist())
    use = np.flatnonzero((reason == "") & known)
    use = use[np.argsort(every.moment_s[use], kind="stable")]
    answered = Answered(*(getattr(every, name)[use] for name in Answered.__dataclass_fields__))
    own = Presence(*(getattr(there, name)[use] for name in Presence.__dataclass_fields__))
    able = own.idle & skills[:, answered.type].T
    rows = log.take(use)
    key = np.array([key_of(contact) for contact in rows["contact_id"].to_pylist()], np.uint64)
    decisions, chosen = decisions_behind(key, answered, able, own, queue_of(log, types), world_of(scenario))
    columns = {
        **_identity(rows, answered.moment_s),
        **decision_columns(decisions),
        "chosen": pa.array(chosen, pa.int32()),
        "propensity": pa.nulls(len(use), pa.float64()),
        "propensity_estimated": pa.array(np.zeros(len(use), np.bool_)),
        **_outcomes(rows, answered, scenario, returns[use]),
    }
    return signed(pa.table(columns), PLATFORM)


def _reason(log: pa.Table, every: Answered, there: Presence, skills: Bools) -> NDArray[np.str_]:
    """(n,) why a contact tells no decision; empty where it does."""
    rows, agent, type = np.arange(len(every.agent)), every.agent, every.type
    reasons = {
        "not answered": ~log_arrays.outcome_is(log, "served"),
        "nobody named who answered": agent < 0,
        "no time or length of the service": ~np.isfinite(every.moment_s + log_arrays.numbers(log, "service_s")),
        "no type, or one that did not occur before": type < 0,
        "first contact of a time on duty: since when its agent was there is not known": ~there.on_duty[rows, agent],
        "its agent was on another contact, as the log has it": ~there.idle[rows, agent],
        "of a type that its agent hardly answers": ~skills[agent, type],
    }
    return np.select(list(reasons.values()), list(reasons), default="")


def _identity(rows: pa.Table, moment_s: Floats) -> dict[str, pa.Array]:
    """What names a decision: the contact; an episode is a day."""
    n, day = len(moment_s), (moment_s // DAY_S).astype(np.int64)
    first = np.searchsorted(day, day)
    following = np.append(moment_s[1:], np.inf)[:n]
    last = np.append(day[1:] != day[:-1], True)[:n]
    return {
        "decision_id": rows["contact_id"].combine_chunks(),
        "time": pa.array(np.round(moment_s * 1e6).astype("datetime64[us]")),
        "episode_id": pa.array(day.astype("datetime64[D]").astype(str)),
        "step": pa.array(np.arange(n) - first, pa.int32()),
        "episode_end": pa.array(last),
        "contact_id": rows["contact_id"].combine_chunks(),
        "case_id": pa.nulls(n, pa.string()),
        "step_reward": pa.nulls(n, pa.float64()),
        "step_s": arrow.numbers(np.where(last, np.nan, following - moment_s)),
    }


def _outcomes(rows: pa.Table, answered: Answered, scenario: Scenario, returns: Floats) -> dict[str, pa.Array]:
    n, weights = len(answered.wait_s), Objective().weights()
    service_s, wrap_s = log_arrays.numbers(rows, "service_s"), np.nan_to_num(log_arrays.numbers(rows, "wrap_s"))
    terms = np.full((n, len(Term)), np.nan)
    terms[:, Term.FOCUS_S], terms[:, Term.ABANDONED] = service_s + wrap_s, 0.0
    terms[:, Term.CSAT], terms[:, Term.WAITED_S] = _satisfaction(answered.wait_s, scenario), answered.wait_s
    known, clipped = np.ones(n, np.bool_), rows["service_clipped"].to_numpy()
    events = {
        "answered_s": pa.array(np.zeros(n)),
        "closed_s": pa.array(service_s),
        "ended": pa.array(["served"] * n),
        "resolved": pa.nulls(n, pa.bool_()),
        "surveyed": pa.nulls(n, pa.float64()),
        "returns": arrow.numbers(returns),
    }
    named = {name: arrow.numbers(terms[:, i]) for i, name in enumerate(TERM_NAMES)}
    return {
        "outcome": arrow.chosen_among((COMPLETE, CENSORED), clipped.astype(np.int64), known),
        "outcome_time": pa.array(np.round((answered.moment_s + service_s) * 1e6).astype("datetime64[us]")),
        "outcome_event": pa.nulls(n, pa.string()),
        "reward": pa.array(np.nan_to_num(terms) @ weights),
        "terms": arrow.struct(named, TERMS, known),
        "events": arrow.struct(events, EVENTS, known),
    }


def _satisfaction(wait_s: Floats, scenario: Scenario) -> Floats:
    """(n,) latent satisfaction by the wait, resolution at its mean; the logit of the scenario's quality block."""
    over = np.maximum(wait_s / scenario.routing.answer_target_s, 1.0)
    logit = scenario.quality.resolved * RESOLVE_P + scenario.quality.wait_per_doubling * np.log2(over)
    return np.asarray(1 / (1 + np.exp(-logit)))


def _returns(contacts: pa.Table) -> Floats:
    """(n,) later contacts of the same customer within the window after arrival; NaN where not identified."""
    customer, arrival = contacts["customer_id"], log_arrays.clock_s(contacts, "arrival")
    names = customer.unique().drop_null()
    code = log_arrays.codes(contacts, "customer_id", tuple(names.to_pylist()))
    order = np.lexsort((arrival, code))
    far = 10 * WINDOW_S + np.ptp(arrival)
    line = code[order] * far + arrival[order] - arrival.min()
    count = np.searchsorted(line, line + WINDOW_S, side="right") - np.arange(len(line)) - 1
    returns = np.full(len(code), np.nan)
    returns[order] = np.where(code[order] >= 0, count, np.nan)
    return returns


def made_table(made: Made) -> Table:
    """What became of the contacts, to print."""
    table = Table("contacts", "count", title="Decisions behind a contact log")
    table.columns[1].justify = "right"
    table.add_row("read", f"{made.contacts:,}")
    for reason, count in sorted(made.dropped.items(), key=lambda item: -item[1]):
        table.add_row(f"dropped: {reason}", f"{count:,}")
    table.add_row("decisions written", f"{made.rows:,}")
    return table
