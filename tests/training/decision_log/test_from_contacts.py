"""A contact log read as decisions: who was free when each contact was answered, and who took it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from maitred.cli import main
from maitred.envs.calibration.absence import services_worked
from maitred.envs.contact_log.ingest import import_logs
from maitred.envs.contact_log.schema import SCHEMA, log_writer
from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES
from maitred.training.decision_log.check import check
from maitred.training.decision_log.contact_features import Queue
from maitred.training.decision_log.estimate import estimate
from maitred.training.decision_log.from_contacts import NO_HISTORY, from_contacts
from maitred.training.decision_log.idle_agents import presence
from maitred.training.decision_log.schema import DecisionLogError
from tests.envs.calibration.logs import contact_log

DAY_S, MONTH_S = 86_400.0, 31 * 86_400.0


def services(rng, first_day, days):
    """(n,) starts, agents and lengths: three agents, each on one call after another from 8 to 16."""
    start, agent, length = [], [], []
    for day in range(first_day, first_day + days):
        for who in range(3):
            now = day * DAY_S + 8 * 3600 + 60 * who
            while now < day * DAY_S + 16 * 3600:
                seconds = float(np.round(rng.lognormal(5 + 0.1 * who, 0.5)))
                start.append(now), agent.append(f"a{who}"), length.append(seconds)
                now += seconds + float(np.round(rng.exponential(200)))
    order = np.argsort(start, kind="stable")
    return np.array(start)[order], np.array(agent)[order], np.array(length)[order]


@pytest.fixture(scope="module")
def contacts(tmp_path_factory):
    rng = np.random.default_rng(1)
    start, agent, length = (np.concatenate(p) for p in zip(services(rng, 0, 20), services(rng, 31, 8), strict=True))
    table = contact_log(start, agent=agent, service_s=length)
    for name in set(SCHEMA.names) - set(table.column_names):
        table = table.append_column(name, pa.nulls(len(start), SCHEMA.field(name).type))
    path = tmp_path_factory.mktemp("log") / "contacts.parquet"
    with log_writer(path) as append:
        append(table)
    return path, table


@pytest.fixture(scope="module")
def made(contacts):
    path, table = contacts
    out = path.parent / "decisions.parquet"
    return from_contacts(path, out), out, table


def test_every_contact_is_a_decision_or_counted_with_a_reason(made):
    counts, out, table = made
    assert counts.contacts == table.num_rows == counts.rows + sum(counts.dropped.values())
    assert counts.rows == pq.read_metadata(out).num_rows > 500
    first_of_each_day_and_agent = 3 * 8
    reasons = {reason.partition(":")[0]: count for reason, count in counts.dropped.items()}
    assert reasons["first contact of a time on duty"] == first_of_each_day_and_agent
    assert counts.dropped[NO_HISTORY] == sum(t < MONTH_S for t in seconds(table["arrival"]))


def seconds(column):
    return (column.to_numpy() - np.datetime64("1999-01-01", "us")) / np.timedelta64(1, "s")


def test_candidates_are_those_who_are_free_the_longest_idle_first(made):
    _, out, table = made
    start, agent = seconds(table["service_start"]), np.array(table["agent"].to_pylist())
    end = start + table["service_s"].to_numpy()
    idle_s, wait = CANDIDATE_NAMES.index("idle_s"), CANDIDATE_NAMES.index("wait_s")
    for row in pq.read_table(out).to_pylist()[::20]:
        [own] = np.flatnonzero(np.array(table["contact_id"].to_pylist()) == row["contact_id"])
        now, expected = start[own], {}
        for who in ("a0", "a1", "a2"):
            today = (agent == who) & (start // DAY_S == now // DAY_S)
            before = today & (start < now)
            if before.any() and end[before].max() <= now <= end[today].max():
                expected[who] = now - end[before].max()
        ranked = sorted(expected, key=lambda who: -expected[who])
        np.testing.assert_allclose([c[idle_s] for c in row["candidates"]], [expected[who] for who in ranked], rtol=1e-6)
        assert ranked[row["chosen"]] == agent[own] and all(row["mask"])
        assert all(c[wait] == 0 for c in row["candidates"])
        assert row["context"][CONTEXT_NAMES.index("agents_idle")] == len(expected)


def test_what_is_said_of_agents_is_known_from_the_months_before(contacts, made, tmp_path):
    """Other lengths of this month's services change when agents are free, but not what they are said to need."""
    handle = CANDIDATE_NAMES.index("handle_s")

    def said(path):
        rows = pq.read_table(path).to_pylist()
        return {round(c[handle], 3) for row in rows for c in row["candidates"]}

    _, table = contacts
    late = seconds(table["arrival"]) >= MONTH_S
    shorter = np.where(late, 20.0, table["service_s"].to_numpy())
    with log_writer(tmp_path / "contacts.parquet") as append:
        append(table.set_column(table.column_names.index("service_s"), "service_s", pa.array(shorter)))
    from_contacts(tmp_path / "contacts.parquet", tmp_path / "out.parquet")
    assert said(tmp_path / "out.parquet") == said(made[1]) and len(said(made[1])) == 3


