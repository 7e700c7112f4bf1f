"""Centers that play one episode after another: what the Gymnasium and stable-baselines3 views share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kernel.layout import Observation, Progress
from maitred.envs.kpi import applicable, kpi_values
from maitred.envs.objective import Objective
from maitred.envs.observation import Arrays, blank_like, observation_space, observed
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import Simulator
from maitred.envs.streams import Streams
from maitred.envs.trace import Trace
from maitred.envs.traffic import draw_trace

QUIET_EPISODES = 100  # so many in a row without a decision are taken for a scenario that never has one


class Episodes:
    """B centers of one scenario, each on its own stream of episodes.

    Args:
        scenario: name of a shipped scenario, path of a YAML file, or a `Scenario`.
        centers: their number B.
        objective: what each booked term is worth; the default is `Objective()`. With one for each center, decisions
            carry the weights of their center's, for policies that are conditioned on them.
        siblings: how many neighbouring centers play the same traces; divides B.

    Attributes:
        simulator: the centers.
        streams: the traces they play.
        space: observation space of one center.
        objectives: B, what each booked term is worth to each center.
        kpi_names: names of the headline KPIs of what the scenario has.
        elapsed_s: (B,) float64, simulated seconds between the last two decisions of each center, the sojourn time
            of semi-Markov learners.
    """

    def __init__(
        self,
        scenario: str | Path | Scenario,
        centers: int,
        objective: Objective | Sequence[Objective] | None = None,
        siblings: int = 1,
    ) -> None:
        self.scenario = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        typical = draw_trace(self.scenario, np.random.SeedSequence(0))  # only sizes the arrays
        self.simulator = Simulator(self.scenario, [typical] * centers)
        self.simulator.centers.center["progress"] = Progress.DONE
        self.streams = Streams(self.scenario, centers, siblings)
        self.space = observation_space(self.scenario.routing.places)
        self.elapsed_s = np.zeros(centers)
        if isinstance(objective, Sequence):
            self.objectives = tuple(objective)
            self.simulator.prefer(np.array([each.preference for each in objective]))
        else:
            self.objectives = (objective or Objective(),) * centers
        self._kpis = tuple(kpi for kpi in applicable(self.scenario) if kpi.headline)
        self.kpi_names = tuple(kpi.name for kpi in self._kpis)
        self._weights = np.array([each.weights() for each in self.objectives])
        self._booked = self.simulator.booked.copy()
        self._now = np.zeros(centers)
        self._handed_out = False

    def begin(self, which: NDArray[np.bool_], start_weekday: int | None = None) -> None:
        """Put the centers of (B,) `which` at the first decision of their next episode.

        Episodes that hold no decision, such as a day on which the center is closed, are passed over.
        """
        self._leave_what_was_handed_out()
        to_begin = which.copy()
        for _ in range(QUIET_EPISODES):
            for b in np.nonzero(to_begin)[0].tolist():
                self.simulator.load(b, self.streams.next(b, start_weekday))
            self.simulator.run_to_decision(to_begin)
            to_begin &= self.simulator.done
            if not to_begin.any():
                self._mark(which)
                return
        raise ValueError(f"scenario {self.scenario.name}: {QUIET_EPISODES} episodes in a row without a decision")

    def play(self, center: int, trace: Trace) -> None:
        """Put one center at the first decision of a given trace."""
        expected = self.scenario.agents.mean_s.shape
        if trace.handle_mean_s.shape != expected:
            raise ValueError(f"trace: expected (agents, types) {expected}, found {trace.handle_mean_s.shape}")
        self._leave_what_was_handed_out()
        which = np.arange(len(self.simulator)) == center
        self.simulator.load(center, trace)
        self.simulator.run_to_decision(which)
        if self.simulator.done[center]:
            raise ValueError("trace: expected at least one decision, found none")
        self._mark(which)

    def go_on_as_usual(self, decisions: NDArray[np.int64]) -> None:
        """Let each center make (B,) that many decisions as the platform would, into its next episodes if need be."""
        self._leave_what_was_handed_out()
        left = self.simulator.answer_as_usual(decisions)
        while (over := self.simulator.done).any():
            self.begin(over)
            left = self.simulator.answer_as_usual(np.where(over, left, 0))
        self._mark(np.ones(len(self.simulator), np.bool_))

    def step(self, candidate: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Answer the pending decisions; centers whose episode is over stand still.

        Returns:
            (B,) float64, the objective over what was booked since the decision before, in money; and (B,) which
            episodes ended.
        """
        candidate = np.asarray(candidate, np.int64)
        if candidate.shape != self._now.shape:
            raise ValueError(f"candidates: expected shape {self._now.shape}, found {candidate.shape}")
        pending = self.simulator.pending
        self.simulator.step(candidate, into=blank_like(self.simulator.observation))
        self._handed_out = False
        booked, now = self.simulator.booked, self.simulator.centers.center["now"]
        reward: NDArray[np.float64] = np.einsum("bt,bt->b", booked - self._booked, self._weights)
        self.elapsed_s = now - self._now
        self._booked[:], self._now[:] = booked, now
        return reward, self.simulator.done & pending

    def stand_at(self, source: NDArray[np.int64]) -> None:
        """Put every center where its sibling `source` (B,) stands, to go on from there in the same traces."""
        self._leave_what_was_handed_out()
        self.simulator.stand_at(source)
        self.streams.go_on_from(source)
        self._booked, self._now = self._booked[source], self._now[source]

    @property
    def clock_s(self) -> NDArray[np.float64]:
        """(B,) float64, simulated seconds of each center, episodes before this one at full length."""
        now: NDArray[np.float64] = self.simulator.centers.center["now"]
        return (self.streams.begun - 1) * self.scenario.horizon_s + now

    def charge(self, prices: NDArray[np.float64]) -> None:
        """Add (len(Term),) money to what each booked unit is worth, in the place of what was added before."""
        self._weights = np.array([each.weights() for each in self.objectives]) + prices

    @property
    def done(self) -> NDArray[np.bool_]:
        """(B,) which centers have no episode, or have reached its horizon."""
        return self.simulator.done

    def observation(self) -> Arrays:
        """Every center's pending decision, or its state at the horizon, in arrays that are not written to again."""
        self._handed_out = True
        return observed(self.simulator.observation)

    def last_observation(self, center: int) -> Arrays:
        """One center's state at the horizon, before its next episode begins in the same step."""
        alone = Observation(*(array[center : center + 1].copy() for array in self.simulator.observation))
        return {name: array[0] for name, array in observed(alone).items()}

    def kpis(self, center: int) -> dict[str, float]:
        """Headline KPIs of the episode so far, by name; NaN where nothing has been counted yet."""
        return kpi_values(self.simulator.open_ledger(center), self.scenario, self.objectives[center], self._kpis)

    def _leave_what_was_handed_out(self) -> None:
        """Observe whoever stands still anew, into fresh arrays, if others have those of before."""
        if self._handed_out:
            self.simulator.step(into=blank_like(self.simulator.observation))
            self._handed_out = False

    def _mark(self, which: NDArray[np.bool_]) -> None:
        """Count rewards and elapsed time of these centers from now on."""
        self._booked[which] = self.simulator.booked[which]
        self._now[which] = self.simulator.centers.center["now"][which]
