"""From a contact log to a scenario file: what `maitred calibrate` runs."""

from __future__ import annotations

import platform
from datetime import UTC, date, datetime
from hashlib import file_digest
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maitred import __version__
from maitred.envs.calibration import log_arrays
from maitred.envs.calibration.assemble import assemble, significant
from maitred.envs.calibration.assumptions import ASSUMED
from maitred.envs.calibration.availability import Availability, fit_availability, measure, with_readiness
from maitred.envs.calibration.fits import MIN_SERVICES, Calibration, fit_log
from maitred.envs.calibration.replay import incident_days
from maitred.envs.calibration.report import write_calibration_report
from maitred.envs.calibration.summary import print_summary
from maitred.envs.contact_log import read_log
from maitred.envs.scenario import DAY_S, Scenario
from maitred.envs.scenario_file import save_scenario
from maitred.envs.traffic import draw_trace

SIMULATED_DAYS = 70


def calibrate(
    log_path: str | Path,
    out_yaml: str | Path,
    *,
    name: str,
    start: date | None = None,
    end: date | None = None,
    report: str | Path | None = None,
    min_services: int = MIN_SERVICES,
    head_start_s: float = 0.0,
    acknowledgement: str = "",
) -> Scenario:
    """Fit a scenario to a contact log, write it, and print its main figures.

    Args:
        log_path: the contact log.
        out_yaml: scenario file to write; its tables go into the folder `name` beside.
        name: of the scenario.
        start: first day of the log to use.
        end: the day after the last to use.
        report: HTML file for the report of the fits, if wanted.
        min_services: agents with fewer services are dropped.
        head_start_s: seconds a high-priority contact counts as having waited already.
        acknowledgement: of the source of the data, kept in the provenance.

    Returns:
        The scenario as it was written.
    """
    log = between(read_log(log_path), start, end)
    fits = fit_log(log, min_services)
    scenario = assemble(name, fits, head_start_s, provenance(Path(log_path), log, fits, acknowledgement))
    scenario, availability = make_available(scenario, log, fits)
    save_scenario(scenario, out_yaml)
    print_summary(scenario, fits, availability)
    if report is not None:
        write_calibration_report(log, scenario, fits, report)
    return scenario


def make_available(scenario: Scenario, log: pa.Table, fits: Calibration) -> tuple[Scenario, Availability]:
    """Fit the effective availability under which days drawn from the scenario resemble the log's ordinary days.

    The shifts are means and do not follow demand as real staffing partly does, so this absorbs the difference.
    """
    start = log_arrays.clock_s(log, "queue_enter")
    day = (start // DAY_S) - fits.arrivals.counts.day[0]
    used = fits.arrivals.used & ~np.isin(fits.arrivals.counts.day, list(incident_days(log, fits.types)))
    ordinary = np.isfinite(start) & (log_arrays.codes(log, "type", fits.types) >= 0)
    ordinary[ordinary] = used[day[ordinary].astype(np.int64)]
    measured = measure(log_arrays.numbers(log, "wait_s")[ordinary], log_arrays.outcome_is(log, "served")[ordinary])
    traces = [draw_trace(scenario, np.random.SeedSequence([0, i]), i % 7) for i in range(SIMULATED_DAYS)]
    fitted = fit_availability(scenario, traces, measured)
    readiness = (significant(value) for value in (fitted.pause_mean_s, fitted.drift_mean_s, fitted.ready_share))
    return with_readiness(scenario, *(float(value) for value in readiness)), fitted


def between(log: pa.Table, start: date | None, end: date | None) -> pa.Table:
    """Return the contacts that arrived from the day `start` on and before the day `end`."""
    if start is not None:
        log = log.filter(pc.greater_equal(log["arrival"], datetime.combine(start, datetime.min.time())))
    if end is not None:
        log = log.filter(pc.less(log["arrival"], datetime.combine(end, datetime.min.time())))
    if log.num_rows == 0:
        raise ValueError(f"no contact arrived from {start} to before {end}")
    return log


def provenance(log_path: Path, log: pa.Table, fits: Calibration, acknowledgement: str) -> dict[str, str]:
    """Where the scenario comes from, what was left out of it, and what was assumed."""
    arrival = log["arrival"]
    with open(log_path, "rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    text = {
        "source": log_path.name,
        "source_sha256": digest,
        "contacts": str(log.num_rows),
        "first_day": str(pc.min(arrival).as_py().date()),
        "last_day": str(pc.max(arrival).as_py().date()),
        "fitted_on": str(datetime.now(UTC).date()),
        "fitted_with": f"maitred {__version__}, numpy {np.__version__}, python {platform.python_version()}",
        "days_left_out": ", ".join(fits.arrivals.excluded) or "none",
        "dropped": ", ".join(f"{who} ({n} services)" for who, n in fits.dropped.items()) or "none",
        "assumed": ASSUMED,
        "acknowledgement": acknowledgement,
    }
    return {key: value for key, value in text.items() if value}
