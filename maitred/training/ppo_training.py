"""PPO: sb3-contrib's MaskablePPO on the candidate network, begun where the best rule stands."""

from __future__ import annotations

from sb3_contrib import MaskablePPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecEnv

from maitred.agents.ppo import CandidatePolicy
from maitred.agents.rules import RULES
from maitred.configs.schema import PPOConfig
from maitred.envs.decision import Policy
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.training.coach import Clock, Coach, Curve, Judge
from maitred.training.imitation import imitate
from maitred.training.learning import ALGORITHM, REHEARSAL, Learned, Log, branch, progress_bar
from maitred.training.rehearsal import Rehearsal, rehearse
from maitred.training.semi_markov import SemiMarkovBuffer
from maitred.training.short_lists import ShortListExtractor
from maitred.training.training_centers import TrainingCenters
from maitred.training.validation import Validation

COLD_START_DECISIONS = 20_000  # to take scales from


def train_ppo(
    config: PPOConfig, scenario: Scenario, objective: Objective, validation: Validation, seed: int, log: Log
) -> Learned:
    """Train until the budget of decisions or of wall clock is spent; hand back the best checkpoint."""
    clock = Clock(config)
    rehearsal = rehearse(
        scenario,
        _teacher(config),
        branch(seed, REHEARSAL),
        config.imitated if config.imitation_epochs else COLD_START_DECISIONS,
        objective=objective,
        horizon_s=60 * config.horizon_min,
    )
    centers = TrainingCenters(
        scenario=scenario,
        num_envs=config.n_envs,
        seed=seed,
        objective=objective,
        scale=return_scale(rehearsal),
        episode=len(rehearsal.chosen) // rehearsal.episodes,
    )
    return learn_ppo(config, centers, validation.difference, rehearsal, seed, log, clock)


def _teacher(config: PPOConfig) -> Policy:
    return RULES[config.teacher if config.imitation_epochs else "random"]


def return_scale(rehearsal: Rehearsal) -> float:
    """Money per unit of the network's value, so that its values are of order one."""
    return float(rehearsal.returns.std()) or 1.0


def learn_ppo(
    config: PPOConfig, centers: VecEnv, judge: Judge, rehearsal: Rehearsal, seed: int, log: Log, clock: Clock
) -> Learned:
    """Train in any centers that raise decisions.

    Args:
        config: settings and budget.
        centers: a `VecEnv` of the candidate observation that is a `coach.Centers`, too; its rewards are in units of
            `return_scale(rehearsal)`.
        judge: compares a policy on validation episodes; the best checkpoint by its word is handed back.
        rehearsal: decisions, choices and returns of the teacher, or of any policy for a cold start.
        seed: of the run.
        log: receives the learning curve.
        clock: of the budget, running.
    """
    algorithm, imitation = branch(seed, ALGORITHM).spawn(2)
    model = _model(config, centers, clock, int(algorithm.generate_state(1)[0]))
    policy = model.policy
    assert isinstance(policy, CandidatePolicy)
    policy.network.fit_normaliser(rehearsal.decisions)
    figures = {"reward_scale": return_scale(rehearsal)}
    if config.imitation_epochs:
        values = rehearsal.returns / return_scale(rehearsal)
        extractor = policy.extractor
        agreement = imitate(
            extractor, rehearsal.decisions, rehearsal.chosen, values, config.imitation_epochs, imitation
        )
        figures |= {"imitation_agreement": agreement, "imitation_s": clock.seconds}
    model.set_logger(Logger(None, [Curve(log)]))
    with progress_bar() as bar:
        coach = Coach(config, judge, policy.network, clock, bar, centers)  # type: ignore[arg-type]
        model.learn(config.steps, callback=coach)
        coach.validate()
    return coach.learned(figures)


def _model(config: PPOConfig, centers: VecEnv, clock: Clock, seed: int) -> MaskablePPO:
    return MaskablePPO(
        CandidatePolicy,
        centers,
        learning_rate=clock.learning_rate,
        n_steps=config.n_steps,
        batch_size=config.batch_size,
        n_epochs=config.epochs,
        gamma=1.0,  # the buffer discounts by time
        gae_lambda=config.gae_lambda,
        clip_range=config.clip_range,
        ent_coef=config.entropy,
        rollout_buffer_class=SemiMarkovBuffer,
        rollout_buffer_kwargs={"centers": centers, "horizon_s": 60 * config.horizon_min},
        policy_kwargs={
            "features_extractor_class": ShortListExtractor,
            "features_extractor_kwargs": {"width": config.width},
        },
        seed=seed,
        device="cpu",
    )
