"""Quadrants: what is counted of a day, how policies are named, and that everything is told and drawn."""

import numpy as np
import pytest

from experiments.judging import frozen_days
from experiments.quadrants.days import ACTIONS, MEASURES, Played, measures, play
from experiments.quadrants.picture import COLOURS, PRESCRIBED, draw_quadrants
from experiments.quadrants.table import difference, figures, main, named_policy, overlap, print_quadrants
from maitred.agents.rules import RULES, UnknownRuleError
from maitred.envs.decision import Action
from maitred.envs.kernel.layout import CONTACT, TALK, Outcome
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import Ledger
from maitred.training.day_record import DayRecord, Instant
from maitred.training.paired import pooled

OMNI = load_scenario("omni")
SIMPLE, COMPLEX = 0, 2  # complexities of omni


def value(ratios, quadrant, measure):
    numerator, denominator = ratios[quadrant, MEASURES.index(measure)]
    return numerator / denominator


def record():
    """Two complex and urgent conversations of an agent who holds 2 and 1; three answers about such, one simple."""
    talks = np.array([[0, 0.9, 0.9, 2], [1, 0.8, 0.7, 1]])
    nobody = np.zeros(1, np.int64)
    seen = Instant(nobody, nobody, nobody, np.zeros(1), 0, 0, talks)
    answered = [(Action.ASSIGN, 0.9, 0.9), (Action.ASSIGN, 0.6, 0.5), (Action.LIVE, 0.7, 0.8), (Action.BOT, 0.1, 0.1)]
    return DayRecord((seen,), np.array(answered, np.float64))


ACTIVE = np.array([1, np.nan])  # the second customer has been silent for long


def ledger():
    """A simple and routine contact answered after 30 s, another after 50 s, and a complex and urgent one who left."""
    contacts, talks = np.zeros(3, CONTACT), np.zeros(3, TALK)
    contacts["arrival_s"], contacts["answer_s"] = 100.0, (130.0, 150.0, np.nan)
    contacts["outcome"] = Outcome.SERVED, Outcome.SERVED, Outcome.ABANDONED
    talks["started_complexity"], talks["urgent"] = (SIMPLE, SIMPLE, COMPLEX), (0, 0, 1)
    none = np.zeros(0)
    return Ledger(contacts, none, none, none, talks, none, none, none, none, 0, OMNI.horizon_s)


def test_actions_and_concurrency_are_counted_by_belief_and_outcomes_by_truth():
    found = measures(record(), ACTIVE, ledger(), OMNI)
    assert found.shape == (4, len(MEASURES), 2)
    assert (value(found, 3, "assign"), value(found, 3, "live")) == pytest.approx((2 / 3, 1 / 3))
    assert value(found, 0, "bot") == 1
    assert (value(found, 3, "held"), value(found, 3, "active")) == (1.5, 1)
    assert (value(found, 0, "contacts"), value(found, 0, "wait_s")) == (2, 40)
    assert (value(found, 0, "abandonment"), value(found, 3, "abandonment")) == (0, 1)


def made(policy, *days):
    """The same day so many times over, in each of `days`."""
    return Played(policy, np.array([d * measures(record(), ACTIVE, ledger(), OMNI) for d in days]), np.zeros(len(days)))


def test_policies_are_compared_with_the_prescription():
    one, other = made("one", 1, 1), made("other", 1, 1)
    other.ratios[:, 3, ACTIONS.index(Action.LIVE), 0] = 0
    other.ratios[:, 3, ACTIONS.index(Action.BOT), 0] = 1
    other.ratios[:, 3, MEASURES.index("held"), 0] += 2
    assert overlap(one, one) == pytest.approx([1, 0, 0, 1])
    assert overlap(one, other)[3] == pytest.approx(2 / 3)
    assert difference(other, one, "held")[3].value == pytest.approx(1)


def test_everything_is_told_and_drawn_even_where_nothing_is_decided(tmp_path, capsys):
    played = {"prescription": made("quadrant", 1, 1), "best rule": made("cmu", 1, 2), "learned": made("ppo", 2, 1)}
    print_quadrants(played, "here")
    shown = capsys.readouterr().out
    assert "Complex and urgent" in shown and "learned: ppo" in shown
    draw_quadrants(played, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert {"Simple and routine: wait_s, learned"} <= {figure.name for figure in figures(played)}


def test_every_action_has_a_colour_and_every_quadrant_a_prescription():
    assert set(COLOURS) == set(ACTIONS) and len(PRESCRIBED) == 4


def test_a_policy_is_a_rule_or_what_lies_in_a_folder(tmp_path):
    policy, follows_from = named_policy("cap3+cmu")
    assert (policy.name, follows_from) == ("cap3+cmu", {"rule": "cap3+cmu"})
    with pytest.raises(UnknownRuleError, match="expected one of"):
        named_policy("nobody")


def test_a_scenario_without_conversations_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--scenario", "bank", "--out", str(tmp_path)])
    assert "expected one with conversations" in capsys.readouterr().err


def test_a_policy_that_sends_the_simple_to_a_bot_is_seen_doing_so():
    center = load_scenario("w8_bots")
    quadrant = play(center, frozen_days(center, 1), RULES["quadrant"])
    shares = pooled(quadrant.actions)
    simple, complex_ = shares[0], shares[2]
    assert simple[ACTIONS.index(Action.BOT)] > complex_[ACTIONS.index(Action.BOT)]
    assert simple.sum() == pytest.approx(1)
    assert (quadrant.of("active")[..., 0] <= quadrant.of("held")[..., 0]).all()
