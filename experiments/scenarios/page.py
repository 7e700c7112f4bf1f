"""The page that lists every shipped scenario: docs/scenarios.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.scenarios.load import WEEKDAY, contained, planned_load
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_blocks import block_document

PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"

INTRODUCTION = """\
# Shipped scenarios

`python -m experiments.scenarios.build` writes this page and every scenario but `bank`, which
`python -m experiments.fidelity.bank` fits from a call log. Of the evaluation worlds W1 to W10, W2 is `bank` and W4
is `omni`. The numbers of the others come from published figures or are choices; the builders in
`experiments/scenarios` say which beside each number.

Contacts are first attempts on a weekday, customers who come back not counted. Agents are those on the roster, and in
brackets those on shift in the busiest hour. Load is the smallest share of every group's capacity that a fixed split
of the agents' work needs, at the best fixed cap where conversations share an agent, if bots take what they may;
in brackets, what it would be without bots. Contained is the share that bots then close. Abandonment, customers who
come back, outreach, escalations, fatigue and the copilot are left out of all three.
"""

LOOK_AT = {
    "bank": "Whether the simulated waits are the log's; what is gained over first come first served in overload.",
    "level0": "Calls blocked and called again; nothing to decide but who answers next.",
    "level1": "Transfers follow menu errors one to one; call-backs move work and do not remove it.",
    "level2": "Less than half contained; a scorer greedy for one KPI loses on another.",
    "level3": "More than half contained; less wrap-up after a hand-over; contacts that ease brings on top.",
    "level4": "Nights without agents; no approval left out; upset customers with agents of empathy.",
    "level5": "Messages that head off contacts against messages that make them; who is left for people.",
    "w1_voice": "Waits and abandonment against the Erlang-A formula.",
    "w3_chat": "Caps that follow the mix of conversations an agent holds, against every fixed cap.",
    "w5_n": "Distance from the optimum; experts kept free for `expert`.",
    "w5_w": "Distance from the optimum; which desk takes `shared`.",
    "w6_outage": "Abandonment in the hours of an outage; messages sent for problems that were real.",
    "w7_new_hires": "Handle times of new agents over the weeks when they are given work, and when they are not.",
    "w8_bots": "Cost per resolution by price of the bot; contained raw against contained and resolved.",
    "w9_night": "Abandonment at night; promises kept in the morning.",
    "w10_adversarial": "Survey mean against latent satisfaction; gains that vanish when estimates are wrong.",
    "bpo_chat": "Reply time, resolution and cost by cap; light conversations together, heavy ones alone.",
    "omni": "Mode and concurrency by quadrant; deadline misses of urgent contacts; cost per resolution.",
}


def page(scenarios: Sequence[Scenario]) -> str:
    """The page: one table of sizes, one of purposes."""
    sizes = table(
        ("scenario", "channels", "types", "agents", "contacts/day", "days", "load", "contained"),
        [_sizes(scenario) for scenario in scenarios],
    )
    purposes = table(
        ("scenario", "what it is for", "mechanisms that are on", "what to look at"),
        [_purpose(scenario) for scenario in scenarios],
    )
    return f"{INTRODUCTION}\n{sizes}\n{purposes}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = (header, ["---"] * len(header), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _sizes(s: Scenario) -> tuple[str, ...]:
    load = planned_load(s)
    bots = bool(s.bots.names)
    return (
        f"`{s.name}`",
        ", ".join(s.channels.names),
        f"{len(s.types.names)}",
        f"{load.agents} ({_busiest_hour(s)})",
        f"{load.contacts:,.0f}",
        f"{s.days}",
        f"{load.of_capacity:.2f}" + (f" ({load.without_bots:.2f})" if bots else ""),
        f"{contained(s):.2f}" if bots else "",
    )


def _purpose(s: Scenario) -> tuple[str, ...]:
    mechanisms = [*(["lines"] if s.staffing.lines else []), *block_document(s)]
    return (f"`{s.name}`", s.description, ", ".join(mechanisms), LOOK_AT[s.name])


def _busiest_hour(s: Scenario) -> int:
    """Agents on shift in the hour of a weekday that has most of them."""
    staffing, hours = s.staffing, 3600.0 * np.arange(24)[:, None]
    on_shift = (staffing.shift_start_s <= hours) & (hours < staffing.shift_end_s)
    return int((on_shift * staffing.shift_agents * (staffing.shift_day_type == WEEKDAY)).sum(axis=1).max())
