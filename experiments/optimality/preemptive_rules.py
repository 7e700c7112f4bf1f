"""Rules of networks that pre-empt, as arrays with one assignment per decision: what `evaluate` takes."""

from __future__ import annotations

import numpy as np

from experiments.optimality.preemptive import Preemptive
from experiments.optimality.process import Floats, Ints, choose
from experiments.optimality.rules import c_mu_index

THRESHOLDS = (2, 4, 6, 8, 10, 12, 16)
TIE = 1e-3  # weight of helping without need, beside own work


def preemptive_rules(model: Preemptive) -> dict[str, Ints]:
    """Every rule of this module by name."""
    index = c_mu_index(model.network)
    weights = index * model.present[:, :, None]
    rules = {"c-mu": by_weight(model, index[None]), "max weight": by_weight(model, weights)}
    return rules | {f"threshold {level}": threshold(model, level) for level in THRESHOLDS}


def by_weight(model: Preemptive, weights: Floats) -> Ints:
    """The assignment of greatest total weight.

    Args:
        model: the network.
        weights: (D or 1, I, G) of one agent of a group at a class; MaxWeight takes c mu times those present.
    """
    total = np.einsum("dig,aig->da", weights, model.assignments)
    return choose(np.broadcast_to(total, model.process.choices.shape), model.process.allowed)


def threshold(model: Preemptive, level: int) -> Ints:
    """Each group serves the classes that it is the fastest for, others only where more than `level` are present.

    There they come first; a group without work of its own helps too (Bell and Williams 2001, "Dynamic scheduling of
    a system with two parallel servers").
    """
    index, rates = c_mu_index(model.network), model.network.services_per_min
    own = rates == rates.max(axis=1, keepdims=True)
    crowded = (model.present > level)[:, :, None]
    return by_weight(model, index * np.where(own, 1.0, np.where(crowded, 1 / TIE, TIE)))
