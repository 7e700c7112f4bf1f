"""What a training run can be told, with types, ranges and defaults.

Hydra composes YAML files on top of these dataclasses, so an unknown key or a wrong type is refused before any
work begins; `OmegaConf.to_object` then builds them, and each checks its own ranges.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import inf

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf

from maitred.envs.objective import Objective
from maitred.envs.scenario_file import SHIPPED

BEST = "best"  # of the tuned rules


class ConfigError(ValueError):
    """A setting out of its range; the message names it and what was expected."""


def _require(ok: bool, name: str, expected: str, found: object) -> None:
    if not ok:
        raise ConfigError(f"{name}: expected {expected}, found {found}")


def _positive(section: str, **values: float) -> None:
    for name, value in values.items():
        _require(value > 0, f"{section}.{name}", "a positive number", value)


def _fraction(section: str, **values: float) -> None:
    for name, value in values.items():
        _require(0 <= value <= 1, f"{section}.{name}", "a number from 0 to 1", value)


@dataclass(frozen=True)
class ScenarioConfig:
    """The contact center."""

    source: str = "bank"  # name of a shipped scenario, or path of a scenario file


@dataclass(frozen=True)
class PolicyConfig:
    """What learns; its subclasses say how."""

    name: str = MISSING


@dataclass(frozen=True)
class PPOConfig(PolicyConfig):
    """Proximal policy optimisation with masks on the candidate network (Schulman et al. 2017).

    Training ends with the first of `steps` and `minutes`; without `minutes` a run is the same each time. Discounting
    is by simulated time: a reward t minutes after a choice counts exp(-t / horizon_min), so that the horizon must
    outlast the time from a choice to what is booked for it. With a teacher, training begins with the imitation of
    that rule, which `minutes` includes, as it does the tuning of `best`. Where weights vary, `best` is tuned for each
    weight at its lowest and its highest, too, and of these rules, or of several by name, `A | B`, each decision has
    the one imitated that earns most by its weights.
    """

    name: str = "ppo"
    steps: int = 30_000_000  # decisions
    minutes: float | None = 10.0  # wall clock, until the last validation begins
    n_envs: int = 64  # centers stepped together; rounded down to whole groups of siblings in each world
    siblings: int = 4  # of them, that begin each rollout in one state and meet the same luck; 1 for none
    n_steps: int = 512  # decisions per center and rollout; where many agents work, fewer show minutes only
    batch_size: int = 4096  # decisions per gradient step
    epochs: int = 4  # passes over a rollout
    learning_rate: float = 1.6e-3  # at the start; falls linearly over the budget
    horizon_min: float = 30.0  # of discounting, in simulated minutes
    credit_min: float = 15.0  # simulated minutes over which rewards, not the learned value, tell what a decision did
    clip_range: float = 0.2
    entropy: float = 0.0  # weight of the entropy bonus
    width: int = 32  # of the network's hidden layers
    validate_every: int = 10  # rollouts; more where judging takes more decisions than these
    teacher: str | None = None  # rule to imitate first, or `A | B` of several; `best` for the best of all, tuned; none
    # came further on bank
    imitated: int = 50_000  # of its decisions
    imitation_epochs: int = 12  # passes over them
    caps_from: float = 0.0  # share of learning from which caps are learned, too; until then the teacher sets them
    anchor: float = 0.0  # price of a nat by which a choice departs from the imitated teacher, in sd of its returns
    sizes: tuple[float, ...] = (1.0,)  # factors of the scenario's agents to train at, each with every load
    loads: tuple[float, ...] = (1.0,)  # factors of its arrivals per agent hour
    multiplier_step: float = 0.0  # money per case that a breach as large as its bound adds to the charge for such a
    # breach, at every validation; 0 charges nothing
    preference_spread: float = 1.0  # weights of cost, work and satisfaction vary by up to this factor between groups of
    # siblings; 1 for one policy

    def __post_init__(self) -> None:
        minutes = 1.0 if self.minutes is None else self.minutes
        _positive("policy", steps=self.steps, minutes=minutes, n_envs=self.n_envs, n_steps=self.n_steps)
        _positive("policy", batch_size=self.batch_size, epochs=self.epochs, learning_rate=self.learning_rate)
        _positive("policy", clip_range=self.clip_range, width=self.width, validate_every=self.validate_every)
        _positive("policy", horizon_min=self.horizon_min, credit_min=self.credit_min, imitated=self.imitated)
        _positive("policy", imitation_epochs=self.imitation_epochs)
        _require(self.anchor >= 0, "policy.anchor", "0 or more", self.anchor)
        _require(not self.anchor or self.teacher is not None, "policy.anchor", "0 without policy.teacher", self.anchor)
        _fraction("policy", caps_from=self.caps_from)
        _require(
            not self.caps_from or self.teacher is not None,
            "policy.caps_from",
            "0 without policy.teacher",
            self.caps_from,
        )
        _require(self.multiplier_step >= 0, "policy.multiplier_step", "0 or more", self.multiplier_step)
        _require(self.preference_spread >= 1, "policy.preference_spread", "1 or more", self.preference_spread)
        one = len(self.teachers) <= 1
        _require(one or self.preference_spread > 1, "policy.teacher", "one rule, as weights do not vary", self.teacher)
        fine = one or not {"", BEST}.intersection(self.teachers)
        _require(fine, "policy.teacher", f"{BEST} alone, or names of rules, A | B", self.teacher)
        factors = (*self.sizes, *self.loads)
        _require(min(factors) > 0, "policy.sizes, policy.loads", "positive numbers", factors)
        worlds = len(self.sizes) * len(self.loads)
        _fraction("policy", entropy=self.entropy)
        _positive("policy", siblings=self.siblings)
        _require(
            self.n_envs >= self.siblings * worlds,
            "policy.siblings",
            f"at most n_envs / worlds = {self.n_envs} / {worlds}",
            self.siblings,
        )
        rollout = self.n_envs * self.n_steps
        _require(
            rollout % self.batch_size == 0,
            "policy.batch_size",
            f"a divisor of n_envs * n_steps = {rollout}",
            self.batch_size,
        )

    @property
    def teachers(self) -> tuple[str, ...]:
        """The names in `teacher`, each once."""
        return () if self.teacher is None else tuple(dict.fromkeys(map(str.strip, self.teacher.split("|"))))


@dataclass(frozen=True)
class BanditConfig(PolicyConfig):
    """Online learning of a bandit on simulated episodes, updated after each batch of them."""

    episodes: int = 512
    batch: int = 32  # episodes between two updates
    penalty: float = 100.0  # of the ridge regression

    def __post_init__(self) -> None:
        _positive("policy", episodes=self.episodes, batch=self.batch, penalty=self.penalty)


@dataclass(frozen=True)
class LinUCBConfig(BanditConfig):
    """Upper confidence bounds (Li et al. 2010)."""

    name: str = "linucb"
    alpha: float = 1.0  # width of the bound, in standard errors
    epsilon: float = 0.05  # share of uniform exploration

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive("policy", alpha=self.alpha)
        _fraction("policy", epsilon=self.epsilon)


@dataclass(frozen=True)
class LinTSConfig(BanditConfig):
    """Thompson sampling (Agrawal and Goyal 2013)."""

    name: str = "lints"
    spread: float = 1.0  # factor on the posterior's standard deviation
    samples: int = 64  # posterior samples

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive("policy", spread=self.spread, samples=self.samples)


@dataclass(frozen=True)
class SquareCBConfig(BanditConfig):
    """Inverse gap weighting (Foster and Rakhlin 2020)."""

    name: str = "squarecb"
    gamma: float = 10.0  # learning rate after one reward; grows with the square root of their number

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive("policy", gamma=self.gamma)


@dataclass(frozen=True)
class NeuralConfig(LinUCBConfig):
    """Upper confidence bounds on the last layer of the candidate network (NeuralLinear, Riquelme et al. 2018)."""

    name: str = "neural"
    width: int = 32  # of the network's hidden layers
    memory: int = 65_536  # latest decisions that the network is fitted to
    steps: int = 500  # gradient steps after each batch of episodes
    learning_rate: float = 3e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        _positive("policy", width=self.width, memory=self.memory)
        _positive("policy", steps=self.steps, learning_rate=self.learning_rate)


@dataclass(frozen=True)
class ObjectiveConfig(Objective):
    """What is worth what, in money, and the bounds; the fields are those of `maitred.envs.objective.Objective`."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name.endswith(("_at_most", "_at_least")):
                _require(value is None or 0 < value < inf, f"objective.{name}", "a number above 0, or null", value)
            else:
                _require(value is not None and 0 <= value < inf, f"objective.{name}", "a number of 0 or more", value)

    def build(self) -> Objective:
        """The objective of these weights and bounds."""
        return Objective(**asdict(self))


