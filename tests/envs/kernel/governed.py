"""Worlds under rules that no policy may break, and what must hold there (GV-1, GV-4)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from maitred.envs.blocks import Governance
from maitred.envs.decision import Action
from maitred.envs.kernel.layout import Outcome


def governed(scenario, rng):
    """The scenario under random rules, if it has conversations; approval only where there is someone to give it."""
    if not scenario.has_conversations:
        return scenario
    types = len(scenario.types.names)
    approvable = np.broadcast_to(scenario.handoff.approval_by, types) >= 0
    rules = Governance(
        must_human=rng.integers(0, 2, types).astype(float),
        two_person=(approvable & (rng.random(types) < 0.5)).astype(float),
        max_cap_slots=float(rng.integers(1, 4)),
    )
    return replace(scenario, governance=rules)


def check_governance(simulator):
    """What is offered now: no bot where a human must answer, no cap above the highest."""
    x, w = simulator.centers, simulator.world
    used = np.arange(x.actions.shape[1]) < x.center["places"][:, None]
    to_bot = simulator.pending[:, None] & used & np.isin(x.actions, (Action.BOT, Action.HAND_BACK))
    b, _ = np.nonzero(to_bot)
    kind = x.contacts["type"][b, x.center["subject"][b]]
    assert (w.types["governance_must_human"][kind] == 0).all()
    assert (x.agents["cap"] <= w.parameters[0]["governance_max_cap_slots"]).all()


def check_closed_under_governance(scenario, ledger):
    """No contact that two people must see was closed by one, or by a bot; who hung up closed it without either."""
    if not scenario.has_conversations:
        return
    two_person = np.broadcast_to(scenario.governance.two_person, len(scenario.types.names)) == 1
    closed = (ledger.contacts["outcome"] == Outcome.SERVED) & (ledger.contacts["short"] == 0)
    closed &= two_person[ledger.contacts["type"]]
    assert (ledger.talks["approved"][closed] == 1).all()
