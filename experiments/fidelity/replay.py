"""Does the world behave like the bank? Real days replayed under the bank's own rule, against what the log recorded.

Everything is fitted on the fit months: handle times, patience, priorities, effective availability. Of the replayed
months only the arrivals, who was on duty and what they answer are read from the log. Held to: abandonment within
2 points, mean wait within 15 %, share answered in 20 s within 5 points, per month, of contacts queued or served.

    python -m experiments.fidelity.replay --log LOG --fit 1999-01:1999-06 --replay 1999-07,1999-08

LOG is a contact log (`maitred import`) or anything the importer reads as format technion.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.figures import Figure, print_table, write_json
from maitred.envs.calibration import log_arrays
from maitred.envs.calibration.absence import absence_gap_s
from maitred.envs.calibration.availability import (
    Availability,
    fit_to_days,
    measure,
    measure_days,
    measure_run,
    run,
    waits_of,
    with_readiness,
)
from maitred.envs.calibration.replay import (
    Day,
    at_level,
    log_types_and_agents,
    real_days,
    recent_level,
    replay_scenario,
)
from maitred.envs.contact_log import ContactLogError, import_logs, read_log
from maitred.envs.scenario import Floats, Scenario

HEAD_START_S = 90.0  # of high-priority contacts, the bank's own rule
MEASURES = ("abandonment", "mean_wait_s", "answered_at_once", "answered_in_20s")


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, replay, print the tables."""
    options = parse(arguments)
    with as_contact_log(options.log) as path:
        log = read_log(path)
    month = log_arrays.clock_s(log, "arrival").astype("datetime64[s]").astype("datetime64[M]")
    fit_log = log.filter(pa.array(np.isin(month, months(options.fit))))
    types, agents = log_types_and_agents(log)
    scenario = replay_scenario(fit_log, types, agents, options.head_start_s)
    gap_s, seed = absence_gap_s(fit_log), np.random.SeedSequence(options.seed)
    fit_days = real_days(fit_log, scenario, gap_s, seed)
    availability = fit_to_days(scenario, fit_days)
    level = recent_level(fit_log, scenario)
    print_fit(availability, level, gap_s, fit_days)
    figures = [Figure(f"fit.{name}", float(value), unit_of(name)) for name, value in as_dict(availability).items()]
    for m in months(options.replay):
        figures += replay_month(
            m, log.filter(pa.array(month == m)), at_level(scenario, level), availability, gap_s, seed
        )
    if options.json:
        write_json(options.json, figures)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, required=True, help="contact log, or raw log(s) in the technion format")
    parser.add_argument("--fit", required=True, help="months to fit on: 1999-01:1999-06 or a comma list")
    parser.add_argument("--replay", required=True, help="months to replay, likewise")
    parser.add_argument(
        "--head-start-s", type=float, default=HEAD_START_S, help="of high-priority contacts (the bank: 90)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    return parser.parse_args(arguments)


@contextmanager
def as_contact_log(path: Path) -> Iterator[Path]:
    """The contact log at `path`, or a temporary one imported from the raw log there."""
    try:
        read_log(path, columns=["contact_id"])
    except ContactLogError:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / path.with_suffix(".parquet").name
            import_logs([path], "technion", out, progress=False)
            yield out
    else:
        yield path


def months(text: str) -> NDArray[np.datetime64]:
    """The months of "1999-01:1999-06" or "1999-07,1999-08"."""
    if ":" in text:
        first, last = text.split(":")
        return np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1)
    return np.array([np.datetime64(m, "M") for m in text.split(",")])


def replay_month(
    month: np.datetime64,
    log: pa.Table,
    scenario: Scenario,
    availability: Availability,
    gap_s: float,
    seed: np.random.SeedSequence,
) -> list[Figure]:
    """Replay one month three ways and print them beside the log, per month and per hour."""
    days = real_days(log, scenario, gap_s, seed)
    own = fit_to_days(scenario, days)
    own_level = recent_level(log, scenario)
    paced = real_days(log, at_level(scenario, own_level), gap_s, seed)
    fitted = with_readiness(scenario, *readiness(availability))
    lines: dict[str, tuple[Scenario, list[Day]]] = {
        "fit months: availability, pace": (fitted, days),
        "availability of the month itself": (with_readiness(scenario, *readiness(own)), days),
        f"the month's own pace, x {own_level:.3f}": (fitted, paced),
    }
    measured = measure_days(days)
    rows, figures = [("log", *texts(measured), "", "")], []
    for label, (center, of_days) in lines.items():
        simulated = measure_run(run(center, [day.trace for day in of_days]))
        rows.append(
            (label, *texts(simulated), verdict(simulated, measured), f"{availability_of(label, availability, own)}")
        )
        if center is fitted and of_days is days:
            names = zip(MEASURES, simulated, measured, strict=True)
            figures = [Figure.against(f"{month}.{n}", float(s), unit_of(n), float(r)) for n, s, r in names]
    incidents = [str(d.date) for d in days if d.incident]
    contacts = sum(len(d.wait_s) for d in days)
    print_table(
        f"{month}: {contacts:,} contacts queued or served; incident days included: {', '.join(incidents) or 'none'}",
        ("", "abandoned", "mean wait s", "at once", "in 20 s", "outside the aim", "available"),
        rows,
    )
    print_hours(month, days, fitted)
    return figures


