"""Hand-made conversation worlds, small enough to follow: a plain center, and what a block of a scenario adds to it.

Every world is one `center`: the same agents answer every type, all day, and every block can be given by its name.
Arrivals can be drawn, or placed by hand with `arriving`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from maitred.envs.blocks import Channels, Concurrency, Dialogue
from maitred.envs.decision import Policy
from maitred.envs.scenario import (
    Agents,
    Arrivals,
    ContactTypes,
    Patience,
    Returns,
    Routing,
    Scenario,
    Service,
    Staffing,
)
from maitred.envs.simulator import Ledger, Simulator, simulate
from maitred.envs.trace import ARRIVAL, Trace
from maitred.envs.traffic import draw_trace

DAY_S = 86_400.0
CHAT = Channels(names=("chat",), think_mean_s=80.0)
VOICE_AND_CHAT = Channels(
    names=("voice", "chat"),
    of_type=np.array([0, 1]),
    exclusive=np.array([1.0, 0.0]),
    think_mean_s=np.array([0.0, 80.0]),
)
VOICE_AND_MESSAGES = replace(
    VOICE_AND_CHAT, names=("voice", "messages"), interruptible=np.array([0.0, 1.0]), think_mean_s=np.array([0.0, 600.0])
)


def center(
    types: tuple[str, ...] = ("chat",),
    *,
    agents: int = 2,
    per_h: float = 20.0,
    mean_s: float = 30.0,
    patience_s: float = 0.0,
    wrap_up_s: float = 0.0,
    distribution: str = "exponential",
    shift_s: tuple[float, float] = (0.0, DAY_S),
    days: int = 1,
    routing: Routing | None = None,
    returns: Returns | None = None,
    **blocks: object,
) -> Scenario:
    """A center whose agents all answer every type, on one shift a day.

    Args:
        types: their names.
        agents: how many there are; all work every day.
        per_h: arrivals of each type per hour, round the clock.
        mean_s: mean work of a turn before any factor.
        patience_s: mean patience in a queue, exponential; 0 for endless.
        wrap_up_s: mean wrap-up.
        distribution: of the work of a turn; log-normal work has a log standard deviation of 0.5.
        shift_s: start and end of the shift, second of the day.
        days: length of an episode.
        routing: the platform's rules; decisions have eight places if not given.
        returns: callers who come back; none if not given.
        blocks: blocks of the scenario by name, such as `channels` and `concurrency`.
    """
    t, a = len(types), agents
    hazard = 1 / patience_s if patience_s else 0.0
    return Scenario(
        name="world",
        description="made by hand",
        days=days,
        types=ContactTypes(types, np.ones((t, 1)), np.zeros(1)),
        arrivals=Arrivals(3600, np.full((1, t, 24), per_h), np.zeros(7, int), ("any",)),
        agents=Agents(
            names=tuple(f"agent {i}" for i in range(a)),
            group=np.zeros(a, int),
            group_names=("floor",),
            weight=np.ones(a),
            may_answer=np.ones((a, t), dtype=bool),
            mean_s=np.full((a, t), mean_s),
            log_se=np.zeros((a, t)),
            resolve_p=np.full((a, t), 0.8),
            short_share=np.zeros(a),
            cost_per_min=np.array([0.65]),
        ),
        service=Service(distribution, np.full(t, 0.5), np.full(t, wrap_up_s), np.ones(24)),
        patience=Patience(np.zeros(1), np.full((t, 1, 1), hazard), np.ones(24)),
        returns=returns or Returns(),
        staffing=Staffing(
            np.zeros(1, int), np.zeros(1, int), np.array([shift_s[0]]), np.array([shift_s[1]]), np.array([a])
        ),
        routing=routing or Routing(places=8),
        **blocks,
    )


def chat_world(*, cap: float = 3.0, **more: object) -> Scenario:
    """Chat alone, `cap` slots per agent; `more` goes to `center`."""
    return center(**{"channels": CHAT, **_talking(cap), **more})


def voice_and_chat(*, cap: float = 3.0, **more: object) -> Scenario:
    """Calls (type 0), each a lock on its agent, and chats (type 1); `more` goes to `center`."""
    return center(("call", "chat"), **{"channels": VOICE_AND_CHAT, **_talking(cap), **more})


def voice_and_messages(*, cap: float = 12.0, **more: object) -> Scenario:
    """Calls (type 0) and messages (type 1), whose work gives way to calls; `more` goes to `center`."""
    return center(("call", "message"), **{"channels": VOICE_AND_MESSAGES, **_talking(cap), **more})


def _talking(cap: float) -> dict[str, object]:
    """Conversations of six turns on average."""
    return {"concurrency": Concurrency(cap_slots=cap), "dialogue": Dialogue(turns_mean=6.0)}


def luck(scenario: Scenario, seed: int = 1) -> Trace:
    """One drawn trace; the same seed is the same luck."""
    return draw_trace(scenario, np.random.SeedSequence(seed), 0)


def arriving(trace: Trace, *contacts: tuple[float, int]) -> Trace:
    """The trace with these arrivals instead, each (second, type) in order of time; the n-th always has one luck."""
    arrivals = np.zeros(len(contacts), ARRIVAL)
    arrivals["s"], arrivals["type"] = zip(*contacts, strict=True)
    arrivals["key"] = np.random.default_rng(1).integers(1, 2**63, len(contacts))
    return replace(trace, arrivals=arrivals)


def logged(scenario: Scenario, trace: Trace) -> Ledger:
    """The ledger of the platform's own rule on one trace, with its log of events."""
    simulator = Simulator(scenario, [trace], keep_log=True)
    simulator.run_incumbent()
    return simulator.ledger(0)


def played(scenario: Scenario, policy: Policy, seeds: int = 2) -> list[Ledger]:
    """The ledgers of a policy on some drawn traces."""
    return simulate(scenario, [luck(scenario, seed) for seed in range(seeds)], policy)
