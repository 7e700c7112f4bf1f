"""Tolerances are what a file says, and a file that cannot be used says why."""

from pathlib import Path

import pytest

from maitred.training.gate.settings import GUARDS, Settings, SettingsError, Tolerance, load_settings


def loaded(folder: Path, text: str) -> Settings:
    (folder / "gate.yaml").write_text(text)
    return load_settings(folder / "gate.yaml")


def test_what_a_file_does_not_say_stays_as_it_is(tmp_path: Path) -> None:
    assert loaded(tmp_path, "") == Settings()
    found = loaded(tmp_path, "margin: 0.1\nplanned: 40000\nguards: {csat: 0.02, aht_s: 7.5%, fcr: off, nps: 0.05}\n")
    assert (found.margin, found.planned, found.alpha) == (0.1, 40_000, 0.05)
    changed = {"csat": Tolerance(0.02), "aht_s": Tolerance(share=0.075), "nps": Tolerance(0.05)}
    assert found.guards == {name: t for name, t in GUARDS.items() if name != "fcr"} | changed


def test_tolerances_are_absolute_or_a_share_of_the_champions_value() -> None:
    assert Tolerance(0.02).of(50.0) == 0.02
    assert Tolerance(share=0.1).of(-50.0) == 5.0
    assert [str(t) for t in (Tolerance(0.02), Tolerance(share=0.1))] == ["0.02", "10%"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("margins: 1", "margins: expected one of alpha"),
        ("alpha: 0.7", "alpha: expected a probability above 0 and below 0.5, found 0.7"),
        ("alpha: much", "alpha: expected a number, found 'much'"),
        ("margin: -1", "margin: expected a finite number, 0 or more, found -1"),
        ("margin: .inf", "margin: expected a finite number, 0 or more, found inf"),
        ("objective: {smiles: 3}", "objective: expected weights by name, of cost"),
        ("looks: 2.5", "looks: expected a whole number, found 2.5"),
        ("looks: true", "looks: expected a whole number, found True"),
        ("relabelled: 10", "relabelled: expected 1000 or more, found 10"),
        ("guards: 3", "guards: expected a mapping of KPIs to tolerances, found 3"),
        ("guards: {mood: 1}", "guards.mood: expected the name of a KPI"),
        ("guards: {csat: -1}", "guards.csat: expected a number of 0 or more, a share such as 5%, or off, found -1"),
        ("guards: {csat: some%}", "guards.csat: expected"),
        ("guards: {csat: true}", "guards.csat: expected"),
        ("objective: cheap", "objective: expected weights by name"),
        ("- 1", "expected a mapping of settings, found list"),
        ("a: [", "expected a readable YAML file"),
        ("!!python/object/apply:os.getcwd []", "expected a readable YAML file"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        loaded(tmp_path, text)
    assert str(refused.value).startswith("gate.yaml: ") and message in str(refused.value)
