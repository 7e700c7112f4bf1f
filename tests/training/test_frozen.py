from datetime import date
from pathlib import Path

import numpy as np
import pytest

from maitred.envs.scenario_file import scenario_hash
from maitred.envs.trace import pack_traces
from maitred.envs.traffic import draw_trace
from maitred.training.frozen import (
    FROZEN_BRANCH,
    FrozenSet,
    FrozenSetError,
    OverlapError,
    check_disjoint,
    find_frozen,
    freeze,
    load_frozen,
)

from .center import small_center

DAYS = ("1999-03-01", "1999-03-02")


@pytest.fixture
def frozen(tmp_path: Path) -> FrozenSet:
    days = (date(1999, 3, 2), "1999-03-01")
    return freeze(
        small_center(),
        tmp_path / "frozen" / "march",
        episodes=3,
        seed=7,
        purpose="gate of every release",
        name="march",
        log_days=days,
    )


def look(frozen: FrozenSet, policy: str) -> None:
    frozen.looks.record(policy=policy, policy_id=f"rule:{policy}", command="evaluate", kpis_sha256="0" * 64)


def flip(path: Path, place: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)


def test_a_set_holds_what_was_frozen(frozen: FrozenSet) -> None:
    assert (frozen.name, frozen.seed, frozen.episodes) == ("march", 7, 3)
    assert frozen.log_days == DAYS
    assert frozen.scenario_sha256 == scenario_hash(frozen.scenario) == scenario_hash(small_center())
    assert load_frozen(frozen.path).sha256 == frozen.sha256


def test_traces_come_from_the_frozen_branch_of_the_seed(frozen: FrozenSet) -> None:
    drawn = [
        draw_trace(small_center(), np.random.SeedSequence(entropy=7, spawn_key=(FROZEN_BRANCH, i))) for i in range(3)
    ]
    expected, found = pack_traces(drawn), pack_traces(frozen.traces())
    for name, array in expected.items():
        np.testing.assert_array_equal(array, found[name])


def test_a_set_is_never_overwritten(frozen: FrozenSet) -> None:
    before = frozen.sha256
    with pytest.raises(FrozenSetError, match="never overwritten"):
        freeze(small_center(), frozen.path, episodes=2, seed=8, purpose="other", name="other")
    assert load_frozen(frozen.path).sha256 == before


