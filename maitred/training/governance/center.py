"""A simulated center under a governance file: its rules as the scenario's own blocks, which the kernel masks with."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from maitred.envs.blocks import Governance as Block
from maitred.envs.blocks import Outreach
from maitred.envs.blocks.fields import Value, is_default
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_error import ScenarioError, require
from maitred.serving.governance import Governance
from maitred.training.frozen import FrozenSet


def govern_center(scenario: Scenario, governance: Governance) -> Scenario:
    """Put a center under a governance file; an intent is a type of contact.

    Intents that must be human or need two people, the highest cap, messages per day and their hours become the blocks
    `governance` and `outreach`. Escalation criteria, amounts, caps of single agents and messages per customer are
    about what a simulated center does not know; serving enforces them. A center of calls and agents alone has no bot,
    no cap and no message to forbid, and stays as it is.

    Raises:
        ScenarioError: the center has a type that the file does not know, rules of its own that differ, or nobody to
            approve what needs two people.
    """
    types = scenario.types.names
    for name in types:
        require(name in governance.intents, "types", "intents of the governance file", name)
    block = Block(
        must_human=_flags(types, governance.must_human),
        two_person=_flags(types, governance.two_person),
        max_cap_slots=governance.max_cap_slots,
    )
    if not is_default(scenario.governance) and not _same(scenario.governance, block, len(types)):
        raise ScenarioError("governance: expected no rules but those of the governance file, found others")
    if not scenario.has_conversations and np.any(block.two_person):
        raise ScenarioError("governance: two_person: expected a center where someone approves, found calls alone")
    if not scenario.has_conversations:
        return scenario
    return replace(scenario, governance=block, outreach=_outreach(scenario.outreach, governance))


def govern_set(frozen: FrozenSet, governance: Governance | None) -> FrozenSet:
    """The same frozen days in a center under a governance file, as `govern_center` has it; None changes nothing."""
    return frozen if governance is None else replace(frozen, scenario=govern_center(frozen.scenario, governance))


def _flags(types: tuple[str, ...], listed: tuple[str, ...]) -> Value:
    flags = np.array([name in listed for name in types], float)
    return flags if flags.any() else False


def _outreach(ours: Outreach, governance: Governance) -> Outreach:
    """The stricter of both, where messages are sent at all."""
    if not np.any(ours.needs_per_h):
        return ours
    limits = governance.outreach
    return replace(
        ours,
        messages_per_day=min(ours.messages_per_day, limits.messages_per_day),
        open_from_s=max(ours.open_from_s, limits.open_from_s),
        open_to_s=min(ours.open_to_s, limits.open_to_s),
    )


def _same(one: Block, other: Block, types: int) -> bool:
    """Whether two blocks say the same, one number for all types or one for each."""
    spread = [{key: np.broadcast_to(value, types) for key, value in asdict(block).items()} for block in (one, other)]
    return all(np.array_equal(spread[0][key], spread[1][key]) for key in spread[0])