@dataclass(frozen=True)
class EvaluationConfig:
    """What a trained policy is judged on, and what chooses among its checkpoints."""

    set: str | None = None  # folder of a frozen set; judged on it, with every rule, when training ends
    validation_episodes: int | None = None  # drawn from the run's seed, the same at every checkpoint, never frozen;
    # unless told, 64, or as few as raise 300,000 decisions, but 16

    def __post_init__(self) -> None:
        episodes = self.validation_episodes
        _require(episodes is None or episodes > 1, "evaluation.validation_episodes", "2 or more", episodes)


@dataclass(frozen=True)
class TrackingConfig:
    """Where runs are logged: MLflow on a SQLite file, no server."""

    experiment: str = "maitred"
    folder: str = "."  # holds mlflow.db and mlruns/


@dataclass(frozen=True)
class TrainConfig:
    """One training run. Everything random follows from `seed`."""

    seed: int = 0
    scenario_file: str | None = None  # path of a scenario file; replaces the scenario group
    governance: str | None = None  # path of an approved governance file: masks in training, enforced in the bundle
    scenario: ScenarioConfig = field(default_factory=ScenarioConfig)
    policy: PolicyConfig = MISSING
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)

    def __post_init__(self) -> None:
        _require(0 <= self.seed < 2**32, "seed", "an integer from 0 to 2^32 - 1", self.seed)

    @property
    def scenario_source(self) -> str:
        """Name or path of the scenario to train on."""
        return self.scenario_file or self.scenario.source


