"""PPO on the chain of a small network: begun at the best rule, checkpoints chosen on walks that share their luck.

Nothing exact enters a run: the teacher is the rule that costs least on the validation walks, scales come from walks
of the teacher, and the checkpoint that is handed back is the best on the validation walks. The settings were chosen
by trial, looking at exact gaps of seed 0: on W at load 0.7, rollouts of 32 steps in batches of 2048 came to 0.1 %, of
128 in batches of 4096 to 0.9 %; on N at load 0.7, credit over 4 minutes came to 0.2 %, over 15 to 1.9 %.

Chat has settings of its own. A conversation takes six to ten minutes and pays at its end: at load 0.7, credit over 4,
10 and 20 minutes came to 1.0, 0.5 and 0.3 %. The optimum there holds back a place in a third of its decisions, the
best rule in a sixth, and what a held place brings comes minutes later, so that a policy soon gave up holding: at load
1.05 an entropy bonus of 0, .01, .03 and .1 came to 2.1, 2.1, 1.2 and 0.8 %, one run each with siblings; what these
add was not tried apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from experiments.optimality.chain import FOREVER, chain_of, forced, walk, walkers_at
from experiments.optimality.chain_centers import ChainCenters
from experiments.optimality.chain_decisions import ChainDecisions
from experiments.optimality.chain_policies import Luck, TablePolicy, validation_against
from experiments.optimality.process import Floats, Ints
from maitred.configs.schema import BEST, PPOConfig
from maitred.envs.decision import Policy
from maitred.training.coach import Clock
from maitred.training.learning import REHEARSAL, VALIDATION, Learned, Log, branch
from maitred.training.ppo_training import learn_ppo
from maitred.training.rehearsal import Rehearsal
from maitred.training.validation import Verdict

CENTERS = 5  # branch of a run's seed
WALKERS, TICKS = 64, 600_000  # of validation
COPIES = 32  # rehearsed together
SETTINGS = PPOConfig(
    steps=1_000_000,
    minutes=None,
    n_envs=256,
    n_steps=32,
    batch_size=2048,
    learning_rate=2e-3,
    siblings=1,
    horizon_min=60,
    credit_min=4,
    validate_every=10,
    imitated=100_000,
    teacher=BEST,
)
CHAT_SETTINGS = replace(SETTINGS, n_envs=64, n_steps=128, siblings=4, credit_min=20, entropy=0.1)
UNSETTLED = 0.1  # share of a rehearsal's decisions, the last, whose returns are cut short


@dataclass(frozen=True)
class Played:
    """T steps of B copies under one policy.

    Attributes:
        rows: (T, B) int64, the decisions met.
        chosen: (T, B) int64, the candidates chosen.
        cost: (T, B) float64, money until the next decision.
        minutes: (T, B) float64, likewise.
    """

    rows: Ints
    chosen: Ints
    cost: Floats
    minutes: Floats

    @property
    def rate(self) -> float:
        """Average cost, money per minute."""
        return float(self.cost.sum() / self.minutes.sum())

    def returns(self, horizon_min: float) -> Floats:
        """(T, B) discounted savings over the average cost from each decision on."""
        saved, running, found = self.rate * self.minutes - self.cost, np.zeros(self.cost.shape[1]), []
        for step in reversed(range(len(saved))):
            running = saved[step] + np.exp(-self.minutes[step] / horizon_min) * running
            found.append(running)
        return np.array(found[::-1])


def play(decisions: ChainDecisions, policy: Policy, seed: np.random.SeedSequence, steps: int) -> Played:
    """Let a policy decide `steps` times in each of `COPIES` networks that begin empty."""
    process = decisions.model.process
    chain, lands = chain_of(process, len(decisions.model.network.classes)), forced(process)
    walkers = walkers_at(process.start, seed, COPIES)
    walk(chain, lands, walkers, FOREVER)
    record: list[tuple[NDArray[np.generic], ...]] = []
    for _ in range(steps):
        rows = walkers.decision.astype(np.int64)
        chosen = policy.act(decisions.at(rows)).candidate
        choice = decisions.candidates(rows)[0][np.arange(COPIES), chosen]
        walkers.state[:] = process.choices[rows, choice]
        walkers.cost[:] = walkers.minutes[:] = 0.0
        walk(chain, lands, walkers, FOREVER)
        record.append((rows, chosen, walkers.cost.copy(), walkers.minutes.copy()))
    return Played(*(np.array(column) for column in zip(*record, strict=True)))


def learn(
    decisions: ChainDecisions, rules: Mapping[str, Ints], config: PPOConfig, seed: int, log: Log
) -> tuple[Learned, str]:
    """Train on a network.

    Args:
        decisions: of the network.
        rules: (D,) choices of each rule; the best of them on the validation walks is the teacher.
        config: settings and budget.
        seed: of the run.
        log: receives the learning curve.

    Returns:
        The best checkpoint, its difference being the cost per minute it saves over the teacher on the validation
        walks; and the name of the teacher.
    """
    clock = Clock(config)
    luck = Luck(decisions, branch(seed, VALIDATION), WALKERS, TICKS)
    teacher = cheapest([TablePolicy(decisions, table, name) for name, table in rules.items()], luck)
    played = play(decisions, teacher, branch(seed, REHEARSAL), config.imitated // COPIES)
    kept = slice(round((1 - UNSETTLED) * len(played.rows)))
    returns = played.returns(config.horizon_min)[kept].ravel()
    scale = float(returns.std()) or 1.0
    met = decisions.at(played.rows[kept].ravel())
    lesson = Rehearsal(met, played.chosen[kept].ravel(), returns / scale, COPIES, played.chosen.size)
    centers = ChainCenters(
        decisions,
        num_envs=config.n_envs,
        seed=branch(seed, CENTERS),
        rate=played.rate,
        scale=scale,
        siblings=config.siblings,
    )
    validation = validation_against(teacher, luck)

    def judge(policy: Policy) -> Verdict:
        return Verdict(validation.difference(policy))

    return learn_ppo(config, centers, judge, lesson, seed, log, clock), teacher.name


def cheapest(policies: list[TablePolicy], luck: Luck) -> TablePolicy:
    """The policy of the lowest cost on the walks."""

    def rate(policy: TablePolicy) -> float:
        cost, minutes = luck.walked(policy, np.zeros(0, np.int64))[0].sum(axis=0)
        return float(cost / minutes)

    return min(policies, key=rate)
