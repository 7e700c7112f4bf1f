import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from maitred.agents.rules import RULES, FastestServer
from maitred.envs.decision import Choices, Decisions
from maitred.envs.objective import Objective
from maitred.training.curve import Curve, CurveRecorder
from maitred.training.evaluate import Evaluation, evaluate
from maitred.training.frozen import FrozenSet, freeze
from maitred.training.report import write_report

from .center import small_center

MALICIOUS = '"><script src="https://evil.example/x.js">alert(1)</script>$\\frac{1$'


@dataclass(frozen=True)
class Named:
    name: str

    def act(self, decisions: Decisions) -> Choices:
        return FastestServer().act(decisions)


class Page(HTMLParser):
    """The tags, the links and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for key, value in attrs if key in ("src", "href", "srcset", "action", "data")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> FrozenSet:
    out = tmp_path_factory.mktemp("sets") / "small"
    return freeze(small_center(), out, episodes=4, seed=3, purpose="tests", name="small")


@pytest.fixture(scope="module")
def evaluation(frozen: FrozenSet) -> Evaluation:
    return evaluate([RULES["random"], Named(MALICIOUS)], frozen, Objective(), progress=False)


@pytest.fixture(scope="module")
def curve() -> Curve:
    n = np.arange(1, 21.0)
    return Curve(
        steps=n * 1000,
        wall_s=n * 2,
        reward=-1 / n,
        loss=1 / n,
        checkpoint_steps=n[::5] * 1000,
        checkpoint_wall_s=n[::5] * 2,
        checkpoint_difference=-0.9 / n[::5],
    )


@pytest.fixture(scope="module")
def html(evaluation: Evaluation, frozen: FrozenSet, curve: Curve, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "deep" / "report.html"
    provenance = {"config": {"seed": 11, "policy": {"width": 32}}, "note": "<b>bold</b>"}
    write_report(path, evaluation, curve, provenance, frozen=frozen, candidate=MALICIOUS)
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
    return path.read_text(encoding="utf-8")


def test_nothing_comes_from_outside(html: str) -> None:
    page = Page(html)
    assert page.references and all(x.startswith("data:image/png;base64,") for x in page.references)
    assert len(page.references) == 5
    assert not {"script", "link", "iframe", "object", "embed", "form"} & set(page.tags)
    without_name = html.replace("https://evil.example/x.js", "")
    assert not re.search(r"https?:|url\(|@import", without_name)


def test_names_and_provenance_are_escaped(html: str) -> None:
    assert "<script" not in html and "<b>bold</b>" not in html
    page = Page(html)
    assert MALICIOUS in page.text and "<b>bold</b>" in page.text


def test_figures_are_those_of_the_evaluation(html: str, evaluation: Evaluation, frozen: FrozenSet) -> None:
    text = Page(html).text
    q = evaluation.kpis.index("aht_s")
    for p in range(len(evaluation.policies)):
        assert f"{evaluation.values[p, q]:,.1f} s" in text
    for expected in (frozen.sha256, frozen.scenario_sha256, "config.policy.width", "3 looks taken", "4 frozen days"):
        assert expected in text


def test_a_report_without_training_has_no_curve(evaluation: Evaluation, frozen: FrozenSet, tmp_path: Path) -> None:
    write_report(tmp_path / "r.html", evaluation, None, {}, frozen=frozen, candidate="random")
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert len(Page(html).references) == 4 and "How it learned" not in html


def test_candidate_and_set_are_checked(evaluation: Evaluation, frozen: FrozenSet, tmp_path: Path) -> None:
    for candidate in ("nobody", "incumbent"):
        with pytest.raises(ValueError, match=f"candidate: expected one of random, .*found {candidate}"):
            write_report(tmp_path / "r.html", evaluation, None, {}, frozen=frozen, candidate=candidate)
    other = freeze(small_center(), tmp_path / "other", episodes=2, seed=4, purpose="p", name="other")
    with pytest.raises(ValueError, match="expected the set 'small' of the evaluation, found 'other'"):
        write_report(tmp_path / "r.html", evaluation, None, {}, frozen=other, candidate="random")


def test_a_recorder_keeps_the_curve_from_what_is_logged() -> None:
    recorder = CurveRecorder()
    recorder({"rollout/reward_per_decision": 1.0}, 10)
    recorder({"rollout/reward_per_decision": 2.0, "train/loss": 0.5, "validation/reward_difference": 0.1}, 20)
    recorder({"validation/reward_difference": 0.2, "time/fps": 9.0}, 25)
    curve = recorder.curve()
    np.testing.assert_array_equal(curve.steps, [10, 20])
    np.testing.assert_array_equal(curve.reward, [1, 2])
    np.testing.assert_array_equal(curve.loss, [np.nan, 0.5])
    np.testing.assert_array_equal(curve.checkpoint_steps, [20, 25])
    np.testing.assert_array_equal(curve.checkpoint_difference, [0.1, 0.2])
    assert (np.diff(curve.wall_s) >= 0).all()


def test_a_curve_of_unequal_lengths_is_refused(curve: Curve) -> None:
    with pytest.raises(ValueError, match="vectors of one length"):
        Curve(**{**{name: getattr(curve, name) for name in Curve.__slots__}, "loss": np.zeros(3)})
