"""A long study goes on where it was cut off, and makes again what would now come out otherwise."""

import json

from experiments.parts import finished, part


def test_a_part_is_made_again_only_if_its_settings_changed(tmp_path):
    made = []

    def make():
        made.append(1)
        return {"value": len(made)}

    assert part(tmp_path, "a", {"seed": 1}, make)["value"] == 1
    assert part(tmp_path, "a", {"seed": 1}, make)["value"] == 1
    assert part(tmp_path, "a", {"seed": 2}, make)["value"] == 2
    assert json.loads((tmp_path / "a.json").read_text())["settings"] == {"seed": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_part_of_another_commit_is_used_and_said_to_be_one(tmp_path, capsys, monkeypatch):
    for now, said in (("a1", ""), ("a1", ""), ("b2", "made at commit a1")):
        monkeypatch.setattr("experiments.parts._commit", lambda now=now: now)
        assert part(tmp_path, "a", {"seed": 1}, lambda: {"value": 3}) == {"value": 3}
        printed = capsys.readouterr().err
        assert said in printed and bool(said) == bool(printed)


def test_what_is_not_finished_is_not_there(tmp_path):
    assert finished(tmp_path, "a", {"seed": 1}) is None
    part(tmp_path, "a", {"seed": 1}, lambda: {"value": 3})
    assert finished(tmp_path, "a", {"seed": 1}) == {"value": 3}
    assert finished(tmp_path, "a", {"seed": 2}) is None