def test_the_log_is_sound_has_no_propensities_and_gets_estimated_ones(made, tmp_path):
    _, out, _ = made
    found = check(out)
    assert not found.faults and found.propensities["missing"] == found.rows
    estimate(out, tmp_path / "estimated.parquet")
    assert check(tmp_path / "estimated.parquet").propensities["estimated"] == found.rows


def test_presence_is_what_one_service_after_another_says(made):
    _, _, table = made
    agents = ("a0", "a1", "a2")
    worked = services_worked(table, agents)
    moments = np.random.default_rng(2).uniform(9 * 3600, 15 * 3600, 200) + seconds(table["arrival"])[0] // DAY_S * DAY_S
    moments += (np.datetime64("1999-01-01") - np.datetime64("1970-01-01")) / np.timedelta64(1, "s")
    there = presence(table, agents, 7200.0, moments)
    for row, now in enumerate(moments):
        for who in range(3):
            own = (worked.agent == who) & (worked.start_s // DAY_S == now // DAY_S)
            start, end = worked.start_s[own], worked.end_s[own]
            busy = ((start < now) & (now < end)).any()
            assert there.idle[row, who] == (not busy) and there.on_duty[row, who]
            spent = np.clip(np.minimum(end, now) - start, 0, None).sum()
            assert there.occupancy[row, who] == pytest.approx(spent / (now - start.min()), abs=1e-9)


def test_the_queue_counts_who_has_come_and_not_gone():
    rng = np.random.default_rng(3)
    enter = np.sort(rng.uniform(0, 1000, 300))
    queue = Queue(enter, enter + rng.exponential(60, 300), rng.integers(0, 3, 300))
    moments, type = np.sort(rng.uniform(0, 1000, 100)), rng.integers(0, 3, 100)
    there = (queue.enter_s <= moments[:, None]) & (queue.leave_s > moments[:, None])
    np.testing.assert_array_equal(queue.waiting(moments), there.sum(axis=1))
    np.testing.assert_array_equal(queue.waiting(moments, type), (there & (queue.type == type[:, None])).sum(axis=1))
    oldest = np.where(there, moments[:, None] - queue.enter_s, 0).max(axis=1)
    np.testing.assert_allclose(queue.oldest_s(moments), oldest)


def test_one_month_is_not_enough(contacts, tmp_path):
    _, table = contacts
    with log_writer(tmp_path / "one.parquet") as append:
        append(table.slice(0, 100))
    with pytest.raises(DecisionLogError, match="expected two months or more, found 1"):
        from_contacts(tmp_path / "one.parquet", tmp_path / "out.parquet")


@pytest.mark.slow
def test_the_bank_log_gives_decisions_whose_drops_are_counted(tmp_path, capsys):
    if "MAITRED_DATA" not in os.environ:
        pytest.skip("MAITRED_DATA is not set: no call log to check against")
    bank = Path(os.environ["MAITRED_DATA"]) / "anonymous_bank"
    raw = [bank / f"{month}_1999_raw.tsv.gz" for month in ("january", "february")]
    import_logs(raw, "technion", tmp_path / "log.parquet", progress=False)
    arguments = [f"log={tmp_path / 'log.parquet'}", f"out={tmp_path / 'decisions.parquet'}"]
    assert main(["logs", "from_contacts", *arguments]) == 0
    assert "not answered" in capsys.readouterr().out
    found = check(tmp_path / "decisions.parquet")
    assert not found.faults and found.rows > 20_000
    assert abs(estimate(tmp_path / "decisions.parquet", tmp_path / "e.parquet").evenness - 1) < 0.03
