"""A version of the rules: a name, the hash of the one before, its own hash, and never a silent change."""

import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from maitred.cli import main
from maitred.serving.governance import GovernanceError
from maitred.training.governance.approve import approve
from maitred.training.governance.diff import differences
from maitred.training.governance.files import load_draft, load_governance
from tests.rules import DRAFT, changed, rules


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return approve(draft(tmp_path / "rules.yaml"), by="Ana Ruiz", previous="none")


def draft(path: Path, **fields: Any) -> Path:
    path.write_text(yaml.safe_dump(changed(**fields)))
    return path


def edited(path: Path, old: str, new: str) -> Path:
    """A copy of an approved file with another rule."""
    copy = path.with_name("rules.yaml")
    text = path.read_text()
    assert text.count(old) == 1
    copy.write_text(text.replace(old, new))
    return copy


def test_the_first_version_says_who_approved_it(first: Path) -> None:
    governance = load_governance(first)
    assert governance == rules() and governance.approval is not None
    assert first.name == "rules.v1.yaml" and governance.approval.previous == "none"
    assert yaml.safe_load(first.read_text())["sha256"] == governance.sha256
    assert stat.S_IMODE(os.stat(first).st_mode) == 0o444


def test_the_next_version_carries_the_hash_of_the_one_before(first: Path) -> None:
    second = approve(edited(first, "max_cap_slots: 6.0", "max_cap_slots: 4.0"), by=" Bo Lind ", previous=str(first))
    governance = load_governance(second)
    assert second.name == "rules.v2.yaml" and governance.max_cap_slots == 4 and governance.approval is not None
    assert (governance.approval.version, governance.approval.approver) == (2, "Bo Lind")
    assert governance.approval.previous == load_governance(first).sha256 != governance.sha256


def test_a_change_without_an_approval_is_refused(first: Path) -> None:
    with pytest.raises(GovernanceError, match=r"rules\.yaml: sha256: expected .* a change needs an approval"):
        load_governance(edited(first, "max_cap_slots: 6.0", "max_cap_slots: 9.0"))
    with pytest.raises(GovernanceError, match="sha256"):
        load_governance(edited(first, "Ana Ruiz", "Someone Else"))
    with pytest.raises(GovernanceError, match="approver: expected an approval"):
        load_governance(draft(first.with_name("new.yaml")))


def test_what_did_not_change_is_not_approved_again(first: Path) -> None:
    same = Path(shutil.copyfile(first, first.with_name("rules.yaml")))
    with pytest.raises(GovernanceError, match="expected a rule that differs"):
        approve(same, by="Ana Ruiz", previous=str(first))


def test_the_previous_version_must_be_named_and_be_the_one_it_was_made_of(first: Path, tmp_path: Path) -> None:
    change = edited(first, "max_cap_slots: 6.0", "max_cap_slots: 4.0")
    with pytest.raises(GovernanceError, match=r"previous: expected the file of the version it was made of"):
        approve(change, by="Ana Ruiz", previous="none")
    other = approve(draft(tmp_path / "other.yaml", must_human=[]), by="Ana Ruiz", previous="none")
    with pytest.raises(GovernanceError, match=r"previous: expected the file of the version it was made of"):
        approve(change, by="Ana Ruiz", previous=str(other))
    with pytest.raises(GovernanceError, match="approver"):
        approve(change, by="Ana Ruiz", previous=str(draft(tmp_path / "draft.yaml")))


def test_nobody_approves_anonymously_or_twice(first: Path) -> None:
    change = edited(first, "max_cap_slots: 6.0", "max_cap_slots: 4.0")
    with pytest.raises(GovernanceError, match="approver: expected the name"):
        approve(change, by="  ", previous=str(first))
    approve(change, by="Ana Ruiz", previous=str(first))
    with pytest.raises(GovernanceError, match=r"rules\.v2\.yaml: file: expected a version that is not there yet"):
        approve(change, by="Ana Ruiz", previous=str(first))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("intents: [a]\nmust_human: [a]\nmust_human: []\n", "must_human: expected to be stated once"),
        ("intents: [a\n", "file: expected a readable YAML file"),
        ("- a\n", "file: expected a mapping"),
        ("intents: [a]\nfairness: {joy_at_least: 1}\n", r"fairness.joy_at_least: expected the name of a KPI"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "rules.yaml").write_text(text)
    with pytest.raises(GovernanceError, match=message):
        load_draft(tmp_path / "rules.yaml")
    with pytest.raises(GovernanceError, match="file: expected a readable YAML file"):
        load_draft(tmp_path / "nowhere.yaml")


def test_differences_are_said_in_words() -> None:
    after = rules(
        must_human=["billing", "complaints"],
        two_person=[],
        max_cap_slots=4,
        agent_caps={"veteran": 8},
        must_escalate=[{"feature": "turns", "at_least": 30}],
        may_escalate=None,
        outreach={**DRAFT["outreach"], "messages_per_day": 900},
        version=7,
    )
    assert {f"{rule}: {change}" for rule, change in differences(rules(), after)} == {
        "must_human: added billing",
        "two_person: removed refunds",
        "max_cap_slots: lowered from 6 to 4",
        "agent_caps.novice: removed, was 2",
        "agent_caps.veteran: added: 8",
        "must_escalate: removed sentiment at most -0.7 for every intent",
        "may_escalate: complexity at least 0.6 for billing, tariffs before, at any time now",
        "outreach.messages_per_day: raised from 500 to 900",
    }
    assert differences(after, after) == []


def test_the_commands(first: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change = edited(first, "max_cap_slots: 6.0", "max_cap_slots: 4.0")
    assert main(["governance", "check", f"file={first}"]) == 0
    assert "version 1 by Ana Ruiz" in capsys.readouterr().out
    assert main(["governance", "diff", f"old={first}", f"new={change}"]) == 0
    assert "lowered from 6 to 4" in capsys.readouterr().out
    assert main(["governance", "check", f"file={change}"]) == 2
    assert "a change needs an approval" in capsys.readouterr().err
    assert main(["governance", "approve", f"file={change}", "by=Ana Ruiz"]) == 2
    assert "previous=... is missing" in capsys.readouterr().err
    assert main(["governance", "approve", f"file={change}", "by=Ana Ruiz", f"previous={first}"]) == 0
    assert "pass the gate again" in capsys.readouterr().out


def test_the_example_of_the_page_is_a_governance_file(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "governance.md").read_text()
    (tmp_path / "governance.yaml").write_text(page.partition("```yaml\n")[2].partition("```")[0])
    governance, _ = load_draft(tmp_path / "governance.yaml")
    assert governance.must_human == ("complaints",) and governance.cap_of("novice-7") == 2
