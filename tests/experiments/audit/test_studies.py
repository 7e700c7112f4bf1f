"""Short runs of the audit's studies: what is counted as found was found, and who hangs up is named."""

import json
import sys

import numpy as np
import pyarrow as pa
import pytest

from experiments.audit import short_calls, table
from maitred.envs.contact_log.schema import SCHEMA, log_writer
from maitred.training.audit import audit_episodes
from maitred.training.audit.planted import INCUMBENT
from tests.training.audit.test_short_call_log import log_of

MESSAGES = tuple(plant for plant in table.PLANTS if plant.id == "DG-10")


def run(study, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["study", *arguments])
    study.main()


@pytest.mark.slow
def test_the_table_counts_what_the_audit_finds(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(table, "PLANTS", MESSAGES)
    monkeypatch.setattr(table, "HONEST", {"w6_outage": ("acd_longest_idle",)})
    monkeypatch.setattr(table, "BY_DESIGN", {})
    out = tmp_path / "figures.json"
    run(table, monkeypatch, "--seeds", "2", "--episodes", "4", "--json", str(out))
    found = {figure["name"]: figure["value"] for figure in json.loads(out.read_text())}
    flagged = 0
    for seed in (4100, 4101):
        days = table.Days("w6_outage", seed, 4)
        ours = MESSAGES[0].run(table.center("w6_outage"), days.traces())
        theirs = table.played(days, INCUMBENT)
        flagged += "DG-10" in table.flagged(audit_episodes(ours, theirs, table.center("w6_outage")))
    assert flagged > 0 and found["DG-10 messages to all: found"] == flagged / 2
    assert found["w6_outage, acd_longest_idle: flagged"] == 0
    assert "honest policies flagged: 0%" in capsys.readouterr().out


def test_cheats_are_moved_to_scenarios_that_no_tolerance_was_chosen_on():
    moved = table.elsewhere()
    assert {plant.scenario for plant in moved}.isdisjoint(table.HONEST)
    assert len(moved) == len(table.PLANTS) - 2
    assert set(table.HONEST_ELSEWHERE).isdisjoint(table.HONEST)


def test_who_hangs_up_is_named_and_found_again_among_planted_agents(monkeypatch, tmp_path, capsys):
    log, out = tmp_path / "log.parquet", tmp_path / "figures.json"
    shares = [0.03, 0.06, 0.01, 0.05] * 5 + [0.3]
    contacts = log_of(shares, [500] * len(shares), np.random.default_rng(1))
    for name in set(SCHEMA.names) - set(contacts.column_names):
        contacts = contacts.append_column(name, pa.nulls(len(contacts), SCHEMA.field(name).type))
    with log_writer(log) as append:
        append(contacts)
    monkeypatch.setattr(short_calls, "PLANTED", ((1, 0.6),))
    run(short_calls, monkeypatch, "--log", str(log), "--logs", "8", "--json", str(out))
    found = {figure["name"]: figure["value"] for figure in json.loads(out.read_text())}
    assert found["a20: p"] < 0.05 < found["a00: p"]
    assert found["1 agents at 60%: of them flagged"] == 1.0
    assert found["honest logs in which anybody is flagged"] <= 0.25
    assert "cut short by a20" in capsys.readouterr().out