def test_a_failed_freeze_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(FrozenSetError, match="YYYY-MM-DD"):
        freeze(small_center(), tmp_path / "x", episodes=2, seed=1, purpose="p", name="n", log_days=["March"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [{"episodes": 1}, {"seed": -1}, {"name": ""}, {"purpose": ""}])
def test_arguments_that_cannot_be_used_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    arguments = {"episodes": 2, "seed": 1, "purpose": "p", "name": "n", **wrong}
    with pytest.raises(FrozenSetError, match="at least 2 episodes"):
        freeze(small_center(), tmp_path / "x", **arguments)


def test_a_flipped_bit_in_any_file_is_found_and_the_file_named(frozen: FrozenSet) -> None:
    look(frozen, "random")
    files = [path for path in frozen.path.rglob("*") if path.is_file()]
    assert len(files) == 9
    for path in files:
        size = path.stat().st_size
        for place in {0, size // 3, size // 2, size - 1}:
            flip(path, place)
            with pytest.raises(FrozenSetError, match=path.name):
                load_frozen(frozen.path)
            flip(path, place)
    load_frozen(frozen.path)


def test_missing_and_added_files_are_named(frozen: FrozenSet) -> None:
    (frozen.path / "notes.txt").write_text("seen")
    with pytest.raises(FrozenSetError, match=r"notes\.txt: not part of the set"):
        load_frozen(frozen.path)
    (frozen.path / "notes.txt").unlink()
    (frozen.path / "traces.npz").unlink()
    with pytest.raises(FrozenSetError, match=r"traces\.npz: missing"):
        load_frozen(frozen.path)


@pytest.mark.parametrize("manifest", ["[]", "3", "{}", "not json", '{"sha256": 1}'])
def test_a_manifest_that_is_none_is_refused(frozen: FrozenSet, manifest: str) -> None:
    (frozen.path / "manifest.json").write_text(manifest)
    with pytest.raises(FrozenSetError, match=r"manifest\.json"):
        load_frozen(frozen.path)


def test_looks_are_counted_and_chained(frozen: FrozenSet) -> None:
    for policy in ("random", "fastest", "cmu"):
        look(frozen, policy)
    looks = load_frozen(frozen.path).looks.read()
    assert [(x.number, x.policy) for x in looks] == [(1, "random"), (2, "fastest"), (3, "cmu")]
    assert [x.previous for x in looks] == [frozen.sha256, looks[0].sha256, looks[1].sha256]


@pytest.mark.parametrize(
    ("tamper", "line"),
    [
        (lambda lines: [lines[0], lines[1].replace(b"fastest", b"slowest"), lines[2]], 2),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: [lines[1], lines[0], lines[2]], 1),
        (lambda lines: lines[1:], 1),
        (lambda lines: [*lines, lines[2]], 4),
        (lambda lines: [*lines[:2], lines[2].rstrip()], 3),
        (lambda lines: [*lines, b"\n"], 4),
    ],
)
def test_a_tampered_ledger_shows_and_takes_no_more_looks(frozen: FrozenSet, tamper, line: int) -> None:
    for policy in ("random", "fastest", "cmu"):
        look(frozen, policy)
    ledger = frozen.path / "ledger.jsonl"
    ledger.write_bytes(b"".join(tamper(ledger.read_bytes().splitlines(keepends=True))))
    before = ledger.read_bytes()
    with pytest.raises(FrozenSetError, match=f"line {line} was changed"):
        load_frozen(frozen.path)
    with pytest.raises(FrozenSetError, match=f"line {line} was changed"):
        look(frozen, "random")
    assert ledger.read_bytes() == before


def test_a_ledger_of_another_set_is_refused(frozen: FrozenSet, tmp_path: Path) -> None:
    other = freeze(small_center(), tmp_path / "other", episodes=2, seed=9, purpose="p", name="other")
    look(other, "random")
    (frozen.path / "ledger.jsonl").write_bytes((other.path / "ledger.jsonl").read_bytes())
    with pytest.raises(FrozenSetError, match="line 1"):
        load_frozen(frozen.path)


def test_overlap_of_seeds_is_named(frozen: FrozenSet) -> None:
    with pytest.raises(OverlapError, match=r"'march' .*from seed 7"):
        check_disjoint([frozen], seed_entropy=7, scenario_hash=frozen.scenario_sha256)
    check_disjoint([frozen], seed_entropy=8, scenario_hash=frozen.scenario_sha256)
    check_disjoint([frozen], seed_entropy=7, scenario_hash=scenario_hash(small_center(load=0.5)))
    check_disjoint([frozen])


def test_overlap_of_log_days_is_named(frozen: FrozenSet) -> None:
    with pytest.raises(OverlapError, match=r"'march' .*1 day\(s\) of the log, 1999-03-02 to 1999-03-02"):
        check_disjoint([frozen], log_days=[date(1999, 3, 2), "1999-03-03"])
    check_disjoint([frozen], log_days=["1999-02-28", "1999-03-03"])


def test_sets_are_found_and_a_damaged_one_is_not_passed_over(frozen: FrozenSet, tmp_path: Path) -> None:
    root = tmp_path / "frozen"
    assert find_frozen(tmp_path / "nowhere") == []
    freeze(small_center(), root / "april", episodes=2, seed=9, purpose="p", name="april")
    assert [x.name for x in find_frozen(root)] == ["april", "march"]
    flip(root / "april" / "traces.npz", 100)
    with pytest.raises(FrozenSetError, match=r"april/traces\.npz: changed"):
        find_frozen(root)