def register() -> None:
    """Make the schemas known to Hydra; the YAML files beside this module start from them.

    The scenario group needs no files: it has every shipped scenario under its name.
    """
    store = ConfigStore.instance()
    for path in SHIPPED.glob("*.yaml"):
        store.store(group="scenario", name=path.stem, node=_writable(ScenarioConfig(source=path.stem)))
    store.store(name="train_schema", node=_writable(TrainConfig))
    groups: dict[str, dict[str, type]] = {
        "policy": {
            "ppo": PPOConfig,
            "linucb": LinUCBConfig,
            "lints": LinTSConfig,
            "squarecb": SquareCBConfig,
            "neural": NeuralConfig,
        },
        "objective": {"objective": ObjectiveConfig},
        "evaluation": {"evaluation": EvaluationConfig},
        "tracking": {"tracking": TrackingConfig},
    }
    for group, schemas in groups.items():
        for name, schema in schemas.items():
            store.store(group=group, name=f"{name}_schema", node=_writable(schema))


def _writable(schema: type | ScenarioConfig) -> DictConfig:
    """A schema that composition may write to: OmegaConf takes a frozen dataclass for a read-only node."""
    node: DictConfig = OmegaConf.structured(schema)
    OmegaConf.set_readonly(node, False)
    for key in node:
        section = node._get_node(key)
        if isinstance(section, DictConfig):
            OmegaConf.set_readonly(section, False)
    return node
