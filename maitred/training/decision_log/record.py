"""Recording the decisions of a policy in simulated episodes, with what came of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from maitred.agents.exploring import Exploring
from maitred.envs.decision import Decisions, Policy
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import scenario_hash
from maitred.envs.simulator import Simulator
from maitred.envs.trace import Trace
from maitred.envs.traffic import draw_trace
from maitred.serving.policy import BundlePolicy
from maitred.training.decision_log.episode_rows import Signature, episode_rows, first_day, signed
from maitred.training.decision_log.played import play
from maitred.training.decision_log.schema import ACTIVE, DecisionLogError, schema_of
from maitred.training.decision_log.write import log_writer
from maitred.training.evaluate import policy_id
from maitred.training.learning import PARITY

LOGGED = PARITY - 1  # branch of the seed tree, beside those of `training.learning`
BATCH = 8  # episodes simulated together


@dataclass(frozen=True)
class Source:
    """Where decisions come from, as a log's rows and metadata say it.

    Attributes:
        policy: who decides.
        seed: entropy of the traces, None where they come from elsewhere; a frozen set of that seed overlaps.
        governance_hash: of the governance file in force; None where there is none.
    """

    policy: Policy
    seed: int | None = None
    governance_hash: str | None = None

    @property
    def signature(self) -> Signature:
        """What every row says of who decided; a rule is identified by its name, a bundle by its hash."""
        inner, explores = self.policy, ""
        if isinstance(self.policy, Exploring):
            inner, explores = self.policy.policy, f"+explore({self.policy.floor:g})"
        return Signature(self.policy.name, policy_id(inner) + explores, self.governance_hash, ACTIVE)

    def reasons(self, decisions: Decisions) -> list[str | None]:
        """(B,) why the platform's rule answered in a bundle's place, which abstains from what it has not seen.

        None as well where exploration answered: the row is chance's, and not the rule's.
        """
        if isinstance(self.policy, Exploring):
            own = replace(self, policy=self.policy.policy).reasons(decisions)
            return [None if stray else why for stray, why in zip(self.policy.strays(decisions), own, strict=True)]
        return self.policy.reasons(decisions) if isinstance(self.policy, BundlePolicy) else [None] * len(decisions)


def logged_traces(scenario: Scenario, seed: int, days: int) -> Iterator[Trace]:
    """The episodes that a log of this seed and so many days is recorded in, drawn one by one.

    Raises:
        DecisionLogError: the days are no whole number of episodes.
    """
    if days < 1 or days % scenario.days:
        raise DecisionLogError(f"days: expected a multiple of {scenario.days}, an episode's length, found {days}")
    if seed < 0:
        raise DecisionLogError(f"seed: expected 0 or more, found {seed}")
    keys = (np.random.SeedSequence(seed, spawn_key=(LOGGED, episode)) for episode in range(days // scenario.days))
    return (draw_trace(scenario, key) for key in keys)


def record(
    scenario: Scenario,
    traces: Iterable[Trace],
    source: Source,
    path: str | Path,
    objective: Objective | None = None,
    batch: int = BATCH,
) -> int:
    """Run a policy over traces and write the log of its decisions; returns their number.

    A decision's reward is what its contact, and those that came of it until the episode's end, booked from the
    decision on; what is not over by then is censored. Episodes stand in consecutive weeks from 2024-01-01 on, each
    from its weekday on.

    Args:
        scenario: the center.
        traces: its episodes; `batch` of them are in memory at a time.
        source: who decides.
        path: parquet file to write.
        objective: what the rewards are in terms of; the default is `Objective()`.
        batch: episodes simulated together; nothing but speed and memory depends on it.
    """
    objective = objective or Objective()
    provenance = {"scenario": scenario.name, "scenario_sha256": scenario_hash(scenario), "seed": source.seed}
    rows = episodes = 0
    waiting = iter(traces)
    with log_writer(path, schema_of(asdict(objective), provenance)) as append:
        while chunk := list(islice(waiting, batch)):
            for table in _played(scenario, chunk, source, objective, episodes):
                append(table)
                rows += table.num_rows
            episodes += len(chunk)
    return rows


def _played(
    scenario: Scenario, traces: list[Trace], source: Source, objective: Objective, episode: int
) -> Iterator[pa.Table]:
    """The rows of episodes, of which the first is number `episode` of the log."""
    simulator = Simulator(scenario, traces, keep_log=scenario.has_conversations)
    played = play(simulator, source.policy, objective.weights())
    for b, trace in enumerate(traces):
        rows = episode_rows(
            played[b],
            simulator.open_ledger(b),
            scenario,
            objective.weights(),
            episode=f"{int(trace.key[0]):016x}",
            begins=first_day(episode + b, int(trace.start_weekday[0]), scenario.days),
        )
        yield signed(rows, source.signature, source.reasons(played[b].decisions))
