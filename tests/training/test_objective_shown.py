"""What the reward is made of, and the bounds, as people see them."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from maitred.agents.rules import RULES
from maitred.envs.kernel.layout import Term
from maitred.envs.objective import Objective
from maitred.training.evaluate import Evaluation, evaluate, print_evaluation
from maitred.training.frozen import FrozenSet, freeze
from maitred.training.report import write_report
from maitred.training.wording import bound_text, slack_text, value_text

from .center import small_center

OBJECTIVE = Objective(
    resolved=1.0, transferred=3.0, waited_per_min=0.1, occupancy_at_most=0.2, abandonment_at_most=0.99
)


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> FrozenSet:
    out = tmp_path_factory.mktemp("sets") / "small"
    return freeze(replace(small_center(), days=2), out, episodes=3, seed=3, purpose="tests", name="small")


@pytest.fixture(scope="module")
def evaluation(frozen: FrozenSet) -> Evaluation:
    return evaluate([RULES["random"]], frozen, OBJECTIVE, progress=False, record=False)


def test_terms_add_up_to_the_reward(evaluation: Evaluation) -> None:
    reward = evaluation.ratios[:, :, evaluation.kpis.index("reward")]
    np.testing.assert_allclose(evaluation.worth[..., 0].sum(axis=-1), reward[..., 0])
    np.testing.assert_array_equal(evaluation.worth[..., 1], np.repeat(reward[..., 1:], len(Term), axis=-1))
    assert evaluation.terms == (Term.COST, Term.FOCUS_S, Term.CSAT, Term.ABANDONED, Term.RESOLVED, Term.WAITED_S)
    q = evaluation.kpis.index("reward")
    np.testing.assert_allclose(
        evaluation.worth_difference("random").value.sum(), evaluation.difference("random").value[q]
    )


def test_only_kpis_of_the_scenario_are_judged(evaluation: Evaluation) -> None:
    assert {"aht_s", "fcr", "reward"} <= set(evaluation.kpis) and "containment" not in evaluation.kpis
    assert set(evaluation.headlines.kpis) < set(evaluation.kpis)
    assert evaluation.headlines.ratios.shape == (2, 3, len(evaluation.headlines.kpis), 2)


def test_a_warm_up_counts_later_contacts_only(evaluation: Evaluation, frozen: FrozenSet) -> None:
    later = evaluate([RULES["random"]], frozen, OBJECTIVE, warmup_days=1, progress=False, record=False)
    q, occupancy = later.kpis.index("abandonment"), later.kpis.index("occupancy")
    assert (later.ratios[:, :, q, 1] < evaluation.ratios[:, :, q, 1]).all()
    np.testing.assert_array_equal(later.ratios[:, :, occupancy], evaluation.ratios[:, :, occupancy])
    with pytest.raises(ValueError, match="warmup_days: expected 0 to 1, found 2"):
        evaluate([], frozen, OBJECTIVE, warmup_days=2)


def test_the_terminal_and_the_page_show_terms_and_bounds(
    evaluation: Evaluation, frozen: FrozenSet, tmp_path: Path
) -> None:
    shown = StringIO()
    print_evaluation(evaluation, Console(file=shown, width=160))
    write_report(tmp_path / "r.html", evaluation, None, {}, frozen=frozen, candidate="random")
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    random = evaluation.policies.index("random")
    for term in evaluation.terms:
        numerator, denominator = evaluation.worth[random, :, term].sum(axis=0)
        value = value_text("reward", numerator / denominator)
        assert value in shown.getvalue() and value in html
    for bound, mark in zip(evaluation.bounds, "✗✓", strict=True):
        value = float(evaluation.values[random, evaluation.kpis.index(bound.kpi.name)])
        for text in (bound_text(bound), slack_text(bound, value)):
            assert text in shown.getvalue() and text in html
        assert slack_text(bound, value).endswith(mark)
    assert "Transfers" not in html  # a weight alone is no contribution