def availability_of(label: str, fit: Availability, own: Availability) -> str:
    """The effective availability a line was run with."""
    return f"{(own if 'itself' in label else fit).effective:.3f}"


def verdict(simulated: Floats, measured: Floats) -> str:
    """Which aims are missed, and by how much they differ."""
    difference = dict(zip(MEASURES, simulated - measured, strict=True))
    missed = []
    if abs(difference["abandonment"]) > 0.02:
        missed.append(f"abandoned {100 * difference['abandonment']:+.1f} points")
    if abs(difference["mean_wait_s"]) > 0.15 * measured[1]:
        missed.append(f"wait {100 * difference['mean_wait_s'] / measured[1]:+.0f} %")
    if abs(difference["answered_in_20s"]) > 0.05:
        missed.append(f"in 20 s {100 * difference['answered_in_20s']:+.1f} points")
    return ", ".join(missed) or "none"


def print_hours(month: np.datetime64, days: Sequence[Day], scenario: Scenario) -> None:
    """Log and first replay by hour of joining the queue."""
    simulator = run(scenario, [day.trace for day in days])
    waits = [waits_of(simulator, b) for b in range(len(simulator))]
    simulated = [np.concatenate([w[i] for w in waits]) for i in range(3)]
    logged = [np.concatenate([getattr(d, name) for d in days]) for name in ("wait_s", "served", "arrival_s")]
    rows = []
    for hour in range(24):
        sides = [(side[0][here], side[1][here]) for side in (logged, simulated) for here in [side[2] // 3600 == hour]]
        if min(len(side[0]) for side in sides) >= 30:
            (log_wait, log_served), (wait, answered) = sides
            real, ours = measure(log_wait, log_served), measure(wait, answered)
            pairs = [f"{a} / {b}" for a, b in zip(texts(real), texts(ours), strict=True)]
            rows.append((f"{hour:02d}", f"{len(log_wait):,}", *pairs))
    print_table(
        f"{month} by hour of the day: log / replay with the availability of the fit months",
        ("hour", "contacts", "abandoned", "mean wait s", "at once", "in 20 s"),
        rows,
    )


def print_fit(availability: Availability, level: float, gap_s: float, days: Sequence[Day]) -> None:
    """What was fitted, and how the fit months themselves come out."""
    print_table(
        f"Fit months: {len(days)} days, {sum(d.incident for d in days)} with an incident left out of the availability;"
        f" pace of their last four weeks x {level:.3f}",
        ("", "abandoned", "mean wait s", "at once", "in 20 s"),
        [("log", *texts(availability.measured)), ("replay", *texts(availability.simulated))],
    )
    print_table(
        "Effective availability",
        ("figure", "value"),
        [(n, f"{v:.3f}") for n, v in as_dict(availability).items()] + [("gap_that_is_absence_s", f"{gap_s:.0f}")],
    )


def readiness(availability: Availability) -> tuple[float, float, float]:
    """The three fitted parameters."""
    return availability.pause_mean_s, availability.drift_mean_s, availability.ready_share


def as_dict(availability: Availability) -> dict[str, float]:
    """The fitted figures by name."""
    names = ("pause_mean_s", "drift_mean_s", "ready_share", "effective")
    return {name: getattr(availability, name) for name in names}


def unit_of(name: str) -> str:
    """Unit of a figure, from its name."""
    return "s" if name.endswith("_s") else "share"


def texts(values: Floats) -> tuple[str, str, str, str]:
    """The four measures as they are printed."""
    return f"{100 * values[0]:.1f} %", f"{values[1]:.1f}", f"{100 * values[2]:.1f} %", f"{100 * values[3]:.1f} %"


if __name__ == "__main__":
    main()
