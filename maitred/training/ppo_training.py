"""PPO: sb3-contrib's MaskablePPO on the candidate network, begun cold or where a rule stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sb3_contrib import MaskablePPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecEnv

from maitred.agents.exploring import Exploring
from maitred.agents.ppo import CandidateExtractor, CandidatePolicy
from maitred.agents.rules import RULES, rule
from maitred.configs.schema import BEST, PPOConfig
from maitred.envs.decision import Policy
from maitred.envs.objective import Objective
from maitred.envs.resized import resized
from maitred.envs.scenario import Scenario
from maitred.training.anchor import AnchoredBuffer
from maitred.training.checkpoints import Checkpoints, Judge
from maitred.training.coach import Clock, Coach, Curve
from maitred.training.imitation import imitate, open_mind
from maitred.training.lagrangian import Lagrangian
from maitred.training.learning import ALGORITHM, REHEARSAL, VALIDATION, Learned, Log, branch, progress_bar
from maitred.training.mixed_centers import MixedCenters
from maitred.training.preferences import best_by_preference, ends, spread_objectives, under_many
from maitred.training.rehearsal import EPISODES, Rehearsal, joined, rehearse
from maitred.training.routing_first import FirstPart, RoutingFirst
from maitred.training.semi_markov import SemiMarkovBuffer
from maitred.training.short_lists import ShortListExtractor
from maitred.training.training_centers import TrainingCenters
from maitred.training.tuning import to_tune_on, tune_all
from maitred.training.validation import Validation, Verdict

COLD_START_DECISIONS = 20_000  # to take scales from
# Whose scales they are. A random policy leaves queues that no policy in training meets for long, and on their scales
# those that matter look alike; the platform's own rule alone leaves without a scale what it never brings about.
COLD_START = Exploring(RULES["incumbent"], 0.1)


@dataclass(frozen=True)
class _Run:
    """What all worlds of one training run have in common, and how many there are."""

    config: PPOConfig
    objective: Objective
    seed: int
    teacher: Policy
    first: FirstPart
    worlds: int


def train_ppo(
    config: PPOConfig, scenario: Scenario, objective: Objective, validation: Validation, seed: int, log: Log
) -> Learned:
    """Train until the budget of decisions or of wall clock is spent; hand back the best checkpoint.

    The centers are of every size and load that the configuration names. Where it lets preferences vary, each group of
    siblings has an objective of its own, and so has each validation episode.
    """
    clock = Clock(config)
    worlds = [resized(scenario, agents, load) for agents in config.sizes for load in config.loads]
    teacher = _teacher(config, scenario, objective, seed)
    first = FirstPart(config.caps_from, clock.spent, len(worlds) * _centers(config, len(worlds)) / config.steps)
    run = _Run(config, objective, seed, teacher, first, len(worlds))
    parts, lessons = zip(*(_prepare(run, world, index) for index, world in enumerate(worlds)), strict=True)
    centers = parts[0] if len(parts) == 1 else MixedCenters(parts)
    if config.preference_spread > 1:
        validation = under_many(validation, config.preference_spread, branch(seed, VALIDATION))
    lagrangian = Lagrangian(validation, parts, config.multiplier_step)

    def judge(policy: Policy) -> Verdict:
        return lagrangian.judge(policy) if config.multiplier_step else Verdict(validation.difference(policy))

    rollouts = -(-validation.raised // (config.n_envs * config.n_steps))
    spaced = replace(config, validate_every=max(config.validate_every, rollouts))
    learned = learn_ppo(spaced, centers, judge, joined(lessons), seed, log, clock)
    return replace(learned, figures=learned.figures | lagrangian.figures()) if config.multiplier_step else learned


def _teacher(config: PPOConfig, scenario: Scenario, objective: Objective, seed: int) -> Policy:
    """Who is imitated, or who shows what decisions look like where nobody is."""
    names = _tuned(config, scenario, objective, seed) if config.teachers == (BEST,) else config.teachers
    if len(names) > 1:
        return best_by_preference(to_tune_on(scenario, seed), names, objective)
    return rule(names[0]) if names else COLD_START


def _tuned(config: PPOConfig, scenario: Scenario, objective: Objective, seed: int) -> tuple[str, ...]:
    """The best rule of the objective, and of those at the ends of what weights vary by."""
    varied = ends(objective, config.preference_spread) if config.preference_spread > 1 else ()
    booked = to_tune_on(scenario, seed)
    return tuple(dict.fromkeys(tune_all(booked, each, seed)[0].policy.name for each in (objective, *varied)))


def _prepare(run: _Run, world: Scenario, index: int) -> tuple[TrainingCenters, Rehearsal]:
    """One world's share of the centers, and of what is imitated; rewards and returns in units of order one."""
    config, worlds = run.config, run.worlds
    episodes, ours, theirs = branch(run.seed, REHEARSAL).spawn(3 * worlds)[3 * index : 3 * index + 3]
    count = config.imitated if config.teacher is not None else COLD_START_DECISIONS
    rehearsal = rehearse(
        world,
        run.teacher,
        episodes,
        count // worlds,
        objective=_objectives(config, run.objective, EPISODES, ours, 1),
        horizon_s=60 * config.horizon_min,
    )
    scale = float(rehearsal.returns.std()) or 1.0
    centers = _centers(config, worlds)
    settings: dict[str, Any] = {
        "scenario": world,
        "num_envs": centers,
        "seed": run.seed,
        "objective": _objectives(config, run.objective, centers // config.siblings, theirs, config.siblings),
        "scale": scale,
        "episode": rehearsal.raised // rehearsal.episodes,
        "siblings": config.siblings,
        "later": index / worlds,
    }
    if not config.caps_from or not world.concurrency.decided:
        training = TrainingCenters(**settings)
    else:
        training = RoutingFirst(teacher=run.teacher, kept=run.first, **settings)
    return training, replace(rehearsal, returns=rehearsal.returns / scale)


def _centers(config: PPOConfig, worlds: int) -> int:
    """Of each world: whole groups of siblings."""
    return config.n_envs // worlds // config.siblings * config.siblings


def _objectives(
    config: PPOConfig, objective: Objective, count: int, seed: np.random.SeedSequence, each: int
) -> Objective | list[Objective]:
    """One for all, or `count` of them where the preference varies, each that many times in a row."""
    if config.preference_spread == 1:
        return objective
    drawn = spread_objectives(objective, config.preference_spread, count, seed)
    return [one for one in drawn for _ in range(each)]


def learn_ppo(
    config: PPOConfig, centers: VecEnv, judge: Judge, lesson: Rehearsal, seed: int, log: Log, clock: Clock
) -> Learned:
    """Train in any centers that raise decisions.

    Args:
        config: settings and budget.
        centers: a `VecEnv` of the candidate observation that is a `coach.Centers`, too; its rewards are in units of
            order one.
        judge: compares a policy on validation episodes; the best checkpoint by its word is handed back.
        lesson: decisions, choices and returns of the teacher, or of `COLD_START`; returns in the unit of the
            centers' rewards.
        seed: of the run.
        log: receives the learning curve.
        clock: of the budget, running.
    """
    algorithm, imitation = branch(seed, ALGORITHM).spawn(2)
    model = _model(config, centers, clock, int(algorithm.generate_state(1)[0]))
    policy = model.policy
    assert isinstance(policy, CandidatePolicy)
    policy.network.fit_normaliser(lesson.decisions)
    figures: dict[str, float] = {}
    anchored = model.rollout_buffer if isinstance(model.rollout_buffer, AnchoredBuffer) else None
    if config.teacher is not None:
        agreement = _imitate(config, policy.extractor, lesson, anchored, np.random.default_rng(imitation))
        figures = {"imitation_agreement": agreement, "imitation_s": clock.seconds}
    model.set_logger(Logger(None, [Curve(log)]))
    # a judge that moves prices changes what is learned from
    with progress_bar() as bar, Checkpoints(judge, log, at_once=config.multiplier_step > 0) as checkpoints:
        coach = Coach(config, checkpoints, policy.network, clock, bar, centers)  # type: ignore[arg-type]
        model.learn(config.steps, callback=coach)
    if anchored is not None and np.isfinite(anchored.divergence):
        figures["anchor_nats_of_last_rollout"] = anchored.divergence
    return coach.learned(figures)


def _imitate(
    config: PPOConfig,
    extractor: CandidateExtractor,
    lesson: Rehearsal,
    anchored: AnchoredBuffer | None,
    rng: np.random.Generator,
) -> float:
    """Begin where the teacher stands, with an open mind; what holds to the teacher holds to it as imitated."""
    agreement = imitate(extractor, lesson.decisions, lesson.chosen, lesson.returns, config.imitation_epochs, rng)
    if anchored is not None:
        anchored.hold(extractor)
    open_mind(extractor, lesson.decisions)
    return agreement


def _model(config: PPOConfig, centers: VecEnv, clock: Clock, seed: int) -> MaskablePPO:
    return MaskablePPO(
        CandidatePolicy,
        centers,
        learning_rate=clock.learning_rate,
        n_steps=config.n_steps,
        batch_size=config.batch_size,
        n_epochs=config.epochs,
        gamma=1.0,  # the buffer discounts by time, and so does its lambda
        clip_range=config.clip_range,
        ent_coef=config.entropy,
        rollout_buffer_class=AnchoredBuffer if config.anchor else SemiMarkovBuffer,
        rollout_buffer_kwargs={
            "centers": centers,
            "horizon_s": 60 * config.horizon_min,
            "credit_s": 60 * config.credit_min,
            **({"price": config.anchor} if config.anchor else {}),
        },
        policy_kwargs={
            "features_extractor_class": ShortListExtractor,
            "features_extractor_kwargs": {"width": config.width},
        },
        seed=seed,
        device="cpu",
    )
