from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from maitred.agents.rules import RULES, LongestIdle
from maitred.envs.decision import Choices, Decisions
from maitred.envs.kernel.layout import Activity, Term
from maitred.envs.objective import Objective
from maitred.envs.simulator import simulate
from maitred.training.evaluate import Evaluation, evaluate, from_json, policy_id, print_evaluation, to_json
from maitred.training.frozen import FrozenSet, freeze
from maitred.training.paired import paired_difference, pooled
from maitred.training.portrait import HALF_HOUR_S, portrait
from maitred.training.wording import difference_text, half_width_text, value_text, verdict

from .center import small_center


@dataclass(frozen=True)
class Twin:
    """The incumbent under another name."""

    name: str = "twin"

    def act(self, decisions: Decisions) -> Choices:
        return LongestIdle().act(decisions)


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> FrozenSet:
    out = tmp_path_factory.mktemp("sets") / "small"
    return freeze(small_center(), out, episodes=20, seed=3, purpose="tests", name="small")


@pytest.fixture(scope="module")
def evaluation(frozen: FrozenSet) -> Evaluation:
    policies = [RULES["random"], RULES["fastest"], Twin()]
    return evaluate(policies, frozen, Objective(), reference="random", progress=False, record=False)


@pytest.mark.parametrize("episodes", [5, 10, 40])
def test_paired_intervals_cover_the_truth_in_95_of_100(episodes: int) -> None:
    rng = np.random.default_rng(1)
    repetitions, shape = 6000, (episodes, 6000)
    busy = rng.gamma(4, 1 / 4, shape)  # what a day does to both policies: a factor of mean 1, cv 0.5
    contacts = rng.poisson(100 * busy, (2, *shape)) + 1.0
    handle = rng.gamma(contacts / 1.5, 1.5) * np.array([300.0, 280.0]).reshape(2, 1, 1) * busy**0.2
    truth = _limit(280.0, 101, 0.2) - _limit(300.0, 101, 0.2)
    reference, candidate = np.stack([handle, contacts], axis=-1)
    value, low, high = paired_difference(candidate, reference)
    covered = ((low <= truth) & (truth <= high)).mean()
    assert value.shape == (repetitions,)
    assert 0.93 < covered < 0.97


def _limit(mean_s: float, contacts: float, power: float) -> float:
    """E[handle] / E[contacts] of the test above, by numerical integration over the gamma factor."""
    busy = np.random.default_rng(2).gamma(4, 1 / 4, 4_000_000)
    return float(mean_s * ((100 * busy + 1) * busy**power).mean() / contacts)


def test_pairing_takes_out_what_the_day_did_to_both() -> None:
    rng = np.random.default_rng(4)
    day = rng.gamma(4, 1 / 4, 50)
    reference = np.stack([day * 1000, np.full(50, 10.0)], axis=-1)
    candidate = np.stack([day * 1000 - 50, np.full(50, 10.0)], axis=-1)
    value, low, high = paired_difference(candidate, reference)
    np.testing.assert_allclose([value, low, high], -5.0)


def test_a_ratio_of_nothing_is_nan() -> None:
    assert np.isnan(pooled(np.zeros((3, 2))))
    assert np.isnan(paired_difference(np.zeros((3, 2)), np.ones((3, 2))).low)


def test_a_policy_does_not_differ_from_itself(evaluation: Evaluation, frozen: FrozenSet) -> None:
    against_itself = evaluation.difference("random")
    assert all((bound == 0).all() for bound in against_itself)
    twins = evaluate([Twin()], frozen, Objective(), progress=False, record=False)
    assert twins.policies == ("incumbent", "twin")
    assert all((bound == 0).all() for bound in twins.difference("twin"))


def test_the_fastest_agent_is_better_than_a_random_one(evaluation: Evaluation) -> None:
    low, high = evaluation.difference("fastest")[1:]
    verdicts = {kpi: verdict(kpi, low[q], high[q]) for q, kpi in enumerate(evaluation.kpis)}
    assert {verdicts[kpi] for kpi in ("aht_s", "asa_s", "service_level", "abandonment", "csat", "reward")} == {"better"}


def test_looks_are_recorded_for_every_policy(frozen: FrozenSet) -> None:
    before = len(frozen.looks.read())
    evaluation = evaluate([RULES["cmu"], Twin()], frozen, Objective(), progress=False)
    looks = frozen.looks.read()[before:]
    identities = [("incumbent", "rule:incumbent"), ("cmu", "rule:cmu"), ("twin", "unexported:twin")]
    assert [(look.policy, look.policy_id) for look in looks] == identities
    assert (evaluation.looks, evaluation.last_look_sha256) == (before + 3, looks[-1].sha256)
    assert looks[0].kpis_sha256 == looks[2].kpis_sha256 != looks[1].kpis_sha256


