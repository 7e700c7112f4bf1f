"""Bandits: online learning on simulated episodes, each decision paid by what its contact books from then on."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from maitred.agents.linear_bandits import WITHOUT_CONTACT, LinTS, LinUCB, Ridge, Scaling, chosen_pairs, scaling_of
from maitred.agents.rules import RULES
from maitred.configs.schema import BanditConfig, LinTSConfig, LinUCBConfig
from maitred.envs.decision import Decisions, Kind, Policy
from maitred.envs.kernel.layout import Outcome, Term
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Ledger, Simulator
from maitred.envs.trace import Trace
from maitred.envs.traffic import draw_trace
from maitred.training.learning import REHEARSAL, Learned, Log, branch, progress_bar
from maitred.training.rehearsal import rehearse
from maitred.training.validation import Validation

WARM_UP_DECISIONS = 10_000

Bandit: TypeAlias = LinUCB | LinTS
Floats: TypeAlias = NDArray[np.float64]


def train_bandit(
    config: BanditConfig, scenario: Scenario, objective: Objective, validation: Validation, seed: int, log: Log
) -> Learned:
    """Play batches of episodes, updating after each.

    A decision's reward does not reach beyond its own contact's case: what it does to the contacts that wait
    behind is not seen, which is what separates a bandit here from PPO.
    """
    began, steps = time.monotonic(), 0
    scaling = scaling_of(rehearse(scenario, RULES["random"], branch(seed, REHEARSAL), WARM_UP_DECISIONS).decisions)
    bandit: Bandit | None = None
    with progress_bar() as bar:
        task = bar.add_task(config.name, total=config.episodes, status="")
        for first in range(0, config.episodes, config.batch):
            traces = _traces(scenario, seed, first, min(config.batch, config.episodes - first))
            x, reward = play(scenario, traces, bandit or RULES["random"], scaling, objective)
            bandit = (bandit or _prior(config, scaling, float(reward.std()))).update(x, reward)
            steps += len(reward)
            log({"rollout/reward_per_decision": float(reward.mean())}, steps)
            bar.update(task, completed=first + len(traces), status=f"{reward.mean():.3f} per decision")
    assert bandit is not None
    final = replace(bandit, epsilon=0.0) if isinstance(bandit, LinUCB) else bandit
    return Learned(final, validation.difference(final), steps, time.monotonic() - began, {})


def _traces(scenario: Scenario, seed: int, first: int, count: int) -> list[Trace]:
    """Training episodes `first` and on, all of center 0 of the seed tree."""
    keys = (np.random.SeedSequence(entropy=seed, spawn_key=(0, first + i)) for i in range(count))
    return [draw_trace(scenario, key) for key in keys]


def _prior(config: BanditConfig, scaling: Scaling, noise: float) -> Bandit:
    """The bandit before any reward; its exploration in units of the standard deviation of one reward."""
    ridge = Ridge.prior(config.penalty)
    if isinstance(config, LinUCBConfig):
        return LinUCB(ridge, scaling, alpha=config.alpha * noise, epsilon=config.epsilon)
    assert isinstance(config, LinTSConfig)
    return LinTS(ridge, scaling, spread=config.spread * noise, samples=config.samples)


def play(
    scenario: Scenario, traces: list[Trace], policy: Policy, scaling: Scaling, objective: Objective
) -> tuple[Floats, Floats]:
    """Regressors (N, d) and rewards (N,) of every decision about a contact that a policy makes on these episodes."""
    simulator = Simulator(scenario, traces)
    simulator.step()
    pairs: list[Floats] = []
    centers: list[NDArray[np.int64]] = []
    contacts: list[NDArray[np.int64]] = []
    while (pending := simulator.pending).any():
        decisions = simulator.decisions(pending)
        chosen = policy.act(decisions).candidate
        taught = ~np.isin(decisions.kind, WITHOUT_CONTACT)
        pairs.append(chosen_pairs(decisions, chosen, scaling)[taught])
        centers.append(np.nonzero(pending)[0][taught])
        contacts.append(contact_rows(simulator, pending, decisions, chosen)[taught])
        answers = np.zeros(len(simulator), np.int64)
        answers[pending] = chosen
        simulator.step(answers)
    values = [case_values(simulator.ledger(b), objective) for b in range(len(simulator))]
    center, contact = np.concatenate(centers), np.concatenate(contacts)
    offset = np.cumsum([0, *(len(v) for v in values)])[:-1]
    return np.concatenate(pairs), np.concatenate(values)[offset[center] + contact]


def contact_rows(
    simulator: Simulator, pending: NDArray[np.bool_], decisions: Decisions, chosen: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(B,) the ledger row of the contact that each choice was about; meaningless of a kind without one."""
    subject = simulator.centers.center["subject"][pending]
    candidate = simulator.centers.candidates[pending][np.arange(len(chosen)), chosen]
    return np.where(decisions.kind == Kind.PULL, candidate, subject)


def case_values(ledger: Ledger, objective: Objective) -> Floats:
    """(C,) what each contact and all later ones of its case booked, in money; paid time is nobody's."""
    weights, contacts = objective.weights(), ledger.contacts
    served = contacts["outcome"] == Outcome.SERVED
    booked = weights[Term.ABANDONED] * (contacts["outcome"] == Outcome.ABANDONED)
    booked += np.where(served, weights[Term.FOCUS_S] * (contacts["work_s"] + contacts["wrap_up_s"]), 0)
    booked += np.where(served, weights[Term.CSAT] * contacts["csat"], 0)
    if len(ledger.talks):
        booked += weights[Term.COST] * ledger.talks["bot_cost"]
    values: Floats = booked.astype(np.float64)
    later: dict[int, float] = {}
    for row in range(len(contacts) - 1, -1, -1):  # a case is a chain of rows in order of time
        case = int(contacts["case"][row])
        values[row] = later[case] = booked[row] + later.get(case, 0.0)
    return values
