"""Which agents of a call log hang up on their callers: DG-2 from the log alone.

    python -m experiments.audit.short_calls --log $MAITRED_DATA/anonymous_bank/calls_1999_01_08.parquet

The claims to be tested: agent A21 of the bank's log is found and nobody else; on honest rosters that differ as much as
the bank's agents do, anybody is flagged in at most 5 % of logs; and one, two or three agents planted among them are
found. Callers who are cut short come straight back, which the last columns show of the callers who are identified: it
is not part of the test. LOG is a contact log (`maitred import`) or anything the importer reads as format technion.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.audit.table import interval
from experiments.fidelity.replay import as_contact_log
from experiments.figures import Figure, print_table, write_json
from maitred.envs.contact_log import read_log
from maitred.training.audit.short_call_log import (
    MIN_CALLS,
    SUSPECTS,
    AgentCalls,
    agents_who_cut_short,
    honest_shares,
    outliers,
    short_call_finding,
)

ALPHA = 0.05
PLANTED = tuple((count, share) for share in (0.15, 0.20, 0.28) for count in (1, 2, 3))


def show_agents(agents: Sequence[AgentCalls]) -> None:
    """One line for each agent."""
    rows = [
        (
            one.agent,
            f"{one.calls:,}",
            f"{one.share:.1%}",
            f"{one.low:.1%}",
            f"{one.p:.4f}",
            "FLAGGED" if one.flagged else "-",
            f"{one.short_back} of {one.short_known}",
        )
        for one in agents
    ]
    header = ("agent", "calls", "10 s or less", "at least", "p, any agent", "verdict", "cut short and back in an hour")
    print_table(f"Agents with {MIN_CALLS} calls or more; usual share {agents[0].usual:.1%}", header, rows)


def rates(agents: Sequence[AgentCalls], logs: int, seed: int) -> list[tuple[str, int, int]]:
    """What was tried, how many agents or logs were flagged, and of how many: honest logs first, then planted agents."""
    calls = np.array([one.calls for one in agents])
    share = np.array([(one.short + 0.5) / (one.calls + 1) for one in agents])
    honest, rng = honest_shares(share, int(SUSPECTS * len(share))), np.random.default_rng(seed)

    def drawn() -> NDArray[np.int64]:
        return rng.binomial(calls, rng.beta(*honest, len(calls)))

    false = sum(bool(outliers(drawn(), calls, ALPHA, rng)[2].any()) for _ in range(logs))
    found = [("honest logs in which anybody is flagged", false, logs)]
    for count, planted in PLANTED:
        hits = 0
        for _ in range(logs):
            short, who = drawn(), rng.choice(len(calls), count, replace=False)
            short[who] = rng.binomial(calls[who], planted)
            hits += int(outliers(short, calls, ALPHA, rng)[2][who].sum())
        found.append((f"{count} agents at {planted:.0%}: of them flagged", hits, count * logs))
    return found


def main() -> None:
    """Audit the log, and the audit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, required=True, help="contact log, or raw log in the technion format")
    parser.add_argument("--logs", type=int, default=100, help="simulated rosters for each rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    with as_contact_log(options.log) as path:
        contacts = read_log(path, columns=["agent", "customer_id", "arrival", "service_s"])
    agents = agents_who_cut_short(contacts, alpha=ALPHA, seed=options.seed)
    show_agents(agents)
    print(short_call_finding(agents).sentence)
    measured = rates(agents, options.logs, options.seed)
    rows = [(name, interval(count, of)) for name, count, of in measured]
    print_table(f"The detector on simulated rosters, seed {options.seed}", ("roster", "rate"), rows)
    if options.json:
        shares = [Figure(f"{one.agent}: share", one.share, "share", one.usual) for one in agents]
        chances = [Figure(f"{one.agent}: p", one.p, "probability") for one in agents]
        write_json(options.json, shares + chances + [Figure(name, count / of, "share") for name, count, of in measured])


if __name__ == "__main__":
    main()
