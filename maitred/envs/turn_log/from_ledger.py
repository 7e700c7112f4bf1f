"""A simulator's log as a turn log: what a center's own systems would have written down, and nothing more.

Hidden state stays hidden: of a bot's closed contacts nobody knows whether they were resolved, of customers who left
without a word nobody knows when. Only complexity labels are given on request.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from maitred.envs.kernel.layout import Mark, Origin
from maitred.envs.scenario import Floats, Ints, Scenario
from maitred.envs.simulator import Ledger
from maitred.envs.turn_log.schema import ATTRS, SCHEMA, TurnLogError

MONDAY = date(2024, 1, 1)
ACCEPT, OFFERED, NO_ANSWER = 100, 101, 102  # events that the simulator's log does not hold as marks of their own
EVENT_OF = {
    Mark.ARRIVE: "arrive", Mark.START_TURN: "start_turn", Mark.END_TURN: "end_turn", Mark.REPLY: "reply",
    Mark.BOT_START: "bot_start", Mark.BOT_TURN: "bot_turn", Mark.TRANSFER: "transfer", Mark.ESCALATE: "escalate",
    Mark.ABANDON: "abandon", Mark.SILENT: "silent_abandon_suspected", Mark.CALLBACK: "callback_accepted",
    Mark.CLOSE: "resolve", Mark.WRAP_UP: "wrap", Mark.SURVEY: "survey", Mark.SHIFT_START: "shift_start",
    Mark.SHIFT_END: "shift_end", ACCEPT: "accept", OFFERED: "callback_offered", NO_ANSWER: "callback_no_answer",
}  # fmt: skip
Bools = NDArray[np.bool_]


def from_ledger(ledger: Ledger, scenario: Scenario, *, first_day: date = MONDAY, labels: bool = False) -> pa.Table:
    """Turn the log of one episode into turn-level events.

    Acceptances are known for a contact's first agent only, and the time of an offer of a call back only where it was
    accepted (others stand at the arrival). Working experience is tenure plus contacts closed over `contacts_per_wk`.

    Args:
        ledger: of a simulator with conversations and `keep_log=True`.
        scenario: what was simulated.
        first_day: date of the episode's first day; its weekday must be that of the trace.
        labels: whether contacts arrive with a label of their complexity.

    Returns:
        Events with the columns of `SCHEMA`, in order of time.

    Raises:
        TurnLogError: the simulator kept no log, or the scenario has no conversations.
    """
    if len(ledger.log) == 0 or not scenario.has_conversations:
        raise TurnLogError("expected the ledger of a scenario with conversations, simulated with keep_log=True")
    log = _with_derived(ledger)
    contact, agent, mark = log["contact"], log["agent"], log["mark"]
    of_contact, by_agent = contact >= 0, agent >= 0
    kind = _type_now(log)
    start = np.datetime64(first_day, "us")
    ts = start + np.round(log["s"] * 1e6).astype("timedelta64[us]")
    bot = _bots(log, scenario)
    columns = {
        "ts": pa.array(ts),
        "event": _labels([EVENT_OF[m] for m in mark.tolist()]),
        "contact_id": _numbered("c", contact, of_contact),
        "case_id": _numbered("k", ledger.contacts["case"][contact], of_contact),
        "channel": _named(scenario.channels.names, _channel_of(scenario)[kind], of_contact),
        "intent": _named(scenario.types.names, kind, of_contact),
        "resource_id": _resources(scenario, agent, by_agent, bot),
        "queue_id": _named(scenario.types.names, kind, of_contact),
        "turn": pa.array(log["turn"], pa.int32(), mask=~of_contact),
        "duration_s": _numbers(_durations(log)),
        "attrs": _attrs(log, ledger, scenario, labels),
    }
    return pa.table(columns).cast(SCHEMA)


def _with_derived(ledger: Ledger) -> NDArray[np.void]:
    """The log without caps and messages, with the events that follow from the ledger, in order of time."""
    log = _with_vain_calls(ledger.log[~np.isin(ledger.log["mark"], [Mark.CAP, Mark.MESSAGE])], ledger)
    accepted, before_start = _accepted(log, ledger)
    offered, beside = _offered(log, ledger)
    every = np.concatenate([log, offered, accepted])
    return every[np.argsort(np.concatenate([np.arange(len(log)), beside, before_start]), kind="stable")]


def _accepted(log: NDArray[np.void], ledger: Ledger) -> tuple[NDArray[np.void], Floats]:
    """When the first agent of each contact was given it, and its place among the rows of the log."""
    starts = np.flatnonzero(log["mark"] == Mark.START_TURN)
    contact, first = np.unique(log["contact"][starts], return_index=True)
    accepted = log[starts[first]]
    accepted["s"], accepted["mark"] = np.fmin(ledger.contacts["answer_s"][contact], accepted["s"]), ACCEPT
    place = np.minimum(np.searchsorted(log["s"], accepted["s"], side="right"), starts[first])
    return accepted, place - 0.5


def _offered(log: NDArray[np.void], ledger: Ledger) -> tuple[NDArray[np.void], Floats]:
    """Offers of a call back: before their acceptance, or else with the arrival; and their places in the log."""
    arrivals = np.flatnonzero((log["mark"] == Mark.ARRIVE) & (ledger.talks["callback"][log["contact"]] == 1))
    taken = np.flatnonzero(log["mark"] == Mark.CALLBACK)
    at = dict(zip(log["contact"][taken].tolist(), taken.tolist(), strict=True))
    place = np.array([at.get(contact, -1) for contact in log["contact"][arrivals].tolist()], dtype=np.int64)
    offered = log[np.where(place >= 0, place, arrivals)]
    offered["mark"] = OFFERED
    return offered, np.where(place >= 0, place - 0.5, arrivals + 0.5)


def _in_contacts(log: NDArray[np.void], marks: list[int]) -> tuple[Ints, Ints]:
    """Rows with one of `marks` by contact and time, and the row before each in its contact, -1 for none."""
    rows = np.flatnonzero(np.isin(log["mark"], marks))
    rows = rows[np.argsort(log["contact"][rows], kind="stable")]
    same = log["contact"][rows][1:] == log["contact"][rows][:-1]
    return rows, np.append(-1, np.where(same, rows[:-1], -1)) if len(rows) else rows


def _with_vain_calls(log: NDArray[np.void], ledger: Ledger) -> NDArray[np.void]:
    """The log with one event for each call back that nobody answered: the first turns after the promise, one a try."""
    rows, _ = _in_contacts(log, [Mark.START_TURN, Mark.END_TURN, Mark.CALLBACK])
    contact, mark = log["contact"][rows], log["mark"][rows]
    called = np.cumsum(mark == Mark.CALLBACK) - np.searchsorted(contact[mark == Mark.CALLBACK], contact) > 0
    vain = np.zeros(len(log), bool)
    for kind in (Mark.START_TURN, Mark.END_TURN):
        dialled = rows[called & (mark == kind)]
        whose = log["contact"][dialled]
        nth = np.arange(len(dialled)) - np.searchsorted(whose, whose)
        vain[dialled[nth < ledger.talks["tries"][whose]]] = True
    log = log.copy()
    log["mark"][vain & (log["mark"] == Mark.END_TURN)] = NO_ANSWER
    return np.asarray(log[~(vain & (log["mark"] == Mark.START_TURN))])


def _type_now(log: NDArray[np.void]) -> Ints:
    """(n,) type of the contact of each event, 0 for events of none."""
    rows = np.flatnonzero(log["contact"] >= 0)
    rows = rows[np.argsort(log["contact"][rows], kind="stable")]
    fresh = np.isin(log["mark"], [Mark.ARRIVE, Mark.TRANSFER])
    last = np.maximum.accumulate(np.where(fresh[rows], np.arange(len(rows)), 0))
    kind = np.zeros(len(log), np.int64)
    kind[rows] = log["value"][rows][last].astype(np.int64)
    return kind


def _channel_of(scenario: Scenario) -> Ints:
    return np.broadcast_to(np.asarray(scenario.channels.of_type), (len(scenario.types.names),))


def _durations(log: NDArray[np.void]) -> Floats:
    """(n,) work of ended turns, wrap-up, bot turns; nan for the rest."""
    seconds = np.where(log["mark"] == Mark.WRAP_UP, log["value"], np.nan)
    rows, before = _in_contacts(log, [Mark.START_TURN, Mark.END_TURN])
    whole = (log["mark"][rows] == Mark.END_TURN) & (before >= 0) & (log["mark"][before] == Mark.START_TURN)
    seconds[rows[whole]] = log["value"][before[whole]]
    rows, before = _in_contacts(log, [Mark.BOT_START, Mark.BOT_TURN])
    turns = (log["mark"][rows] == Mark.BOT_TURN) & (before >= 0)
    seconds[rows[turns]] = log["s"][rows[turns]] - log["s"][before[turns]]
    return np.asarray(seconds)


def _attrs(log: NDArray[np.void], ledger: Ledger, scenario: Scenario, labels: bool) -> pa.StructArray:
    mark, contact, agent = log["mark"], log["contact"], log["agent"]
    arrives, shift = mark == Mark.ARRIVE, mark == Mark.SHIFT_START
    closed = (mark == Mark.CLOSE) & (agent >= 0)
    named = {
        "priority": pa.array(ledger.contacts["level"][contact].astype(np.int8), mask=~arrives),
        "complexity": _named(scenario.dialogue.names, ledger.talks["started_complexity"][contact], arrives & labels),
        "context": _numbers(_context(log, ledger, scenario)),
        "resolved": pa.array(log["value"] > 0, mask=~closed),
        "score": _numbers(np.where(mark == Mark.SURVEY, log["value"], np.nan)),
        "group": _named(scenario.agents.group_names, scenario.agents.group[agent], shift),
        "tenure_wk": _numbers(np.where(shift, _experience(log, ledger, scenario), np.nan)),
    }
    fields = [pa.field(name, kind) for name, (kind, _) in ATTRS.items()]
    return pa.StructArray.from_arrays([named[f.name].cast(f.type) for f in fields], fields=fields)


def _experience(log: NDArray[np.void], ledger: Ledger, scenario: Scenario) -> Floats:
    """(n,) weeks of experience of the agent of each event, nan where the agent was replaced meanwhile."""
    closes = (log["mark"] == Mark.CLOSE) & (log["agent"] >= 0)
    order = np.argsort(log["agent"], kind="stable")
    total = np.cumsum(closes[order])
    first = np.searchsorted(log["agent"][order], log["agent"])
    done = np.empty(len(log), np.int64)
    done[order] = total
    before = np.where(first > 0, total[first - 1], 0)
    weeks = scenario.agents.tenure_wk[log["agent"]] + (done - before) / scenario.people.contacts_per_wk
    return np.asarray(np.where(ledger.left[log["agent"]] > 0, np.nan, weeks))


def _context(log: NDArray[np.void], ledger: Ledger, scenario: Scenario) -> Floats:
    """(n,) what whoever takes a contact over can see of what was said before, nan but for those first turns."""
    context = np.full(len(log), np.nan)
    rows, before = _in_contacts(log, [Mark.START_TURN, Mark.BOT_START])
    starts = log["mark"][rows] == Mark.START_TURN
    rows, before = rows[starts], before[starts]
    agent, bot = log["agent"][rows], (before >= 0) & (log["mark"][before] == Mark.BOT_START)
    holder = _holder_before(log, ledger)[rows]
    taken_over = (holder >= 0) & (holder != agent) & ~bot
    context[rows[taken_over]] = scenario.handoff.context_kept
    bot &= holder != agent  # who knows the customer needs nothing from the bot
    passed_on = np.broadcast_to(np.asarray(scenario.bots.handoff_context, float), (max(len(scenario.bots.names), 1),))
    context[rows[bot]] = passed_on[log["value"][before[bot]].astype(np.int64)]
    return context


def _holder_before(log: NDArray[np.void], ledger: Ledger) -> Ints:
    """(n,) for starts of turns: agent of the turn before, or of the case's contact before; -1 for none."""
    rows, before = _in_contacts(log, [Mark.START_TURN])
    holder = np.full(len(log), -1)
    holder[rows] = np.where(before >= 0, log["agent"][before], _last_agent_of_case(ledger)[log["contact"][rows]])
    return holder


