"""A small network as a scenario of the simulator, and a policy of its exact solution followed there.

A minute of the network lasts `MINUTE_S` seconds, so that the simulator's days are short. The simulator has more
decision epochs than the chain: who holds is asked again after a while, and an agent who has taken a contact is asked
whether to take another. At those the policy waits, so that it decides exactly where the chain does. Queues are without
limit in the simulator and looked up at the limit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from experiments.intervals import Interval, ratio_interval
from experiments.optimality.assembly import ARRIVAL, FREED, Assembled
from experiments.optimality.network import ChatNetwork, Network, QueueNetwork
from experiments.optimality.process import Ints
from maitred.envs.blocks import Channels, Concurrency, Dialogue
from maitred.envs.decision import Action, Kind
from maitred.envs.kernel.layout import Activity, Outcome, Place
from maitred.envs.scenario import (
    DAY_S,
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
from maitred.envs.simulator import Ledger, Simulator
from maitred.envs.traffic import draw_trace

MINUTE_S = 300.0
WARM_UP_MIN, COOL_DOWN_MIN = 30.0, 60.0  # at the ends of an episode: contacts who come then are not counted


def scenario_of(network: Network, days: int = 1) -> Scenario:
    """The network as a center that never closes.

    Args:
        network: without pre-emption; chat agents of one cap.
        days: of the simulator, each of 86400 / `MINUTE_S` minutes of the network.

    Raises:
        ValueError: a network that the simulator cannot be.
    """
    if isinstance(network, QueueNetwork) and network.preemptive:
        raise ValueError(f"{network.name}: the simulator does not pre-empt")
    t, n, day = len(network.classes), _groups(network), np.ones(24)
    per_h = np.array([one.arrivals_per_min for one in network.classes]) * 3600 / MINUTE_S
    hazard = np.array([one.abandons_per_min for one in network.classes]) / MINUTE_S
    center = Scenario(
        name=network.name,
        description=network.description,
        days=days,
        types=ContactTypes(tuple(one.name for one in network.classes), np.ones((t, 1)), np.zeros(1)),
        arrivals=Arrivals(3600, per_h[None, :, None] * day, np.zeros(7, np.int64), ("any",)),
        agents=_agents(network, n),
        service=Service("exponential", np.zeros(t), np.zeros(t), day),
        patience=Patience(np.zeros(1), hazard[:, None, None], day),
        returns=Returns(),
        staffing=Staffing(
            np.zeros(len(n), np.int64), np.arange(len(n)), np.zeros(len(n)), np.full(len(n), float(DAY_S)), n
        ),
        routing=Routing(places=int(n.sum()) + max(one.queue_limit for one in network.classes) * t + 1, hold_s=3600),
    )
    return _with_conversations(center, network) if isinstance(network, ChatNetwork) else center


def _groups(network: Network) -> NDArray[np.int64]:
    """(G,) agents of each group; every chat agent is one."""
    return np.asarray(network.servers, dtype=np.int64)


def _agents(network: Network, n: NDArray[np.int64]) -> Agents:
    if isinstance(network, ChatNetwork):
        names, work = [one.name for one in network.agents], np.array([one.work_min for one in network.agents])
        resolve_p = np.array([one.resolution_p for one in network.agents])
    else:
        names = [group.name for group in network.groups]
        with np.errstate(divide="ignore"):
            work = 1 / network.services_per_min.T
        resolve_p = np.ones(work.shape)
    group = np.repeat(np.arange(len(n)), n)
    may = np.isfinite(work)[group]
    a, t = may.shape
    return Agents(
        names=tuple(f"{names[g]} {i + 1}" for g in range(len(n)) for i in range(n[g])),
        group=group,
        group_names=tuple(names),
        weight=np.ones(a),
        may_answer=may,
        mean_s=np.where(may, work[group] * MINUTE_S, 0.0),
        log_se=np.zeros((a, t)),
        resolve_p=resolve_p[group],
        short_share=np.zeros(a),
        cost_per_min=np.zeros(len(n)),
    )


def _with_conversations(center: Scenario, network: ChatNetwork) -> Scenario:
    """A channel and a complexity for each class, so that each has its own think time and number of turns."""
    caps = {agent.cap for agent in network.agents}
    if len(caps) > 1:
        raise ValueError(f"{network.name}: agents of one cap expected, found {sorted(caps)}")
    names = tuple(one.name for one in network.classes)
    think_s = np.array([one.think_min for one in network.classes]) * MINUTE_S
    turns = np.array([one.mean_turns for one in network.classes])
    return replace(
        center,
        channels=Channels(names=names, of_type=np.arange(len(names)), think_mean_s=think_s),
        dialogue=Dialogue(names=names, share=np.eye(len(names)), turns_mean=turns),
        concurrency=Concurrency(cap_slots=float(caps.pop()), switch_overhead=network.switch_overhead),
    )


@dataclass(frozen=True)
class CountPolicy:
    """A policy that looks at counts: contacts waiting per class, and held per class and station.

    Attributes:
        choice: (2, subjects, *waiting of each class, *held by station and class) int8, the choice at an arrival of a
            class or when a station is freed; -1 where that does not occur.
        classes: I.
        stations: G.
    """

    choice: NDArray[np.int8]
    classes: int
    stations: int

    def at(self, kind: int, subject: int, waiting: NDArray[np.int64], held: NDArray[np.int64]) -> int:
        """The choice; `waiting` (I,) is cut off at the limits, `held` (G, I) leaves out a contact that just ended."""
        limits = np.array(self.choice.shape[2 : 2 + self.classes]) - 1
        place = (kind, subject, *np.minimum(waiting, limits).tolist(), *held.ravel().tolist())
        return int(self.choice[place])


def count_policy(model: Assembled, policy: Ints) -> CountPolicy:
    """A policy of the exact solution by counts.

    Raises:
        ValueError: a policy that tells states of the same counts apart, as an optimal chat policy may.
    """
    decisions = model.decisions
    held = decisions.held.reshape(len(policy), -1)
    subjects = max(len(model.stations), len(model.network.classes))
    shape = (2, subjects, *(int(k) + 1 for k in decisions.waiting.max(axis=0)), *(int(k) + 1 for k in held.max(axis=0)))
    places = (decisions.kind, decisions.subject, *decisions.waiting.T, *held.T)
    choice = np.full(shape, -1, np.int8)
    choice[tuple(place.astype(np.int64) for place in places)] = policy
    if (choice[tuple(place.astype(np.int64) for place in places)] != policy).any():
        raise ValueError(f"{model.network.name}: the policy depends on more than counts")
    return CountPolicy(choice, len(model.network.classes), len(model.stations))


def simulated_cost(
    network: Network, policy: CountPolicy, days: int, episodes: int, seed: int, level: float = 0.99
) -> Interval:
    """Average cost per minute of a policy in the simulator, over independent episodes.

    Args:
        network: the network.
        policy: what is followed.
        days: length of an episode, see `scenario_of`.
        episodes: how many.
        seed: of the traces; the same seed is the same luck for every policy.
        level: of confidence.
    """
    scenario = scenario_of(network, days)
    children = np.random.SeedSequence(seed).spawn(episodes)
    ledgers = follow(Simulator(scenario, [draw_trace(scenario, child) for child in children]), policy)
    minutes = scenario.horizon_s / MINUTE_S - WARM_UP_MIN - COOL_DOWN_MIN
    costs = np.array([episode_cost(network, ledger) for ledger in ledgers])
    return ratio_interval(costs, np.full(episodes, minutes), level)


def follow(simulator: Simulator, policy: CountPolicy) -> list[Ledger]:
    """Run every center to its horizon under the policy."""
    asked = [_Epochs() for _ in range(len(simulator))]
    simulator.step()
    while (pending := simulator.pending).any():
        answers = np.zeros(len(simulator), np.int64)
        for b in np.flatnonzero(pending):
            answers[b] = _answer(simulator, int(b), policy, asked[b])
        simulator.step(answers)
    return [simulator.ledger(b) for b in range(len(simulator))]


@dataclass
class _Epochs:
    """The agent who last took a contact, and when."""

    agent: int = -1
    s: float = -1.0


def _answer(simulator: Simulator, b: int, policy: CountPolicy, epochs: _Epochs) -> int:
    """Place of the candidate that the policy chooses: an agent or a contact, or the last, to hold."""
    x = simulator.centers
    head = x.center[b]
    places, subject, now = int(head["places"]), int(head["subject"]), float(head["now"])
    targets = x.candidates[b, : places - 1]
    group = simulator.scenario.agents.group
    contacts = x.contacts[b]
    if head["kind"] == Kind.ROUTE:
        if contacts["arrival_s"][subject] < now:
            return places - 1
        kind, about, stands_for = ARRIVAL, int(contacts["type"][subject]), group[targets]
    else:
        again = x.agents["offer_s"][b, subject] == now or (epochs.agent, epochs.s) == (subject, now) or now % DAY_S == 0
        if again:
            return places - 1
        kind, about, stands_for = FREED, int(group[subject]), contacts["type"][targets]
    choice = policy.at(kind, about, x.waiting_of_type[b].astype(np.int64), _held(simulator, b))
    found = np.flatnonzero((stands_for == choice) & (x.actions[b, : places - 1] == Action.ASSIGN))
    if len(found) == 0:
        return places - 1
    epochs.agent, epochs.s = int(targets[found[0]]) if kind == ARRIVAL else subject, now
    return int(found[0])


def _held(simulator: Simulator, b: int) -> NDArray[np.int64]:
    """(G, I) contacts of each class that the agents of each station hold."""
    x, rows = simulator.centers, int(simulator.centers.center["rows"][b])
    contacts = x.contacts[b, :rows]
    if simulator.scenario.has_conversations:
        with_agent = np.isin(x.talks["place"][b, :rows], (Place.LINE, Place.CUSTOMER))
        own = contacts[with_agent & (contacts["outcome"] == Outcome.INSIDE)]
    else:
        own = contacts[x.agents["contact"][b][x.agents["activity"][b] == Activity.WORK]]
    held = np.zeros((len(simulator.scenario.agents.group_names), x.waiting_of_type.shape[1]), np.int64)
    np.add.at(held, (simulator.scenario.agents.group[own["agent"]], own["type"]), 1)
    return held


def episode_cost(network: Network, ledger: Ledger) -> float:
    """What the contacts of one episode cost who came between its warm-up and its cool-down."""
    first, last = WARM_UP_MIN * MINUTE_S, ledger.horizon_s - COOL_DOWN_MIN * MINUTE_S
    ours = (ledger.contacts["arrival_s"] >= first) & (ledger.contacts["arrival_s"] < last)
    contacts, cost = ledger.contacts[ours], 0.0
    end = np.nan_to_num(contacts["end_s"], nan=ledger.horizon_s)
    waited_min = (
        np.where(np.isnan(contacts["answer_s"]), end, contacts["answer_s"]) - contacts["arrival_s"]
    ) / MINUTE_S
    for i, one in enumerate(network.classes):
        of_class = contacts["type"] == i
        cost += one.waiting_cost_per_min * float(waited_min[of_class].sum())
        cost += one.abandonment_cost * float((contacts["outcome"][of_class] == Outcome.ABANDONED).sum())
        if isinstance(network, QueueNetwork):
            served_min = float(contacts["work_s"][of_class].sum()) / MINUTE_S
            cost += network.classes[i].service_cost_per_min * served_min
        else:
            reply_min = float(ledger.talks["reply_s"][ours][of_class].sum()) / MINUTE_S
            cost += network.classes[i].reply_cost_per_min * reply_min
            cost -= network.classes[i].resolved_value * float(contacts["resolved"][of_class].sum())
    return cost
