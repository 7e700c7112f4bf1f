"""What a long decision log takes to check and to join: `python -m experiments.bench.log_memory`.

A log of a few recorded days is repeated, under identifiers and episodes of its own each time, until it has so many
decisions. `maitred logs check` and `maitred logs join` then run on it, each in a process of its own, whose peak of
resident memory is told beside its wall clock. Memory that holds no more than a row group does not grow with the log.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiments.figures import Figure, print_table, write_json
from maitred.agents.exploring import Exploring
from maitred.agents.rules import RULES
from maitred.envs.scenario_file import load_scenario
from maitred.training.decision_log.record import Source, logged_traces, record
from maitred.training.decision_log.write import log_writer

DAYS = 5  # recorded
MESSAGES = 10_000  # outcomes to join, of the first decisions
# The peak is that of the program itself (Linux): getrusage would count what the process was before it ran it.
RUN = """
import re, sys
from pathlib import Path
from maitred.cli import main
if code := main(sys.argv[1:]):
    sys.exit(code)
print(re.search(r"VmHWM:.*kB", Path("/proc/self/status").read_text()).group())
"""


@dataclass(frozen=True)
class Spent:
    """What one command took on one log.

    Attributes:
        command: of `maitred logs`.
        rows: of the log.
        peak: resident memory at most, bytes.
        seconds: wall clock.
    """

    command: str
    rows: int
    peak: int
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Lengthen, run, print."""
    options = _parser().parse_args(arguments)
    options.scratch.mkdir(parents=True, exist_ok=True)
    spent = []
    for rows in options.rows:
        with TemporaryDirectory(dir=options.scratch) as folder:
            spent += _measured(Path(folder), int(rows))
    print_table(
        f"A log of {DAYS} days of bank, repeated; {MESSAGES:,} outcomes joined",
        ("command", "decisions", "peak, MiB", "seconds", "decisions/s"),
        [
            (s.command, f"{s.rows:,}", f"{s.peak / 2**20:,.0f}", f"{s.seconds:.1f}", f"{s.rows / s.seconds:,.0f}")
            for s in spent
        ],
    )
    if options.json:
        write_json(options.json, [Figure(f"{s.command}, {s.rows:,} decisions: peak", s.peak, "bytes") for s in spent])
    return 0


def _measured(folder: Path, rows: int) -> list[Spent]:
    """Both commands on a log of at least so many decisions."""
    log, outcomes, joined = folder / "log.parquet", folder / "outcomes.jsonl", folder / "joined.parquet"
    center, short = load_scenario("bank"), folder / "short.parquet"
    record(center, logged_traces(center, 0, DAYS), Source(Exploring(RULES["incumbent"], 0.1), 0), short)
    table = pq.read_table(short)
    copies = -(-rows // table.num_rows)
    with log_writer(log, table.schema) as append:
        for number in range(copies):
            append(copied(table, number))
    outcomes.write_text("".join(map(_message, copied(table, 0)["decision_id"].to_pylist()[:MESSAGES])))
    length = copies * table.num_rows
    return [
        _spent("check", length, f"log={log}"),
        _spent("join", length, f"log={log}", f"outcomes={outcomes}", f"out={joined}"),
    ]


def copied(table: pa.Table, number: int) -> pa.Table:
    """A log's rows under identifiers and episodes of this copy."""
    for name in ("decision_id", "episode_id"):
        own = pc.binary_join_element_wise(table[name], str(number), "-")
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), own)
    return table


def _message(decision: str) -> str:
    told = {"event_id": decision, "decision_id": decision, "time": "2024-06-01T00:00:00", "outcome": "complete"}
    return json.dumps(told | {"reward": 1.0}) + "\n"


def _spent(command: str, rows: int, *settings: str) -> Spent:
    began = time.monotonic()
    told = subprocess.run([sys.executable, "-c", RUN, "logs", command, *settings], check=True, stdout=subprocess.PIPE)
    return Spent(command, rows, 1024 * int(told.stdout.split()[-2]), time.monotonic() - began)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.bench.log_memory", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--rows", type=float, nargs="+", default=[1e5, 1e6], help="decisions of the logs, at least")
    parser.add_argument("--scratch", type=Path, default=Path("runs"), help="folder for the logs while they are needed")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