def test_a_rule_in_name_only_is_not_identified_as_the_rule() -> None:
    assert policy_id(Twin("incumbent")) == "unexported:incumbent"


def test_names_and_reference_are_checked(frozen: FrozenSet) -> None:
    with pytest.raises(ValueError, match="distinct names, found twin, twin"):
        evaluate([Twin(), Twin()], frozen, Objective())
    with pytest.raises(ValueError, match=r"reference: expected one of twin, .*found champion"):
        evaluate([Twin()], frozen, Objective(), reference="champion")


def test_json_restores_the_evaluation(evaluation: Evaluation) -> None:
    text = to_json(evaluation)
    restored = from_json(text)
    assert to_json(restored) == text
    np.testing.assert_array_equal(restored.ratios, evaluation.ratios)
    np.testing.assert_array_equal(restored.portraits[1].answered, evaluation.portraits[1].answered)
    for damaged in ("[]", "{}", "x", text.replace('"frozen"', '"thawed"')):
        with pytest.raises(ValueError, match="expected an evaluation as JSON"):
            from_json(damaged)


def test_an_evaluation_from_when_the_ledger_had_fewer_terms_is_refused(evaluation: Evaluation) -> None:
    earlier = to_json(replace(evaluation, booked=evaluation.booked[..., :-1]))
    with pytest.raises(ValueError, match=f"booked: expected {len(Term)} terms, found {len(Term) - 1}"):
        from_json(earlier)


def test_the_table_shows_values_differences_and_marks(evaluation: Evaluation) -> None:
    page = StringIO()
    print_evaluation(evaluation, Console(file=page, width=160))
    q = evaluation.kpis.index("aht_s")
    value, low, high = (float(bound[q]) for bound in evaluation.difference("fastest"))
    assert value_text("aht_s", evaluation.values[0, q]) in page.getvalue()
    assert half_width_text("aht_s", value, low, high) + " ✓" in page.getvalue()
    narrow = StringIO()
    print_evaluation(evaluation, Console(file=narrow, width=80))
    assert max(map(len, narrow.getvalue().splitlines())) <= 80 and "…" not in narrow.getvalue()


def test_words_follow_the_direction_and_the_unit() -> None:
    assert value_text("abandonment", 0.0425) == "4.2 %"
    assert value_text("aht_s", float("nan")) == "–"
    assert difference_text("abandonment", -0.01, -0.02, 0.0) == "−1.0 [−2.0,\u00a0+0.0]\u00a0pp"
    assert difference_text("aht_s", 0.0, 0.0, 0.0) == "identical"
    assert half_width_text("abandonment", -0.01, -0.02, 0.0) == "−1.0 ±1.0"
    assert [verdict("aht_s", *bounds) for bounds in ((-2, -1), (1, 2), (-1, 1))] == ["better", "worse", "unclear"]
    assert verdict("csat", 0.1, 0.2) == "better"
    assert verdict("csat", float("nan"), float("nan")) == "unclear"


def test_a_portrait_adds_up_to_the_ledger(frozen: FrozenSet) -> None:
    traces = frozen.traces()[:4]
    ledgers = simulate(frozen.scenario, traces, RULES["random"])
    drawn = portrait(ledgers, traces, frozen.scenario)
    accounts = sum(ledger.accounts for ledger in ledgers)
    contacts = np.concatenate([ledger.contacts for ledger in ledgers])
    busy_s = accounts[:, [Activity.WORK, Activity.WRAP_UP]].sum()
    left = np.where(np.isnan(contacts["answer_s"]), contacts["end_s"], contacts["answer_s"])
    assert drawn.days == 4
    assert drawn.arrivals.sum() == len(contacts)
    assert drawn.answered.sum() == (contacts["agent"] >= 0).sum()
    np.testing.assert_allclose(drawn.busy.sum() * HALF_HOUR_S, busy_s)
    np.testing.assert_allclose(drawn.waiting.sum() * HALF_HOUR_S, (left - contacts["arrival_s"]).sum())
    np.testing.assert_allclose(drawn.on_duty.sum() * HALF_HOUR_S, 4 * 6 * 8 * 3600)


def test_evaluations_are_reproducible(evaluation: Evaluation, frozen: FrozenSet) -> None:
    again = evaluate([RULES["random"]], frozen, Objective(), reference="random", progress=False, record=False)
    np.testing.assert_array_equal(again.ratios[0], evaluation.ratios[0])


def test_unrecorded_evaluations_leave_no_trace(
    frozen: FrozenSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    before = frozen.looks.read()
    evaluate([Twin()], frozen, Objective(), progress=False, record=False)
    assert list(tmp_path.iterdir()) == [] and frozen.looks.read() == before
