"""One contact center as a Gymnasium environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from maitred.envs.board import board_of
from maitred.envs.episodes import Episodes
from maitred.envs.objective import Objective
from maitred.envs.observation import Arrays, with_feature_tables
from maitred.envs.picture import board_image
from maitred.envs.render import board_text
from maitred.envs.scenario import Scenario

OPTIONS = {"trace", "start_weekday"}


@with_feature_tables()
class ContactCenter(gymnasium.Env[Arrays, np.int64]):
    """A contact center that must decide which contact goes to whom.

    ## Description
    Contacts of several types arrive at random, wait, lose patience and come back; agents differ in what they may
    answer and how fast. The center asks for a decision whenever there is more than one thing to do, of one of five
    kinds:

    | Kind | Asked when | Candidates |
    |---|---|---|
    | `route` | a contact needs somebody | an agent with room, a bot, a group, an answer in writing, a call back, hold |
    | `pull` | an agent has room | a waiting contact, hold |
    | `reassess` | a turn of a conversation ends | go on, prevent a repeat, escalate, hand back, write, call |
    | `concurrency` | an agent's slot comes free | how many slots the agent may fill |
    | `outreach` | a need is predicted | leave the customer alone, send a message |

    Which of them occur depends on the scenario: a voice center without bots asks `route` and `pull` only. Between
    two decisions any amount of simulated time may pass: `info["elapsed_s"]` tells how much.

    ## Action Space
    `Discrete(K)`: the index of a candidate. K is the scenario's number of candidate places, and most decisions
    have fewer candidates; an index that the mask forbids raises a `ValueError`. `info["action_mask"]` (K,) int8 and
    `action_masks()` (K,) bool tell which are legal, and `action_space.sample(info["action_mask"])` draws one.

    ## Observation Space
    A `Dict` of `context` (C,) float32, `candidates` (K, F) float32 and `mask` (K,) int8. Candidates come in
    short-list order, longest waiting or longest idle first, and the last may be to hold; the flags `is_...` tell what
    a candidate does, none of them set is to assign, and `usual` marks what the platform would do by its own rule.
    Features that do not concern a candidate, and places without one, are zero. All figures are estimates that a
    routing platform has, in natural units.

    `context`:

    {context}

    `candidates`, for each place:

    {candidates}

    ## Rewards
    The objective, in money, over what was booked between this decision and the next: by default -1 x cost
    - 0.30 x focus minutes + 8 x satisfaction (0..1) of the served - 4 x abandoned contacts (see `Objective`). What
    is booked before the first decision, such as the pay of the planned shifts, no action can change: it is not in
    the rewards.

    ## Starting State
    The first decision of an episode's trace. `reset(seed=...)` starts the stream of traces anew, `reset()` goes on
    to its next. Options: `{"trace": Trace}` plays a given trace, `{"start_weekday": 0}` starts on a Monday (6 is
    Sunday). Days without a decision are passed over.

    ## Episode End
    `truncated` at the scenario's horizon; there is no termination, because who waits at night still waits in the
    morning. The last observation shows the center at the horizon, with to hold as its only candidate, and
    `info["kpis"]` has the episode's KPIs by name: those of what the scenario has.

    ## Arguments
    * `scenario`: name of a shipped scenario, path of a YAML file, or a `Scenario`.
    * `objective`: what each booked term is worth; the default is `Objective()`.
    * `render_mode`: `"ansi"` for a text board, `"rgb_array"` for the same as a picture: agents with their open
      conversations and slots in use, queues by type, bot sessions, promises and the KPIs so far.

    `FlattenDecision` (`maitred.envs.flatten`) turns the observation into one `Box` for libraries that need it.

    ## Version History
    * v0: first version.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 8}  # type: ignore[misc]

    def __init__(
        self,
        *,
        scenario: str | Path | Scenario,
        objective: Objective | None = None,
        render_mode: str | None = None,
    ) -> None:
        modes = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            raise ValueError(f"render_mode: expected None or one of {modes}, found {render_mode!r}")
        self.render_mode = render_mode
        self._episodes = Episodes(scenario, 1, objective)
        self.observation_space = self._episodes.space  # type: ignore[assignment]
        self.action_space = spaces.Discrete(self._episodes.scenario.routing.places)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Arrays, dict[str, Any]]:
        """Begin an episode; see Starting State.

        Raises:
            ValueError: an unknown option, or a trace of another scenario.
        """
        super().reset(seed=seed)
        options = options or {}
        if unknown := set(options) - OPTIONS:
            raise ValueError(f"options: expected {sorted(OPTIONS)}, found {sorted(unknown)}")
        if seed is not None or self._np_random is None:
            self._episodes.streams.seed(self.np_random_seed)
        if (trace := options.get("trace")) is not None:
            self._episodes.play(0, trace)
        else:
            self._episodes.begin(np.ones(1, np.bool_), options.get("start_weekday"))
        return self._observation(), self._info(elapsed_s=0.0)

    def step(self, action: np.int64 | int) -> tuple[Arrays, float, bool, bool, dict[str, Any]]:
        """Take the candidate `action` and run on to the next decision or the horizon.

        Raises:
            ValueError: the candidate is not legal.
            gymnasium.error.ResetNeeded: no episode is being played.
        """
        if self._episodes.done[0]:
            raise gymnasium.error.ResetNeeded("there is no pending decision: call reset")
        rewards, ended = self._episodes.step(np.array([action], np.int64))
        truncated = bool(ended[0])
        info = self._info(elapsed_s=float(self._episodes.elapsed_s[0]))
        if truncated:
            info["kpis"] = self._episodes.kpis(0)
        return self._observation(), float(rewards[0]), False, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        """(K,) bool, the legal candidates, where sb3-contrib looks for them."""
        mask: NDArray[np.bool_] = self._episodes.simulator.observation.mask[0].copy()
        return mask

    def render(self) -> str | NDArray[np.uint8] | None:
        """The board as text or as an (H, W, 3) uint8 picture, as `render_mode` says."""
        if self.render_mode is None:
            return None
        board = board_of(self._episodes.simulator, 0, self._episodes.objectives[0])
        return board_text(board) if self.render_mode == "ansi" else board_image(board)

    def _observation(self) -> Arrays:
        return {name: array[0] for name, array in self._episodes.observation().items()}

    def _info(self, elapsed_s: float) -> dict[str, Any]:
        o = self._episodes.simulator.observation
        return {"action_mask": o.mask[0].astype(np.int8), "key": np.uint64(o.key[0]), "elapsed_s": elapsed_s}
