"""The command: what it prints, what it writes, and that it fails where a cheat is found."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from maitred.agents.rules import rule
from maitred.cli import main
from maitred.envs.contact_log.schema import SCHEMA, log_writer
from maitred.envs.scenario_file import load_scenario
from maitred.training.audit import DETECTORS, AuditError
from maitred.training.audit.cheats import HarvestAbandons
from maitred.training.audit.report import audit_policy, findings_table, left_out_text
from maitred.training.governance.approve import approve
from tests.training.audit.test_short_call_log import log_of
from tests.training.center import small_center

CENTER = small_center(load=1.1)
CENTER = replace(CENTER, routing=replace(CENTER.routing, may_hold=True))


def printed(capsys, *arguments):
    status = main(list(arguments))
    return status, capsys.readouterr()


def test_a_cheat_is_found_and_an_honest_rule_is_not():
    cheat = audit_policy(CENTER, HarvestAbandons(250.0), rule("incumbent"), episodes=6, seed=3)
    assert cheat.found and [one.id for one in cheat.findings if one.flagged] == ["DG-9"]  # who is held back, waits
    honest = audit_policy(CENTER, rule("fastest"), rule("incumbent"), episodes=6, seed=3)
    assert not honest.found
    assert {one.id for one in honest.findings} | set(honest.left_out) == {d.id for d in DETECTORS}


def test_the_table_has_every_symptom_and_the_rest_is_said_to_be_impossible():
    audited = audit_policy(CENTER, rule("fastest"), rule("incumbent"), episodes=2)
    lines = sum(1 + len(one.symptoms) for one in audited.findings)
    assert findings_table(audited).row_count == lines
    assert "DG-1 bot trap: small has no bots" in left_out_text(audited)


def test_one_episode_is_refused():
    with pytest.raises(AuditError, match="episodes: expected 2 or more, found 1"):
        audit_policy(CENTER, rule("fastest"), rule("incumbent"), episodes=1)


def test_the_command_writes_what_it_found(capsys, tmp_path):
    out = tmp_path / "audit.json"
    status, said = printed(
        capsys, "audit", "policy=outreach_blind+cmu", "scenario=w6_outage", "episodes=6", f"out={out}"
    )
    assert status == 3 and "DG-10 proactive spam: the candidate sends messages" in said.out
    found = json.loads(out.read_text())
    assert found["found"] and found["policy"] == "outreach_blind+cmu" and found["episodes"] == 6
    spam = next(one for one in found["findings"] if one["id"] == "DG-10")
    assert spam["flagged"] and all(one["low"] > one["tolerance"] for one in spam["symptoms"])


def test_what_the_rules_forbid_is_no_cheat_of_a_policy_that_is_under_them(capsys, tmp_path):
    center = load_scenario("w6_outage")
    names = ", ".join(center.types.names)
    limits = "{messages_per_day: 1, messages_per_customer_week: 1, open_from_s: 0, open_to_s: 86400}"
    (tmp_path / "rules.yaml").write_text(f"intents: [{names}]\noutreach: {limits}\nmax_cap_slots: 8\n")
    file = approve(tmp_path / "rules.yaml", by="Ana Ruiz", previous="none")
    status, said = printed(
        capsys, "audit", "policy=outreach_blind+cmu", "scenario=w6_outage", "episodes=6", f"governance={file}"
    )
    assert status == 0 and "DG-10 proactive spam: the candidate" not in said.out


def test_the_command_passes_a_rule_that_only_does_its_work(capsys):
    status, said = printed(capsys, "audit", "policy=acd_longest_idle", "scenario=w6_outage", "episodes=3")
    assert status == 0 and "FOUND" not in said.out


@pytest.mark.parametrize(("shares", "status"), [([0.03, 0.06, 0.01, 0.05] * 4 + [0.3], 3), ([0.03, 0.05] * 8, 0)])
def test_a_contact_log_alone_tells_who_hangs_up(capsys, tmp_path, shares, status):
    log = tmp_path / "contacts.parquet"
    with log_writer(log) as append:
        contacts = log_of(shares, [500] * len(shares), np.random.default_rng(1))
        for name in set(SCHEMA.names) - set(contacts.column_names):
            contacts = contacts.append_column(name, pa.nulls(len(contacts), SCHEMA.field(name).type))
        append(contacts)
    out = tmp_path / "audit.json"
    found, said = printed(capsys, "audit", f"log={log}", f"out={out}")
    assert found == status and ("cut short by a16" in said.out) == (status == 3)
    assert len(json.loads(out.read_text())["agents"]) == len(shares)


@pytest.mark.parametrize("arguments", [[], ["policy=cmu"], ["scenario=bank"], ["log=x", "policy=cmu"]])
def test_anything_else_is_a_mistake(capsys, arguments):
    status, said = printed(capsys, "audit", *arguments)
    assert status == 2 and "expected policy=... and scenario=..., or log=... alone" in said.err
