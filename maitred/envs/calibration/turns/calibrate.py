"""From a turn log to a scenario file: what `maitred calibrate` runs for one."""

from __future__ import annotations

import csv
import platform
from datetime import UTC, date, datetime
from hashlib import file_digest
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from maitred import __version__
from maitred.envs.calibration.turns.assemble import assemble
from maitred.envs.calibration.turns.events import read_events
from maitred.envs.calibration.turns.fits import TurnCalibration, fit_turns
from maitred.envs.contact_log.report import Reject, report_table
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import save_scenario
from maitred.envs.turn_log import TurnLogError, read_turn_log
from maitred.whole_file import whole_file

SHOWN_REJECTS = 5
ASSUMED = (
    "cost_per_min 0.65; all agents there for the whole of their shifts; costs of bots, value of customers, urgency and"
    " sentiment at their defaults; complexity constant during a contact: the log says nothing of these"
)


def calibrate_turns(
    log_path: str | Path,
    out_yaml: str | Path,
    *,
    name: str,
    start: date | None = None,
    end: date | None = None,
    report: str | Path | None = None,
    head_start_s: float = 0.0,
) -> Scenario:
    """Fit a scenario to a turn log, write it, and print every figure with its interval.

    Args:
        log_path: the turn log; rows that cannot be used are counted and shown.
        out_yaml: scenario file to write; its tables go into the folder `name` beside.
        name: of the scenario.
        start: first day of arrivals to use.
        end: the day after the last to use.
        report: CSV file for the figures, if wanted.
        head_start_s: seconds a high-priority contact counts as having waited already.

    Returns:
        The scenario as it was written.

    Raises:
        TurnLogError: the file is no usable turn log.
        ValueError: it holds nothing that some figure needs.
    """
    turn_log, console = read_turn_log(log_path), Console()
    console.print(report_table(turn_log.report))
    for reject in turn_log.rejects[:SHOWN_REJECTS]:
        console.print(_shown(reject), markup=False, highlight=False)
    events = between(turn_log.events, start, end)
    fits = fit_turns(read_events(events))
    scenario = assemble(name, fits, head_start_s, provenance(Path(log_path), events))
    save_scenario(scenario, out_yaml)
    console.print(figures_table(scenario.name, fits))
    if report is not None:
        write_figures(fits, Path(report))
    return scenario


def _shown(reject: Reject) -> str:
    return f"rejected: {reject.file} row {reject.row}, field {reject.field}: {reject.reason}"


def between(events: pa.Table, start: date | None, end: date | None) -> pa.Table:
    """Return the events of the contacts that arrived, and the shifts' events, from `start` on and before `end`."""
    if start is None and end is None:
        return events
    low = datetime.combine(start or date.min, datetime.min.time())
    high = datetime.combine(end or date.max, datetime.min.time())
    inside = pc.and_(
        pc.greater_equal(events["ts"], pa.scalar(low, pa.timestamp("us"))),
        pc.less(events["ts"], pa.scalar(high, pa.timestamp("us"))),
    )
    arrives = pc.and_(inside, pc.equal(pc.cast(events["event"], pa.string()), "arrive"))
    contacts = events["contact_id"].filter(arrives).combine_chunks()
    mine = pc.is_in(events["contact_id"], value_set=contacts)
    kept = events.filter(pc.or_(mine, pc.and_(inside, pc.is_null(events["contact_id"]))))
    if len(contacts) == 0:
        raise TurnLogError(f"no contact arrived from {start} to before {end}")
    return kept


def provenance(path: Path, events: pa.Table) -> dict[str, str]:
    """Where the scenario comes from, and what was assumed."""
    with open(path, "rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return {
        "source": path.name,
        "source_sha256": digest,
        "events": str(events.num_rows),
        "first_day": str(pc.min(events["ts"]).as_py().date()),
        "last_day": str(pc.max(events["ts"]).as_py().date()),
        "fitted_on": str(datetime.now(UTC).date()),
        "fitted_with": f"maitred {__version__}, numpy {np.__version__}, python {platform.python_version()}",
        "assumed": ASSUMED,
    }


def figures_table(name: str, fits: TurnCalibration) -> Table:
    """Every figure with its 95 % interval, but for those of single agents."""
    table = Table("mechanism", "figure", "of", "value", "95 % interval", title=f"scenario {name}")
    for column in table.columns[3:]:
        column.justify = "right"
    for mechanism, figure, of, estimate in fits.figures():
        if figure != "mean_s" or mechanism != "agents":
            interval = f"{estimate.low:.4g} to {estimate.high:.4g}"
            table.add_row(mechanism, figure, of, f"{estimate.value:.4g}", interval)
    return table


def write_figures(fits: TurnCalibration, path: Path) -> None:
    """Write every figure as a row: mechanism, figure, of, value, se, low, high."""
    with whole_file(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("mechanism", "figure", "of", "value", "se", "low", "high"))
        for mechanism, figure, of, e in fits.figures():
            rows.writerow((mechanism, figure, of, *(f"{v:.6g}" for v in (e.value, e.se, e.low, e.high))))