def _last_agent_of_case(ledger: Ledger) -> Ints:
    """(C,) who last had the contact before in the same case, or had the case before it; -1 for none."""
    c = ledger.contacts
    order = np.lexsort((c["attempts"], c["case"]))
    follows = (c["case"][order][1:] == c["case"][order][:-1]) & (c["origin"][order][1:] != Origin.PROACTIVE)
    before = order[:-1][follows]
    agent = np.full(len(c), -1)
    agent[order[1:][follows]] = np.where(
        c["agent"][before] >= 0, c["agent"][before], ledger.talks["last_agent"][before]
    )
    return agent


def _bots(log: NDArray[np.void], scenario: Scenario) -> pa.Array:
    is_bot = np.isin(log["mark"], [Mark.BOT_START, Mark.BOT_TURN])
    return _named(scenario.bots.names, log["value"].astype(np.int64), is_bot)


def _resources(scenario: Scenario, agent: Ints, by_agent: Bools, bot: pa.Array) -> pa.Array:
    return pc.coalesce(_named(scenario.agents.names, agent, by_agent).cast(pa.string()), bot.cast(pa.string()))


def _named(names: tuple[str, ...], index: Ints, use: Bools) -> pa.Array:
    return pa.DictionaryArray.from_arrays(
        pa.array(np.where(use, index, 0), pa.int32(), mask=~use), pa.array(names, pa.string())
    )


def _labels(values: list[str]) -> pa.Array:
    return pa.array(values).dictionary_encode()


def _numbered(letter: str, number: Ints, use: Bools) -> pa.Array:
    return pa.array([f"{letter}{n}" if u else None for n, u in zip(number.tolist(), use.tolist(), strict=True)])


def _numbers(values: Floats) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))
