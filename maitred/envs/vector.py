"""Many centers stepped together, as a Gymnasium vector environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from maitred.envs.episodes import Episodes
from maitred.envs.objective import Objective
from maitred.envs.observation import Arrays
from maitred.envs.scenario import Scenario

OPTIONS = {"reset_mask", "start_weekday"}
Step = tuple[Arrays, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]


class ContactCenterVector(VectorEnv[Arrays, NDArray[np.int64], NDArray[Any]]):
    """B contact centers of one scenario, stepped in compiled code; see `ContactCenter` for what each is.

    Every step asks all centers for a decision, each at its own simulated time: `infos["elapsed_s"]` (B,) float64
    tells how much of it passed since the center's decision before. `infos["action_mask"]` (B, K) int8 and
    `infos["key"]` (B,) uint64 belong to the decisions returned. Center 0 plays the episodes of `ContactCenter`
    under the same seed.

    When an episode ends its KPIs are in `infos["kpis"]`, or in `infos["final_info"]["kpis"]` where the next one
    begins in the same step. Reset options: `{"reset_mask": (B,) bool}` begins the next episode of those centers
    only; `{"start_weekday": 0}` lets it start on a Monday.

    Args:
        scenario: name of a shipped scenario, path of a YAML file, or a `Scenario`.
        num_envs: the number of centers B.
        objective: what each booked term is worth; the default is `Objective()`.
        autoreset_mode: whether a center that reached its horizon begins its next episode in the next step (whose
            action is ignored), in the same step, or when `reset` says so.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # type: ignore[misc]

    def __init__(
        self,
        *,
        scenario: str | Path | Scenario,
        num_envs: int = 1,
        objective: Objective | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ) -> None:
        self.num_envs = num_envs
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}  # type: ignore[misc]
        self._episodes = Episodes(scenario, num_envs, objective)
        self.single_observation_space = self._episodes.space
        self.single_action_space = spaces.Discrete(self._episodes.scenario.routing.places)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._everyone = np.ones(num_envs, np.bool_)
        self._everyone.setflags(write=False)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Arrays, dict[str, Any]]:
        """Begin an episode in every center, or in those of the reset mask.

        A seed starts the stream of episodes anew; without one every center goes on to its next.
        """
        options = options or {}
        if unknown := set(options) - OPTIONS:
            raise ValueError(f"options: expected {sorted(OPTIONS)}, found {sorted(unknown)}")
        which = np.asarray(options.get("reset_mask", self._everyone))
        if which.shape != (self.num_envs,) or which.dtype != np.bool_:
            raise ValueError(f"reset_mask: expected ({self.num_envs},) bool, found {which.shape} {which.dtype}")
        super().reset(seed=seed)
        if seed is not None or self._np_random is None:
            self._episodes.streams.seed(self.np_random_seed or 0)
        self._episodes.begin(which, options.get("start_weekday"))
        return self._episodes.observation(), self._infos()

    def step(self, actions: NDArray[np.int64]) -> Step:
        """Answer every center's decision.

        Returns:
            Observations, (B,) float64 rewards in money, (B,) bool terminations (never) and truncations, infos.

        Raises:
            ValueError: an action is not a legal candidate of its decision.
            gymnasium.error.ResetNeeded: a center has no pending decision and its reset is left to the caller.
        """
        episodes, over = self._episodes, self._episodes.done
        if over.any() and self.autoreset_mode is not AutoresetMode.NEXT_STEP:
            raise gymnasium.error.ResetNeeded(f"centers {np.nonzero(over)[0].tolist()} have no pending decision")
        rewards, ended = episodes.step(actions)
        final = self._final(ended) if ended.any() else {}
        restart = ended if self.autoreset_mode is AutoresetMode.SAME_STEP else over
        if restart.any():
            episodes.begin(restart)
        return episodes.observation(), rewards, ~self._everyone, ended, self._infos() | final

    def _infos(self) -> dict[str, Any]:
        o = self._episodes.simulator.observation
        infos = {
            "action_mask": o.mask.astype(np.int8),
            "key": o.key.copy(),
            "elapsed_s": self._episodes.elapsed_s.copy(),
        }
        return _known_of(self._everyone, infos)

    def _final(self, ended: NDArray[np.bool_]) -> dict[str, Any]:
        """What the infos tell of the episodes that ended, in Gymnasium's form."""
        which, rows = ended.copy(), np.nonzero(ended)[0].tolist()
        names, table = self._episodes.kpi_names, np.zeros((len(self._episodes.kpi_names), self.num_envs))
        table[:, rows] = np.transpose([list(self._episodes.kpis(b).values()) for b in rows])
        kpis = {"kpis": _known_of(which, dict(zip(names, table, strict=True)))}
        if self.autoreset_mode is not AutoresetMode.SAME_STEP:
            return _known_of(which, kpis)
        final_obs = np.full(self.num_envs, None)
        for b in rows:
            final_obs[b] = self._episodes.last_observation(b)
        last = {name: array for name, array in self._infos().items() if not name.startswith("_")}
        return _known_of(which, {"final_obs": final_obs, "final_info": _known_of(which, last | kpis)})


def _known_of(which: NDArray[np.bool_], infos: dict[str, Any]) -> dict[str, Any]:
    """Infos with their masks: (B,) the centers of which they tell."""
    return infos | {f"_{name}": which for name in infos}
