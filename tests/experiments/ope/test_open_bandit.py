"""The study of the open bandit logs, on logs made here: every estimate is held against the other log's own mean."""

import gzip
import json

import numpy as np
import pytest

from experiments.ope import open_bandit
from experiments.ope.open_bandit_log import COLUMNS, ITEMS, POSITIONS

LIKED = 3  # the item that is clicked most, and that bts has learned to show
CHANCE = {"random": np.full(ITEMS, 1 / ITEMS), "bts": np.where(np.arange(ITEMS) == LIKED, 0.4, 0.6 / (ITEMS - 1))}
CLICKED = np.where(np.arange(ITEMS) == LIKED, 0.5, 0.05)
ROWS = 6_000


def write_log(folder, policy, rng):
    item = rng.choice(ITEMS, ROWS, p=CHANCE[policy])
    click = rng.random(ROWS) < CLICKED[item]
    day = np.sort(rng.integers(1, 4, ROWS))
    rows = zip(day, item, rng.integers(1, POSITIONS + 1, ROWS), click, CHANCE[policy][item], strict=True)
    lines = [f"2019-11-0{d} 00:00:00,{i},{p},{int(c)},{chance}" for d, i, p, c, chance in rows]
    (folder / "open_bandit").mkdir(exist_ok=True)
    with gzip.open(folder / "open_bandit" / f"{policy}_men.csv.gz", "wt") as file:
        file.write("\n".join([",".join(COLUMNS), *lines]) + "\n")
    return click.mean()


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(4)
    own = {policy: write_log(folder, policy, rng) for policy in CHANCE}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAITRED_DATA", str(folder))
        assert open_bandit.main(["--json", str(folder / "figures.json")]) == 0
    return own, {figure["name"]: figure for figure in json.loads((folder / "figures.json").read_text())}


@pytest.mark.parametrize("policy", CHANCE)
def test_every_figure_stands_beside_the_click_rate_of_the_policys_own_log(found, policy):
    own, figures = found
    assert figures[f"{policy}: own log, {ROWS} shown"]["value"] == own[policy]
    theirs = [figure for name, figure in figures.items() if name.startswith(policy)]
    assert len(theirs) >= 7 and {figure["reference"] for figure in theirs} == {own[policy]}


def test_weights_make_up_for_what_the_other_policy_showed(found):
    own, figures = found
    assert own["bts"] > 2.5 * own["random"]
    for policy, rate in own.items():
        for method in ("IPS, normal", "SNIPS, normal", "DR, normal", "default answer"):
            assert figures[f"{policy}: {method}"]["value"] == pytest.approx(rate, rel=0.2)


def test_without_the_logs_it_says_where_they_are_expected(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MAITRED_DATA", str(tmp_path))
    with pytest.raises(SystemExit, match="2"):
        open_bandit.main([])
    assert "random_men.csv.gz: expected a log with timestamp" in capsys.readouterr().err
