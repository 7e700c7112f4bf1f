"""The contact log that a center leaves behind, and the simulator that calibration makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.offline.center import OWN
from maitred.agents.rules import RULES
from maitred.envs.calibration.calibrate import calibrate
from maitred.envs.contact_log.schema import ABANDONED, SERVED, log_writer
from maitred.envs.kernel.layout import Outcome
from maitred.envs.scenario import DAY_S, Floats, Scenario
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.envs.simulator import Ledger, simulate
from maitred.envs.traffic import draw_trace

HISTORY = OWN - 1  # branch of the seed tree: days before anybody explored, none of which is in a decision log
FIRST_DAY = np.datetime64("2024-01-01", "us")  # a Monday
TOP = 2  # priority class in a contact log of those with a head start


def calibrated(center: Scenario, seed: int, count: int, folder: Path) -> Scenario:
    """The simulator fitted to a contact log of the platform's own rule, made once and kept in a folder.

    The rule is the one that calibration fits the agents' readiness under, so the days are of before exploration.

    Args:
        center: who leaves the log, from Monday on, day after day.
        seed: of the days.
        count: number of days.
        folder: keeps log and scenario file.

    Raises:
        ValueError: a center of more than calls, or of more than two priority levels, which such a log does not show.
    """
    if center.has_conversations or len(center.types.head_start_s) > 2:
        raise ValueError(f"{center.name}: expected a center of calls and at most two priority levels")
    name = f"{center.name}-{scenario_hash(center)[:12]}-history-{seed}-{count}"
    path = folder / f"{name}.yaml"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        keys = (np.random.SeedSequence(seed, spawn_key=(HISTORY, day)) for day in range(count))
        traces = [draw_trace(center, key, day % 7) for day, key in enumerate(keys)]
        with log_writer(folder / f"{name}.parquet") as append:
            for day, ledger in enumerate(simulate(center, traces, RULES["incumbent"])):
                append(contact_log(ledger, center, day))
        head_start_s = float(center.types.head_start_s[-1])
        calibrate(folder / f"{name}.parquet", path, name=name, head_start_s=head_start_s)
    return load_scenario(path)


def contact_log(ledger: Ledger, center: Scenario, day: int) -> pa.Table:
    """The rows of a contact log that one day of calls leaves; who is inside at midnight is left out.

    Args:
        ledger: of the day.
        center: whose types and agents it names.
        day: of the log, counted from 0.
    """
    contacts = ledger.contacts[np.isin(ledger.contacts["outcome"], (Outcome.SERVED, Outcome.ABANDONED))]
    served = contacts["outcome"] == Outcome.SERVED
    gone_s = np.where(served, contacts["answer_s"], contacts["end_s"])
    arrival, answer = (_times(contacts[name] + day * DAY_S) for name in ("arrival_s", "answer_s"))
    agent = np.array(center.agents.names)[np.where(served, contacts["agent"], 0)]
    count = len(contacts)
    return pa.table(
        {
            "contact_id": [f"{day}-{row}" for row in range(count)],
            "initial_id": pa.nulls(count, pa.string()),
            "customer_id": [f"{day}-{case}" for case in contacts["case"]],
            "channel": ["voice"] * count,
            "type": np.array(center.types.names)[contacts["type"]],
            "priority": (TOP * contacts["level"]).astype(np.int8),
            "arrival": arrival,
            "queue_enter": arrival,
            "wait_s": gone_s - contacts["arrival_s"],
            "outcome": np.where(served, SERVED, ABANDONED),
            "agent": pa.array(agent, mask=~served),
            "service_start": pa.array(answer, mask=~served),
            "service_s": pa.array(contacts["work_s"], mask=~served),
            "wrap_s": pa.array(contacts["wrap_up_s"], mask=~served),
            "service_clipped": np.zeros(count, bool),
            "agent_unknown": np.zeros(count, bool),
        }
    )


def _times(seconds: Floats) -> NDArray[np.datetime64]:
    """Clock times of seconds since the log began; whatever, where there are none."""
    return np.asarray(FIRST_DAY + np.round(np.nan_to_num(seconds) * 1e6).astype("timedelta64[us]"))
