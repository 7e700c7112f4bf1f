"""A batch of centers stepped together: traces in, decisions out, ledgers at the end."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import PREFERENCE, PREFERRED, Decisions, Policy
from maitred.envs.kernel import advance as kernel
from maitred.envs.kernel.layout import Activity, Observation, Progress, allocate
from maitred.envs.kernel.world import world_of
from maitred.envs.scenario import Scenario
from maitred.envs.trace import Trace

SLACK = 1.5  # spare room for callers who come back, before arrays have to grow
# numpy compares with plain integers three times as fast as with members of an enumeration
DECISION, DONE, FULL = (int(progress) for progress in (Progress.DECISION, Progress.DONE, Progress.FULL))
# arrays of which a center uses the first so many entries, and the field of its record that counts them
COUNTED = {
    **dict.fromkeys(("contacts", "queued", "talks", "beliefs"), "rows"),
    **{name: name for name in ("arrivals", "roster", "needs", "heap")},
    "log": "logged",
}


@dataclass(frozen=True)
class Ledger:
    """Everything booked in one episode.

    Attributes:
        contacts: (C,) `kernel.layout.CONTACT` records in order of arrival; times in seconds, NaN if it never was.
        accounts: (A, len(Activity)) float64 seconds each agent spent per activity.
        overrun_s: (A,) float64 seconds worked past the end of a shift, within the accounts.
        booked: (len(Term),) float64 totals.
        talks: (C,) `kernel.layout.TALK` records, one per contact; empty without conversations.
        beliefs: (C, complexities) float32, the last belief of each contact's complexity; empty without conversations.
        left: (A,) int64, how often the agent of each place left and was replaced.
        assisted: (A,) int8, 1 for each who followed the copilot in its last shift.
        log: (L,) `kernel.layout.LOGGED` records in order of time; empty unless the simulator keeps a log.
        decisions: number of decisions with at least two legal candidates.
        horizon_s: length of the episode, seconds.
    """

    contacts: NDArray[np.void]
    accounts: NDArray[np.float64]
    overrun_s: NDArray[np.float64]
    booked: NDArray[np.float64]
    talks: NDArray[np.void]
    beliefs: NDArray[np.float32]
    left: NDArray[np.int64]
    assisted: NDArray[np.int8]
    log: NDArray[np.void]
    decisions: int
    horizon_s: float

    def copy(self) -> Ledger:
        """The same, whatever is booked from now on."""
        return Ledger(**{f.name: copy(getattr(self, f.name)) for f in fields(self)})

    @property
    def paid_s(self) -> float:
        """Paid agent seconds: every activity but off."""
        return float(self.accounts.sum() - self.accounts[:, Activity.OFF].sum())


class Simulator:
    """B centers of one scenario, each on its own trace.

    Attributes:
        scenario: the centers' scenario.
        centers: their state.
        observation: their pending decisions; at the horizon, their state there, with nothing to do but hold.
    """

    def __init__(self, scenario: Scenario, traces: Sequence[Trace], keep_log: bool = False) -> None:
        self.scenario = scenario
        self.world = world_of(scenario)
        arrivals = max(len(t.arrivals) for t in traces)
        roster = max(len(t.roster) for t in traces)
        self.centers, self.observation = allocate(
            len(traces), scenario, arrivals, roster, int(SLACK * arrivals) + 64, 256, 4096 if keep_log else 0
        )
        self._no_answers, self._none_as_usual = np.full(len(traces), kernel.WAIT), np.zeros(len(traces), np.int64)
        self.prefer(np.tile(np.array(list(PREFERENCE.values()), np.float32), (len(traces), 1)))
        for b, trace in enumerate(traces):
            self.load(b, trace)

    def __len__(self) -> int:
        """Number of centers."""
        return len(self.centers.center)

    def prefer(self, preference: NDArray[np.float32]) -> None:
        """Let the decisions of each center carry what its operator wants, (B, P) weights of `decision.PREFERENCE`."""
        self.preference = preference
        self.observation.context[:, PREFERRED] = preference

    def load(self, b: int, trace: Trace) -> None:
        """Put center `b` at the start of a trace."""
        self._grow(arrivals=len(trace.arrivals), roster=len(trace.roster), needs=len(trace.needs))
        x = self.centers
        x.arrivals[b, : len(trace.arrivals)] = trace.arrivals
        x.roster[b, : len(trace.roster)] = trace.roster
        x.needs[b, : len(trace.needs)] = trace.needs
        x.handle_mean_s[b], x.resolve_p[b], x.empathy[b] = trace.handle_mean_s, trace.resolve_p, trace.empathy
        x.may_answer[b], x.forecast[b] = trace.may_answer, trace.forecast
        sizes = len(trace.arrivals), len(trace.roster), len(trace.needs)
        kernel.start(self.world, x, b, trace.key[0], *sizes)

    def step(self, candidate: NDArray[np.int64] | None = None, into: Observation | None = None) -> None:
        """Answer the pending decisions and run on to the next ones.

        Args:
            candidate: (B,) the answers; without them, the decisions wait.
            into: blank buffers that take the place of `observation`, so that what was observed before stays as it is.

        Raises:
            ValueError: an answer is not a legal candidate of its decision.
        """
        answers = self._no_answers if candidate is None else self._legal(np.asarray(candidate, np.int64))
        if into is not None:
            into.context[:, PREFERRED] = self.preference
            self.observation = into
        self._run(answers, self._none_as_usual)

    def stand_at(self, source: NDArray[np.int64]) -> None:
        """Put every center where center `source` (B,) of it stands, ledger and pending decision included.

        Raises:
            ValueError: a source is put elsewhere itself.
        """
        if (source[source] != source).any():
            raise ValueError("source: expected centers that stay where they are")
        counts = self.centers.center
        for b in np.nonzero(source != np.arange(len(self)))[0].tolist():
            other = int(source[b])
            for name, array in self.centers._asdict().items():
                if name in COUNTED:  # behind what is in use nothing is read: these are the large ones
                    used = int(counts[COUNTED[name]][other])
                    array[b, :used] = array[other, :used]
                else:
                    array[b] = array[other]
            for array in self.observation:
                array[b] = array[other]

    def run_to_decision(self, which: NDArray[np.bool_]) -> None:
        """Run the centers of (B,) `which` on to their next decision; the others stay as they were observed."""
        self._run(np.where(which, kernel.WAIT, kernel.SIT_OUT), self._none_as_usual)

    def answer_as_usual(self, decisions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Answer (B,) that many decisions of each center as the platform would, in compiled code.

        Returns:
            (B,) int64, how many of them there were not, because a center reached its horizon before.
        """
        left = np.array(decisions, np.int64)
        self._run(self._no_answers, left)
        return left

    def _legal(self, answers: NDArray[np.int64]) -> NDArray[np.int64]:
        pending = self.pending
        illegal = pending & ((answers < 0) | (answers >= self.centers.center["places"]))
        if illegal.any():
            b = int(illegal.argmax())
            raise ValueError(f"center {b}: candidate {answers[b]} is masked")
        return np.where(pending, answers, kernel.WAIT)

    def _run(self, answers: NDArray[np.int64], usual: NDArray[np.int64]) -> None:
        kernel.run(self.world, self.centers, answers, usual, self.observation)
        while (self.centers.center["progress"] == FULL).any():
            self._grow_what_is_full()
            kernel.run(self.world, self.centers, self._no_answers, usual, self.observation)

    @property
    def pending(self) -> NDArray[np.bool_]:
        """(B,) which centers wait for an answer."""
        waiting: NDArray[np.bool_] = self.centers.center["progress"] == DECISION
        return waiting

    @property
    def done(self) -> NDArray[np.bool_]:
        """(B,) which centers have reached their horizon."""
        done: NDArray[np.bool_] = self.centers.center["progress"] == DONE
        return done

    @property
    def booked(self) -> NDArray[np.float64]:
        """(B, len(Term)) what has been booked since each episode began; a view."""
        return self.centers.booked

    def decisions(self, which: NDArray[np.bool_] | None = None) -> Decisions:
        """Copies of the pending decisions of the chosen centers, all centers if not given."""
        rows: Any = slice(None) if which is None else which
        o = self.observation
        return Decisions(o.key[rows].copy(), o.context[rows].copy(), o.candidates[rows].copy(), o.mask[rows].copy())

    def ledger(self, b: int) -> Ledger:
        """What center `b` has booked so far."""
        return self.open_ledger(b).copy()

    def open_ledger(self, b: int) -> Ledger:
        """What center `b` has booked so far, as views of what it goes on to book in: to be read at once."""
        x, rows = self.centers, int(self.centers.center["rows"][b])
        return Ledger(
            x.contacts[b, :rows],
            x.accounts[b],
            x.agents["overrun_s"][b],
            x.booked[b],
            x.talks[b, :rows],
            x.beliefs[b, :rows],
            x.agents["left"][b],
            x.agents["assisted"][b],
            x.log[b, : int(x.center["logged"][b])],
            int(x.center["decisions"][b]),
            self.scenario.horizon_s,
        )

    def run_incumbent(self) -> int:
        """Run all centers to their horizon with the usual answers, in compiled code; returns the decisions made."""
        before = int(self.centers.center["decisions"].sum())
        self.answer_as_usual(np.full(len(self), np.iinfo(np.int64).max))
        return int(self.centers.center["decisions"].sum()) - before

    def _grow_what_is_full(self) -> None:
        """Double the arrays that made a center stop."""
        x, counts = self.centers, self.centers.center
        used = {
            "contacts": counts["rows"] + kernel.ROWS_PER_EVENT,
            "heap": counts["heap"] + kernel.EVENTS_PER_EVENT,
            "log": counts["logged"] + kernel.LOGGED_PER_EVENT,
        }
        sizes = {name: getattr(x, name).shape[1] for name in used}
        self._grow(**{name: 2 * sizes[name] for name in used if sizes[name] and (used[name] > sizes[name]).any()})

    def _grow(self, **wanted: int) -> None:
        """Lengthen arrays along their second axis to at least the wanted sizes."""
        fields = {
            "contacts": ("contacts", "queued", *(("talks", "beliefs") if self.scenario.has_conversations else ())),
            "arrivals": ("arrivals",),
            "roster": ("roster",),
            "needs": ("needs",),
            "heap": ("heap",),
            "log": ("log",),
        }
        for name, size in wanted.items():
            for field in fields[name]:
                array = getattr(self.centers, field)
                if array.shape[1] < size:
                    longer = np.zeros((array.shape[0], size, *array.shape[2:]), array.dtype)
                    longer[:, : array.shape[1]] = array
                    self.centers = self.centers._replace(**{field: longer})


def simulate(
    scenario: Scenario,
    traces: Sequence[Trace],
    policy: Policy,
    batch: int = 64,
    preference: NDArray[np.float32] | None = None,
) -> list[Ledger]:
    """The ledgers of a policy on each trace, in order; the batch size changes nothing but speed.

    Where (E, P) weights of `decision.PREFERENCE` are given, decisions in each of the E traces carry its own.
    """
    ledgers: list[Ledger] = []
    for first in range(0, len(traces), batch):
        simulator = Simulator(scenario, traces[first : first + batch])
        if preference is not None:
            simulator.prefer(preference[first : first + batch])
        simulator.step()
        while (pending := simulator.pending).any():
            answers = np.zeros(len(simulator), np.int64)
            answers[pending] = policy.act(simulator.decisions(pending)).candidate
            simulator.step(answers)
        ledgers += [simulator.ledger(b) for b in range(len(simulator))]
    return ledgers
