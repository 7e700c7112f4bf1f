"""Conversations of unequal classes with one agent, against mean value analysis and brute force."""

import numpy as np
import pytest

from experiments.exactness.chat_chain import Turns, mixed_chat, stationary
from experiments.exactness.chat_formulas import closed_chat
from experiments.intervals import ratio_interval
from tests.experiments.exactness.brute_force import closed

SIMPLE, COMPLEX = Turns(20, 80, 0.05), Turns(60, 120, 0.1)


@pytest.mark.parametrize("conversations", [(1, 1), (2, 1), (3, 3), (1, 2, 3)])
def test_equal_classes_are_one_class(conversations):
    mixed = mixed_chat([SIMPLE] * len(conversations), conversations)
    single = closed_chat(SIMPLE, sum(conversations))
    assert mixed.reply_s == pytest.approx(single.reply_s, rel=1e-9)
    assert mixed.utilisation.sum() == pytest.approx(single.utilisation, rel=1e-9)
    assert mixed.turns_per_s.sum() * 100 == pytest.approx(single.throughput, rel=1e-9)


@pytest.mark.parametrize("conversations", range(1, 7))
def test_one_class_is_mean_value_analysis(conversations):
    assert mixed_chat([COMPLEX], [conversations]).reply_s == pytest.approx(
        closed_chat(COMPLEX, conversations).reply_s, rel=1e-9
    )


def test_each_class_has_all_its_conversations_in_think_time_or_in_line():
    mixed = mixed_chat([SIMPLE, COMPLEX], [3, 2])
    assert mixed.turns_per_s * (mixed.reply_s + np.array([80, 120])) == pytest.approx([3, 2], rel=1e-9)
    assert mixed.utilisation == pytest.approx(mixed.turns_per_s * np.array([20 * 1.2, 60 * 1.4]), rel=1e-9)


def test_two_unequal_conversations_solve_by_hand():
    a, c = np.array([20.0, 60.0]), np.array([80.0, 120.0])
    work, think = 1 / a, 1 / c  # states: nobody, 1, 2, 1 then 2, 2 then 1
    rates = np.array(
        [
            [0, think[0], think[1], 0, 0],
            [work[0], 0, 0, think[1], 0],
            [work[1], 0, 0, 0, think[0]],
            [0, 0, work[0], 0, 0],
            [0, work[1], 0, 0, 0],
        ]
    )
    balance = np.vstack([(rates - np.diag(rates.sum(1))).T, np.ones(5)])
    p = np.linalg.lstsq(balance, np.array([0, 0, 0, 0, 0, 1.0]), rcond=None)[0]
    busy = np.array([p[1] + p[3], p[2] + p[4]])
    in_line = np.array([p[1] + p[3] + p[4], p[2] + p[3] + p[4]])
    mixed = mixed_chat([Turns(20, 80), Turns(60, 120)], [1, 1])
    assert mixed.utilisation == pytest.approx(busy, rel=1e-9)
    assert mixed.reply_s == pytest.approx(in_line / (busy / a), rel=1e-9)


@pytest.mark.parametrize("conversations", [(2, 2), (4, 1)])
def test_unequal_classes_are_what_brute_force_says(conversations):
    classes = [SIMPLE, COMPLEX]
    exact = mixed_chat(classes, conversations)
    runs = np.array([closed(classes, conversations, 25_000, np.random.default_rng(seed)) for seed in range(16)])
    replies, reply_s, work_s, elapsed_s = runs.transpose(1, 2, 0)
    for c in range(2):
        for value, above, below in (
            (exact.reply_s[c], reply_s[c], replies[c]),
            (exact.utilisation[c], work_s[c], elapsed_s[c]),
            (exact.turns_per_s[c], replies[c], elapsed_s[c]),
        ):
            interval = ratio_interval(above, below, level=1 - 0.01 / 6)  # all six at 99 %
            assert value in interval
            assert interval.high - interval.low < 0.04 * interval.estimate


def test_stationary_masses_of_a_two_state_chain():
    masses = stationary("up", lambda state: [("down", 1.0)] if state == "up" else [("up", 3.0)])
    assert masses == pytest.approx({"up": 0.75, "down": 0.25})


@pytest.mark.parametrize("conversations", [[], [1], [1, 0], [1, 1, 1]])
def test_every_class_needs_a_conversation(conversations):
    with pytest.raises(ValueError, match="conversations"):
        mixed_chat([SIMPLE, COMPLEX], conversations)


@pytest.mark.parametrize(
    ("values", "field"),
    [((0, 80, 0), "work_s"), ((20, float("nan"), 0), "think_s"), ((20, 80, -0.1), "switch_overhead")],
)
def test_impossible_turns_are_refused_by_name(values, field):
    with pytest.raises(ValueError, match=field):
        Turns(*values)
